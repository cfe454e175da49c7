// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/recap-oci/recap/pkg/artifact"
	"github.com/recap-oci/recap/pkg/catalog/internal/shard"
	"github.com/recap-oci/recap/pkg/internal/canonical"
	"github.com/recap-oci/recap/pkg/internal/tasks"
	"github.com/recap-oci/recap/pkg/recap"
)

// Where the views lie in a catalog.
const (
	chunksDirectory = "chunks/"
	factsDirectory  = "facts/"
	llmsPath        = "llms.txt"
)

// maxShardSize is how many bytes of lines a shard may have before its next member
// begins another, so that one shard fits into memory: of usual recaps it holds
// thousands.
const maxShardSize = 16 << 20

// Catalog is what is derived from the members of a pack.
type Catalog struct {
	Views     []artifact.View // shards of chunks, shards of facts, llms.txt
	Conflicts []Conflict
	Chunks    int
	Facts     int
}

// atOnce is how many members are read at a time: enough to hide the way to a
// registry, and few enough to hold their documents.
const atOnce = 16

// Build derives the catalog of a pack. p says everything but its Members, as for
// [artifact.BuildPack]. The same members and metadata give the same bytes. Of
// each member only what is derived is kept, compressed shard by shard.
//
// Errors are those of [ReadSource], and of the sources of members; too many views
// for one catalog are [recap.Unsafe] too-large, in BuildPack.
func Build(ctx context.Context, p *recap.Pack, members []artifact.Member) (*Catalog, error) {
	b := &builder{pack: p, names: p.Glossary()}
	slugs := make([]string, len(members))
	for i, m := range members {
		slugs[i] = m.Slug()
	}
	starts := shard.Cut(slugs)
	for i, start := range starts {
		end := len(members)
		if i+1 < len(starts) {
			end = starts[i+1]
		}
		if err := b.add(ctx, members[start:end]); err != nil {
			return nil, err
		}
	}
	conflicts := Conflicts(p, slices.Values(b.observations))
	views := append(b.chunkShards, b.factShards...)
	views = append(views, artifact.View{Path: llmsPath, MediaType: recap.MediaTypeDocument, Raw: llms(p, b.entries, conflicts, views)})
	return &Catalog{Views: views, Conflicts: conflicts, Chunks: b.chunks, Facts: b.facts}, nil
}

type builder struct {
	pack  *recap.Pack
	names *recap.Glossary

	chunkShards, factShards []artifact.View
	entries                 []entry
	observations            []Fact
	chunks, facts           int
}

// derived is what is derived from one member.
type derived struct {
	slug                  string
	chunkLines, factLines []byte
	chunks, facts         int
	entry                 entry
	observations          []Fact
}

// add reads members side by side and makes a shard of them, of each kind.
func (b *builder) add(ctx context.Context, members []artifact.Member) error {
	all, failed := make([]derived, len(members)), make([]error, len(members))
	group, ctx := tasks.WithContext(ctx)
	group.SetLimit(atOnce)
	for i, m := range members {
		group.Go(func() error {
			all[i], failed[i] = b.derive(ctx, m)
			return failed[i]
		})
	}
	if err := group.Wait(); err != nil {
		// The first in reading order, not by the clock; and no cancelled neighbour.
		for i, f := range failed {
			if f != nil && !errors.Is(f, context.Canceled) {
				return fmt.Errorf("recap %s: %w", members[i].Slug(), f)
			}
		}
		return err
	}
	for _, d := range all {
		b.entries, b.observations = append(b.entries, d.entry), append(b.observations, d.observations...)
		b.chunks, b.facts = b.chunks+d.chunks, b.facts+d.facts
	}
	var err error
	b.chunkShards, err = pack(b.chunkShards, chunksDirectory, recap.MediaTypeChunks, all, func(d derived) []byte { return d.chunkLines })
	if err == nil {
		b.factShards, err = pack(b.factShards, factsDirectory, recap.MediaTypeFacts, all, func(d derived) []byte { return d.factLines })
	}
	return err
}

// pack appends the shards of the lines of consecutive members: one, unless they
// are very long.
func pack(views []artifact.View, directory, mediaType string, all []derived, lines func(derived) []byte) ([]artifact.View, error) {
	for len(all) > 0 {
		var joined []byte
		n := 0
		for n < len(all) && (n == 0 || len(joined)+len(lines(all[n])) <= maxShardSize) {
			joined = append(joined, lines(all[n])...)
			n++
		}
		raw, err := shard.Compress(joined)
		if err != nil {
			return nil, err
		}
		views = append(views, artifact.View{Path: shard.Path(directory, all[0].slug), MediaType: mediaType, Raw: raw})
		all = all[n:]
	}
	return views, nil
}

func (b *builder) derive(ctx context.Context, m artifact.Member) (derived, error) {
	bundle, err := m.Open(ctx)
	if err != nil {
		return derived{}, err
	}
	source, err := ReadSource(ctx, m, bundle, b.pack, b.names)
	if err != nil {
		return derived{}, err
	}
	d := derived{slug: m.Slug(), entry: newEntry(source)}
	chunks, facts := source.Split(), source.List()
	d.chunks, d.facts = len(chunks), len(facts)
	if d.chunkLines, err = jsonLines(chunks); err != nil {
		return d, err
	}
	if d.factLines, err = jsonLines(facts); err != nil {
		return d, err
	}
	if n := max(len(d.chunkLines), len(d.factLines)); n > shard.MaxText {
		return d, recap.Errorf(recap.Unsafe, "too-large", "its chunks or facts have %d bytes, more than the %d that are read back", n, shard.MaxText)
	}
	for _, f := range facts {
		if f.Kind == string(recap.TargetObservation) {
			d.observations = append(d.observations, f)
		}
	}
	return d, nil
}

// jsonLines writes each value as a line of RFC 8785 JSON.
func jsonLines[T any](values []T) ([]byte, error) {
	var lines bytes.Buffer
	for _, v := range values {
		raw, err := canonical.Marshal(v)
		if err != nil {
			return nil, err
		}
		lines.Write(raw)
		lines.WriteByte('\n')
	}
	return lines.Bytes(), nil
}
