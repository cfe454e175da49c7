// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package artifact

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"

	"github.com/recap-oci/recap/pkg/internal/canonical"
	"github.com/recap-oci/recap/pkg/recap"
)

// Annotations of the children of a pack, so that one request lists its members.
// They repeat the pack's config, the title cut where it is long, and a pack whose
// annotations say something else is refused.
const (
	AnnotationTitle   = "io.github.recap-oci.title"
	AnnotationVersion = "io.github.recap-oci.version"
	AnnotationEvent   = "io.github.recap-oci.event"
	AnnotationSlug    = "io.github.recap-oci.slug"
)

// Pack is a pack whose index, catalog and config say the same.
type Pack struct {
	Node    *Node       // the index
	Catalog *Node       // its first child
	Meta    *recap.Pack // the config decoded; fields that this version doesn't know are left out
	Config  []byte      // recap's own config as it is, unknown fields included, without what [FormImage] has around it
}

// OpenPack fetches the index, the catalog's manifest and its config, no more,
// and compares the config's table of members with the children of the index and
// their annotations. That a member is what the table says of it is seen to when
// it is opened, with [Pack.Open].
//
// Errors are those of [FetchNode] and [ReadBlob], and [recap.Integrity]
// not-a-recap for an artifact of somebody else's, wrong-kind for a bundle,
// catalog or signature, bad-config, ambiguous-config and table-mismatch.
func OpenPack(ctx context.Context, src content.Fetcher, root ocispec.Descriptor) (*Pack, error) {
	node, err := FetchNode(ctx, src, root)
	if err != nil {
		return nil, err
	}
	if err := node.expect(KindPack); err != nil {
		return nil, err
	}
	catalog, err := FetchNode(ctx, src, node.Index.Manifests[0])
	if err != nil {
		return nil, fmt.Errorf("catalog of pack %s: %w", root.Digest, err)
	}
	if err := catalog.expect(KindCatalog); err != nil {
		return nil, fmt.Errorf("catalog of pack %s: %w", root.Digest, err)
	}
	config, err := ReadConfig(ctx, src, catalog)
	if err != nil {
		return nil, fmt.Errorf("fetching the config of pack %s: %w", root.Digest, err)
	}
	pack, err := newPack(node, catalog, config)
	if err != nil {
		return nil, fmt.Errorf("pack %s: %w", root.Digest, err)
	}
	return pack, nil
}

// newPack decodes config and holds it against the index.
func newPack(node, catalog *Node, config []byte) (*Pack, error) {
	if err := checkValues(config); err != nil {
		return nil, err
	}
	p := new(recap.Pack)
	if err := canonical.Unmarshal(config, p); err != nil {
		if errors.Is(err, canonical.ErrAmbiguous) {
			return nil, recap.Errorf(recap.Integrity, "ambiguous-config", "config: %w", err)
		}
		return nil, badConfig("%w", err)
	}
	if err := p.Check(); err != nil {
		return nil, badConfig("%s", err.Error())
	}
	if err := compareMembers(p, node); err != nil {
		return nil, err
	}
	return &Pack{Node: node, Catalog: catalog, Meta: p, Config: config}, nil
}

// compareMembers sees to it that the table and the children of the index are two
// spellings of one list.
func compareMembers(p *recap.Pack, node *Node) error {
	if stated := node.Annotations()[ocispec.AnnotationVersion]; stated != p.Version {
		return tableMismatch("the index states version %.100q, the config %s", stated, p.Version)
	}
	children := node.Index.Manifests[1:]
	if len(children) != len(p.Members) {
		return tableMismatch("the index lists %d bundles, the config %d", len(children), len(p.Members))
	}
	for i, m := range p.Members {
		child := children[i]
		if string(child.Digest) != m.Digest || child.Size != m.Size {
			return tableMismatch("member %s is %.100q of %d bytes, child %d of the index %s of %d", m.Slug, m.Digest, m.Size, i+1, child.Digest, child.Size)
		}
		for _, a := range []struct{ key, want string }{
			{AnnotationSlug, m.Slug}, {AnnotationVersion, m.Version}, {AnnotationEvent, m.Event},
		} {
			if got := child.Annotations[a.key]; got != a.want {
				return tableMismatch("member %s has %s %.100q, and %.100q in the index", m.Slug, a.key, a.want, got)
			}
		}
		if title := child.Annotations[AnnotationTitle]; !isCut(title, m.Title) {
			return tableMismatch("member %s is titled %.100q, and %.100q in the index", m.Slug, m.Title, title)
		}
	}
	return nil
}

// ellipsis ends a title that is cut.
const ellipsis = "…"

// isCut reports whether s is title, or how it begins.
func isCut(s, title string) bool {
	if s == title {
		return true
	}
	start, ok := strings.CutSuffix(s, ellipsis)
	return ok && start != "" && strings.HasPrefix(title, start)
}

// Member returns the descriptor of the member with that slug. ok is false where
// there is none.
func (p *Pack) Member(slug string) (desc ocispec.Descriptor, ok bool) {
	for i, m := range p.Meta.Members {
		if m.Slug == slug {
			return p.Node.Index.Manifests[i+1], true
		}
	}
	return ocispec.Descriptor{}, false
}

// Open fetches manifest and config of the member with that slug, as the function
// [Open] does, and holds them against what the pack says of it.
//
// Errors are those of [Open], [recap.NotFound] no-such-recap, and
// [recap.Integrity] member-mismatch for a bundle with another slug, title, version
// or event than the pack lists.
func (p *Pack) Open(ctx context.Context, src content.Fetcher, slug string) (*Bundle, error) {
	desc, ok := p.Member(slug)
	if !ok {
		return nil, p.noSuchRecap(slug)
	}
	bundle, err := Open(ctx, src, desc)
	if err != nil {
		return nil, fmt.Errorf("member %s: %w", slug, err)
	}
	row, _ := p.Meta.Member(slug)
	if err := bundle.fits(row, p.Meta.Glossary()); err != nil {
		return nil, err
	}
	return bundle, nil
}

// fits sees to it that the bundle is what a pack lists.
func (b *Bundle) fits(row recap.PackMember, names *recap.Glossary) error {
	got := newMember(b, &Graph{Root: b.Node.Descriptor}).row(names)
	for _, a := range []struct{ what, got, want string }{
		{"slug", got.Slug, row.Slug}, {"title", got.Title, row.Title}, {"version", got.Version, row.Version}, {"event", got.Event, row.Event},
	} {
		if a.got != a.want {
			return recap.Errorf(recap.Integrity, "member-mismatch", "member %s of the pack has the %s %.100q, its bundle %s %.100q", row.Slug, a.what, a.want, row.Digest, a.got)
		}
	}
	return nil
}

// Same reports whether p and other hold the same members and say the same about
// them, version included, in one form. Their views may differ: another release of
// recap may derive others.
func (p *Pack) Same(other *Pack) bool {
	return p.Node.Form == other.Node.Form && bytes.Equal(p.Config, other.Config)
}

// expect refuses what isn't of that kind.
func (n *Node) expect(want Kind) error {
	switch kind := n.Kind(); kind {
	case want:
		return nil
	case KindForeign:
		return recap.Errorf(recap.Integrity, "not-a-recap", "%s is not a recap but %s", n.Descriptor.Digest, printable(n.ArtifactType())).
			WithHint("recap inspect REF shows what it is")
	default:
		return recap.Errorf(recap.Integrity, "wrong-kind", "%s is a %s (%s), not a %s", n.Descriptor.Digest, kind, printable(n.ArtifactType()), want).
			WithHint("recap inspect REF shows what it is")
	}
}
