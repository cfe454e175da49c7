// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"

	"github.com/recap-oci/recap/pkg/artifact"
	"github.com/recap-oci/recap/pkg/catalog/internal/shard"
	"github.com/recap-oci/recap/pkg/internal/canonical"
	"github.com/recap-oci/recap/pkg/recap"
)

// maxShardBlob is how many bytes of a shard, compressed, are held in memory to be
// verified. Build keeps below.
const maxShardBlob = 64 << 20

// ReadChunks yields the chunks of the members with these slugs, of all where
// none is named, in reading order. Only the shards that hold them are fetched,
// each when it is its turn, and verified before anything of it is yielded. It
// stops after the first error.
//
// Each chunk says of its recap what p does, and has a place in it that can be;
// that the text stands there can be seen by its digest alone, against the recap.
//
// Errors: those of [artifact.ReadBlob], [recap.NotFound] no-such-recap and
// no-view for a pack without chunks, [recap.Integrity] bad-view for a shard that
// isn't what it should be, and [recap.Unsafe] too-large.
func ReadChunks(ctx context.Context, src content.Fetcher, p *artifact.Pack, slugs ...string) iter.Seq2[Chunk, error] {
	return read(ctx, src, p, slugs, recap.MediaTypeChunks, chunksDirectory, func(c Chunk) string { return c.Recap }, checkChunk)
}

// ReadFacts is [ReadChunks] for facts.
func ReadFacts(ctx context.Context, src content.Fetcher, p *artifact.Pack, slugs ...string) iter.Seq2[Fact, error] {
	return read(ctx, src, p, slugs, recap.MediaTypeFacts, factsDirectory, func(f Fact) string { return f.Recap }, checkFact)
}

func checkChunk(c Chunk, own line) error {
	d := digest.Digest(c.TextDigest)
	switch {
	case !own.names(c.ID):
		return fmt.Errorf("id %.100q", c.ID)
	case c.Recap != own.row.Slug || c.RecapDigest != own.row.Digest:
		return fmt.Errorf("recap %.100q, %.100q", c.Recap, c.RecapDigest)
	case c.Path != recap.DocumentPath:
		return fmt.Errorf("path %.100q", c.Path)
	case c.Lines[0] < 1 || c.Lines[1] < c.Lines[0]:
		return fmt.Errorf("lines %d to %d", c.Lines[0], c.Lines[1])
	case c.ByteRange[0] < 0 || c.ByteRange[1] <= c.ByteRange[0] || c.ByteRange[1] > recap.MaxDocumentSize:
		return fmt.Errorf("bytes %d to %d", c.ByteRange[0], c.ByteRange[1])
	case d.Validate() != nil || d.Algorithm() != digest.SHA256:
		return fmt.Errorf("textDigest %.100q", c.TextDigest)
	case c.Text == "" || c.Tokens < 1:
		return errors.New("no text")
	}
	return nil
}

func checkFact(f Fact, own line) error {
	switch {
	case !own.names(f.ID):
		return fmt.Errorf("id %.100q", f.ID)
	case f.Recap != own.row.Slug || f.RecapDigest != own.row.Digest:
		return fmt.Errorf("recap %.100q, %.100q", f.Recap, f.RecapDigest)
	case f.Kind == "":
		return errors.New("no kind")
	case !strings.HasPrefix(f.Pointer, "/recap/"):
		return fmt.Errorf("pointer %.100q", f.Pointer)
	case f.Path != "" && f.Path != recap.DocumentPath && f.Path != recap.MetadataPath:
		return fmt.Errorf("path %.100q", f.Path)
	case f.Lines != nil && (len(f.Lines) != 2 || f.Lines[0] < 1 || f.Lines[1] < f.Lines[0] || f.Path == ""):
		return fmt.Errorf("lines %v", f.Lines)
	}
	return nil
}

// line is what the pack knows of the recap that a line is from.
type line struct {
	row  recap.PackMember
	seen map[string]bool // ids of this recap
}

// names reports whether id is one of this recap's that wasn't there before.
func (l line) names(id string) bool {
	rest, ok := strings.CutPrefix(id, l.row.Slug+"#")
	if !ok || rest == "" || len(rest) > 2*recap.MaxSlugLength || l.seen[id] {
		return false
	}
	l.seen[id] = true
	return true
}

func read[T any](ctx context.Context, src content.Fetcher, p *artifact.Pack, slugs []string, mediaType, directory string, of func(T) string, check func(T, line) error) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		shards, err := shardsOf(p, mediaType, directory)
		if err == nil {
			_, err = p.Select(artifact.Selection{Recaps: slugs})
		}
		if err != nil {
			yield(none, err)
			return
		}
		for _, s := range shards {
			if len(slugs) > 0 && !slices.ContainsFunc(s.rows, func(m recap.PackMember) bool { return slices.Contains(slugs, m.Slug) }) {
				continue
			}
			for v, err := range readShard(ctx, src, s, of, check) {
				if err != nil {
					yield(none, fmt.Errorf("%s: %w", s.layer.Annotations[ocispec.AnnotationTitle], err))
					return
				}
				if len(slugs) > 0 && !slices.Contains(slugs, v.slug) {
					continue
				}
				if !yield(v.value, nil) {
					return
				}
			}
		}
	}
}

// shardLayer is a layer and the members whose lines it holds.
type shardLayer struct {
	layer ocispec.Descriptor
	rows  []recap.PackMember
}

// shardsOf tells by the names of the shards which members each holds. Together
// they hold all.
func shardsOf(p *artifact.Pack, mediaType, directory string) ([]shardLayer, error) {
	layers := p.Views(mediaType)
	if len(layers) == 0 && len(p.Meta.Members) > 0 {
		return nil, recap.Errorf(recap.NotFound, "no-view", "pack %s has no layer of %s", p.Meta.Name, mediaType)
	}
	var shards []shardLayer
	rest := p.Meta.Members
	for i, layer := range layers {
		path := strings.TrimPrefix(layer.Annotations[ocispec.AnnotationTitle], artifact.CatalogDirectory+"/")
		slug, ok := shard.SlugOf(path, directory)
		at := slices.IndexFunc(rest, func(m recap.PackMember) bool { return m.Slug == slug })
		switch {
		case !ok, at < 0, i == 0 && at > 0, i > 0 && at == 0:
			return nil, recap.Errorf(recap.Integrity, "bad-view", "%.150q in the catalog is out of place", path)
		case i > 0:
			shards[i-1].rows = rest[:at]
			rest = rest[at:]
		}
		shards = append(shards, shardLayer{layer: layer})
	}
	if len(shards) > 0 {
		shards[len(shards)-1].rows = rest
	}
	return shards, nil
}

type lineOf[T any] struct {
	slug  string
	value T
}

// readShard yields the lines of a shard: of its members alone, in their order.
func readShard[T any](ctx context.Context, src content.Fetcher, s shardLayer, of func(T) string, check func(T, line) error) iter.Seq2[lineOf[T], error] {
	return func(yield func(lineOf[T], error) bool) {
		compressed, err := artifact.ReadBlob(ctx, src, s.layer, maxShardBlob)
		if err != nil {
			yield(lineOf[T]{}, err)
			return
		}
		r, done, err := shard.Decompress(compressed)
		if err != nil {
			yield(lineOf[T]{}, badView("%w", err))
			return
		}
		defer done()
		for v, err := range readLines(r, s.rows, of, check) {
			if !yield(v, err) || err != nil {
				return
			}
		}
	}
}

// readLines yields the lines of a text: of the members in rows alone, in their
// order. It stops after the first error.
func readLines[T any](r io.Reader, rows []recap.PackMember, of func(T) string, check func(T, line) error) iter.Seq2[lineOf[T], error] {
	return func(yield func(lineOf[T], error) bool) {
		own, n := line{seen: map[string]bool{}}, 0
		for raw, err := range shard.Lines(r) {
			n++
			if err != nil {
				yield(lineOf[T]{}, fmt.Errorf("line %d: %w", n, err))
				return
			}
			var v T
			err := canonical.Unmarshal(raw, &v)
			if slug := of(v); err == nil && (own.row.Slug == "" || slug != own.row.Slug) {
				i := slices.IndexFunc(rows, func(m recap.PackMember) bool { return m.Slug == slug })
				if i < 0 {
					err = fmt.Errorf("recap %.100q has no turn, or had it", slug)
				} else {
					own = line{row: rows[i], seen: map[string]bool{}}
					rows = rows[i+1:]
				}
			}
			if err == nil {
				err = check(v, own)
			}
			if err != nil {
				yield(lineOf[T]{}, badView("line %d: %w", n, err))
				return
			}
			if !yield(lineOf[T]{own.row.Slug, v}, nil) {
				return
			}
		}
	}
}

func badView(format string, args ...any) error {
	return recap.Errorf(recap.Integrity, "bad-view", format, args...)
}
