// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package reader

import (
	"context"
	"iter"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/recap-oci/recap/pkg/artifact"
	"github.com/recap-oci/recap/pkg/catalog"
	"github.com/recap-oci/recap/pkg/recap"
)

// Pack returns what a pack says of itself and of its members; nil of a recap. It
// must not be changed.
func (r *Reader) Pack() *recap.Pack {
	if r.pack == nil {
		return nil
	}
	return r.pack.Meta
}

// Contents returns the recaps that are read here, in reading order: the members
// of a pack, and of a recap itself alone. Nothing is fetched.
func (r *Reader) Contents() []recap.PackMember {
	if r.pack != nil {
		return append([]recap.PackMember(nil), r.pack.Meta.Members...)
	}
	own := r.bundle.Recap
	root := r.Root()
	return []recap.PackMember{{
		Slug: own.Slug, Title: own.Title, Version: r.Version(), Event: alone().Glossary().Names(own).Event(),
		Digest: string(root.Digest), Size: root.Size,
	}}
}

// alone is the pack that a recap outside of packs is in.
func alone() *recap.Pack { return new(recap.Pack) }

// Select returns the members that s selects, in reading order; what s says of
// files is for [artifact.Selection.Match]. A recap has no members to select
// among: [recap.Usage] not-a-pack.
func (r *Reader) Select(s artifact.Selection) ([]recap.PackMember, error) {
	if r.pack != nil {
		return r.pack.Select(s)
	}
	if err := s.Check(); err != nil {
		return nil, err
	}
	if s.IsPart() {
		return nil, recap.Errorf(recap.Usage, "not-a-pack", "%s is one recap, not a pack to choose from", r.bundle.Recap.Slug)
	}
	return r.Contents(), nil
}

// Member opens the recap with that slug: its manifest and its config are fetched
// and held against what the pack says of it. Whoever vouched for the pack vouches
// for it. The member of a recap is the recap.
//
// Errors are those of [artifact.Pack.Open]: [recap.NotFound] no-such-recap,
// [recap.Integrity] member-mismatch.
func (r *Reader) Member(ctx context.Context, slug string) (*Reader, error) {
	if r.pack == nil {
		if slug == r.bundle.Recap.Slug {
			return r, nil
		}
		return nil, recap.Errorf(recap.NotFound, "no-such-recap", "this is the recap %s, not %.100q", r.bundle.Recap.Slug, slug)
	}
	bundle, err := r.pack.Open(ctx, r.src, slug)
	if err != nil {
		return nil, err
	}
	return &Reader{src: r.src, admitted: r.admitted, bundle: bundle}, nil
}

// Chunks yields the texts of the recaps with these slugs, of all where none is
// named, in reading order and in parts that can be quoted: from the catalog of a
// pack, of which only the shards that hold them are fetched, and from the
// document of a recap. It stops after the first error; errors are those of
// [catalog.ReadChunks] and [catalog.ReadSource].
func (r *Reader) Chunks(ctx context.Context, slugs ...string) iter.Seq2[catalog.Chunk, error] {
	if r.pack != nil {
		return catalog.ReadChunks(ctx, r.src, r.pack, slugs...)
	}
	return derive(ctx, r, slugs, (*catalog.Source).Split)
}

// Facts is [Reader.Chunks] for facts.
func (r *Reader) Facts(ctx context.Context, slugs ...string) iter.Seq2[catalog.Fact, error] {
	if r.pack != nil {
		return catalog.ReadFacts(ctx, r.src, r.pack, slugs...)
	}
	return derive(ctx, r, slugs, (*catalog.Source).List)
}

// derive yields what is made of a recap itself.
func derive[T any](ctx context.Context, r *Reader, slugs []string, of func(*catalog.Source) []T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		for _, slug := range slugs {
			if _, err := r.Member(ctx, slug); err != nil {
				yield(none, err)
				return
			}
		}
		source, err := catalog.ReadSource(ctx, r.src, r.bundle, alone(), alone().Glossary())
		if err != nil {
			yield(none, err)
			return
		}
		for _, one := range of(source) {
			if !yield(one, nil) {
				return
			}
		}
	}
}

// Overview returns what a pack says of itself in Markdown, for people and for
// agents: its llms.txt.
//
// Errors: [recap.NotFound] no-view for a pack without one and for a recap, which
// has a document.
func (r *Reader) Overview(ctx context.Context) ([]byte, error) {
	if r.pack != nil {
		for _, view := range r.pack.Views(recap.MediaTypeDocument) {
			if view.Annotations[ocispec.AnnotationTitle] == artifact.CatalogDirectory+"/llms.txt" {
				return artifact.ReadBlob(ctx, r.src, view, recap.MaxDocumentSize)
			}
		}
	}
	return nil, recap.Errorf(recap.NotFound, "no-view", "%s has no overview", r.Root().Digest)
}
