// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package artifact

import (
	"context"
	"io"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"

	"github.com/recap-oci/recap/pkg/recap"
)

// Member is a bundle that a pack is to hold, wherever its content lies: built
// here, see [Graph.Member], or in a source, see [OpenMember].
//
// It keeps what a pack needs to know of it and no more: the manifest, the config
// of one that was built here, and neither decoded facts nor any file. A thousand
// of them are a few megabytes. The zero value is refused by [BuildPack].
type Member struct {
	graph *Graph // of the bundle, without what was decoded

	form                 Form
	slug, title, version string
	event                recap.Event // id and name alone
}

// Member returns g, which must be that of a bundle, as a member of a pack. What
// g has decoded isn't kept: who holds g no longer has that memory back.
func (g *Graph) Member() Member {
	if g.bundle == nil {
		return Member{}
	}
	slim := *g
	slim.bundle = nil
	return newMember(g.bundle, &slim)
}

// OpenMember returns the bundle at root, which lies in src, as a member of a
// pack. Manifest and config are fetched and held to the rules of [Open]; src is
// asked for the rest when the pack is pushed, and must live as long.
//
// root is by digest: what it is can't change. That somebody the publisher trusts
// vouches for it is for the caller to see to. Errors are those of [Open].
func OpenMember(ctx context.Context, src content.Fetcher, root ocispec.Descriptor) (Member, error) {
	bundle, err := Open(ctx, src, root)
	if err != nil {
		return Member{}, err
	}
	// Others list a root with annotations of their own.
	root = bundle.Node.Form.root(root.MediaType, recap.ArtifactTypeBundle, bundle.Node.Raw)
	g := newGraph()
	for _, child := range bundle.Node.Children() {
		if err := g.put(child, blob{from: src}); err != nil {
			return Member{}, err
		}
	}
	if err := g.put(root, blob{raw: bundle.Node.Raw}); err != nil {
		return Member{}, err
	}
	g.Root, g.native = root, root
	return newMember(bundle, g), nil
}

func newMember(b *Bundle, g *Graph) Member {
	event := b.Recap.Facts.Event
	return Member{
		graph: g, form: b.Node.Form, slug: b.Recap.Slug, title: b.Recap.Title, version: b.Version(),
		event: recap.Event{Fact: recap.Fact{ID: event.ID}, Name: event.Name},
	}
}

// Root returns the descriptor of the member's manifest.
func (m Member) Root() ocispec.Descriptor {
	if m.graph == nil {
		return ocispec.Descriptor{}
	}
	return m.graph.Root
}

// Native returns the descriptor of the manifest that the member has as OCI has
// it: the same one for the same files, whatever form it is to be published in. Of
// a member in a source it is the root.
func (m Member) Native() ocispec.Descriptor {
	if m.graph == nil {
		return ocispec.Descriptor{}
	}
	return m.graph.native
}

// Slug returns the name of the member's directory.
func (m Member) Slug() string { return m.slug }

// CheckForm refuses a member that isn't written in the form of the pack that it
// is to be a part of: who takes only one of the two could not take the pack. The
// error is [recap.Usage] other-form.
func (m Member) CheckForm(pack Form) error {
	switch {
	case m.form == pack:
		return nil
	case pack == FormImage:
		return recap.Errorf(recap.Usage, "other-form", "recap %s is not written as an image, and the pack is to be", m.slug).
			WithHint("publish it as one and name that: recap push PATH REF --compat image; or build the pack without --compat")
	default:
		return recap.Errorf(recap.Usage, "other-form", "recap %s is written as an image, and the pack is not to be", m.slug).
			WithHint("publish it without --compat and name that: recap push PATH REF; or build the pack with --compat image")
	}
}

// Open decodes the member anew, from its source where it lies in one. Errors are
// those of the function [Open].
func (m Member) Open(ctx context.Context) (*Bundle, error) {
	if err := m.check(); err != nil {
		return nil, err
	}
	return Open(ctx, m.graph, m.graph.Root)
}

// Fetch opens content of the member, as [Graph.Fetch] does.
func (m Member) Fetch(ctx context.Context, desc ocispec.Descriptor) (io.ReadCloser, error) {
	if err := m.check(); err != nil {
		return nil, err
	}
	return m.graph.Fetch(ctx, desc)
}

func (m Member) check() error {
	if m.graph == nil {
		return recap.Errorf(recap.Usage, "bad-member", "a member of a pack that is no bundle")
	}
	return nil
}

// row returns what the pack's table says of the member.
func (m Member) row(names *recap.Glossary) recap.PackMember {
	root := m.graph.Root
	own := names.Names(&recap.Recap{Slug: m.slug, Facts: recap.Facts{Event: m.event}})
	return recap.PackMember{
		Slug: m.slug, Title: m.title, Version: m.version, Event: own.Event(),
		Digest: string(root.Digest), Size: root.Size,
	}
}
