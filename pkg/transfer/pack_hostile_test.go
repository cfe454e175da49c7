// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package transfer_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/content/memory"

	"github.com/recap-oci/recap/pkg/artifact"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/transfer"
	"github.com/recap-oci/recap/pkg/trust"
)

// trap is a pack made by hand, as a publisher who means harm would: a member that
// is in order, "bait", and one by the name of "trap".
type trap struct {
	index   ocispec.Index
	catalog ocispec.Manifest
	table   recap.Pack
}

// member adds a bundle under what a pack says of it.
func (p *trap) member(bundle ocispec.Descriptor, row recap.PackMember) {
	row.Digest, row.Size = bundle.Digest.String(), bundle.Size
	bundle.ArtifactType = recap.ArtifactTypeBundle
	bundle.Annotations = map[string]string{artifact.AnnotationSlug: row.Slug, artifact.AnnotationTitle: row.Title, artifact.AnnotationEvent: row.Event}
	if row.Version != "" {
		bundle.Annotations[artifact.AnnotationVersion] = row.Version
	}
	p.index.Manifests = append(p.index.Manifests, bundle)
	p.table.Members = append(p.table.Members, row)
}

// row is what an honest pack says of a bundle made by forge.
func row(slug string) recap.PackMember {
	return recap.PackMember{Slug: slug, Title: "A trap", Event: "a-trap"}
}

// setTrap stores the pack that change makes of an honest one.
func setTrap(t *testing.T, dst *memory.Store, change func(*memory.Store, *trap)) ocispec.Descriptor {
	t.Helper()
	p := &trap{
		index: ocispec.Index{
			Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispec.MediaTypeImageIndex, ArtifactType: recap.ArtifactTypePack,
			Annotations: map[string]string{ocispec.AnnotationVersion: "1.0.0"},
		},
		catalog: ocispec.Manifest{Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispec.MediaTypeImageManifest, ArtifactType: recap.ArtifactTypeCatalog},
		table:   recap.Pack{Name: "traps", Version: "1.0.0"},
	}
	view := content.NewDescriptorFromBytes("text/markdown", []byte("# Traps\n"))
	view.Annotations = map[string]string{ocispec.AnnotationTitle: "catalog/llms.txt"}
	pushIfAbsent(t, dst, view, []byte("# Traps\n"))
	p.catalog.Layers = []ocispec.Descriptor{view}
	p.index.Manifests = []ocispec.Descriptor{{}} // of the catalog, once it's written
	p.member(forge(t, dst, "bait", nil, nil), row("bait"))
	if change != nil {
		change(dst, p)
	}
	p.catalog.Config = store(t, dst, recap.MediaTypePackConfig, p.table)
	if p.index.Manifests[0].Digest == "" {
		p.index.Manifests[0] = store(t, dst, ocispec.MediaTypeImageManifest, p.catalog)
		p.index.Manifests[0].ArtifactType = recap.ArtifactTypeCatalog
	}
	return store(t, dst, ocispec.MediaTypeImageIndex, p.index)
}

// Whatever an admitted pack says, nothing is written anywhere unless all of it is
// in order.
func TestPullHostilePacks(t *testing.T) {
	// with adds a member whose bundle, or whose row, isn't in order.
	with := func(t *testing.T, paths []string, bundle func(*ocispec.Manifest, *recap.Recap), change func(*recap.PackMember)) func(*memory.Store, *trap) {
		return func(dst *memory.Store, p *trap) {
			r := row("trap")
			if change != nil {
				change(&r)
			}
			p.member(forge(t, dst, "trap", paths, bundle), r)
		}
	}
	for _, tt := range []struct {
		name   string
		change func(*memory.Store, *trap)
		kind   recap.Kind
		code   string
	}{
		{"nothing wrong", with(t, nil, nil, nil), "", ""},
		{"another slug than the bundle's", with(t, nil, nil, func(r *recap.PackMember) { r.Slug = "other" }), recap.Integrity, "member-mismatch"},
		{"another title than the bundle's", with(t, nil, nil, func(r *recap.PackMember) { r.Title = "Harmless" }), recap.Integrity, "member-mismatch"},
		{"another event than the bundle's", with(t, nil, nil, func(r *recap.PackMember) { r.Event = "elsewhere" }), recap.Integrity, "member-mismatch"},
		{"another version than the bundle's", with(t, nil, nil, func(r *recap.PackMember) { r.Version = "9.0.0" }), recap.Integrity, "member-mismatch"},
		{"a slug that is a path", with(t, nil, nil, func(r *recap.PackMember) { r.Slug = "../trap" }), recap.Integrity, "bad-config"},
		{"a slug of recap's own", with(t, nil, nil, func(r *recap.PackMember) { r.Slug = ".recap" }), recap.Integrity, "bad-config"},
		{"a slug twice", with(t, nil, nil, func(r *recap.PackMember) { r.Slug = "bait" }), recap.Integrity, "bad-config"},
		{"a path out of the directory", with(t, []string{"../../pwned"}, nil, nil), recap.Unsafe, "unsafe-path"},
		{"a path into another recap", with(t, []string{"../bait/index.md"}, nil, nil), recap.Unsafe, "unsafe-path"},
		{"a policy", with(t, []string{"recap.policy.yaml"}, nil, nil), recap.Unsafe, "reserved-name"},
		{"a file that is too large", with(t, []string{"a.txt"}, func(m *ocispec.Manifest, r *recap.Recap) {
			m.Layers[1].Size, r.Files[1].Size = recap.MaxFileSize+1, recap.MaxFileSize+1
		}, nil), recap.Unsafe, "too-large"},
		{"a bundle whose table and layers differ", with(t, []string{"a.txt"}, func(_ *ocispec.Manifest, r *recap.Recap) { r.Files[1].Path = "b.txt" }, nil), recap.Integrity, "table-mismatch"},
		{"a bundle that is something else", with(t, nil, func(m *ocispec.Manifest, _ *recap.Recap) { m.ArtifactType = "application/vnd.example.other" }, nil), recap.Integrity, "ambiguous-manifest"},
		{"a file that isn't there", with(t, []string{"a.txt"}, func(m *ocispec.Manifest, r *recap.Recap) {
			m.Layers[1].Digest = digest.FromString("nowhere")
			r.Files[1].Digest = m.Layers[1].Digest.String()
		}, nil), recap.NotFound, "not-found"},
		{"a bundle that isn't there", func(_ *memory.Store, p *trap) {
			p.member(ocispec.Descriptor{MediaType: ocispec.MediaTypeImageManifest, Digest: digest.FromString("nowhere"), Size: 7}, row("trap"))
		}, recap.NotFound, "not-found"},
		{"more in the index than in the table", func(dst *memory.Store, p *trap) {
			p.member(forge(t, dst, "trap", nil, nil), row("trap"))
			p.table.Members = p.table.Members[:1]
		}, recap.Integrity, "table-mismatch"},
		{"another bundle in the index than in the table", func(dst *memory.Store, p *trap) {
			p.table.Members[0].Digest = digest.FromString("other").String()
		}, recap.Integrity, "table-mismatch"},
		{"a slug in the index alone", func(dst *memory.Store, p *trap) {
			p.index.Manifests[1].Annotations[artifact.AnnotationSlug] = "../../pwned"
		}, recap.Integrity, "table-mismatch"},
		{"another version in the index", func(_ *memory.Store, p *trap) { p.index.Annotations[ocispec.AnnotationVersion] = "2.0.0" }, recap.Integrity, "table-mismatch"},
		{"a pack in the pack", func(dst *memory.Store, p *trap) {
			inner := setTrap(t, dst, nil)
			inner.ArtifactType = recap.ArtifactTypePack
			p.index.Manifests = append(p.index.Manifests, inner)
		}, recap.Integrity, "bad-manifest"},
		{"the catalog last", func(dst *memory.Store, p *trap) { slices.Reverse(p.index.Manifests) }, recap.Integrity, "bad-manifest"},
		{"a catalog that is a bundle", func(dst *memory.Store, p *trap) {
			p.index.Manifests[0] = p.index.Manifests[1]
			p.index.Manifests[0].ArtifactType = recap.ArtifactTypeCatalog
			p.index.Manifests = p.index.Manifests[:1]
			p.table.Members = nil
		}, recap.Integrity, "ambiguous-manifest"},
		{"no catalog", func(_ *memory.Store, p *trap) { p.index.Manifests = p.index.Manifests[1:] }, recap.Integrity, "bad-manifest"},
		{"one bundle twice", func(_ *memory.Store, p *trap) {
			p.index.Manifests = append(p.index.Manifests, p.index.Manifests[1])
			p.table.Members = append(p.table.Members, p.table.Members[0])
		}, recap.Integrity, "bad-manifest"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, before := range []string{"absent", "earlier"} {
				parent := t.TempDir()
				dir := filepath.Join(parent, "deep", "down", "dir")
				if before == "earlier" {
					mustPull(t, storedPack(t, "1.0.0", firstMembers), dir, transfer.PullOptions{})
				}
				old := snapshot(t, parent)
				src := memory.New()
				root := setTrap(t, src, tt.change)
				kept := openLayout(t, filepath.Join(t.TempDir(), "store"))
				_, err := transfer.Pull(t.Context(), src, trust.UnverifiedUnsafe(root), kept, dir, transfer.PullOptions{Repository: repository})
				if tt.code == "" {
					if err != nil {
						t.Fatalf("the trap is none: %v", err)
					}
					continue
				}
				wantError(t, err, tt.kind, tt.code)
				if snapshot(t, parent) != old {
					t.Errorf("%s: something was written: %v", before, read(t, parent))
				}
				if ok, _ := kept.Exists(t.Context(), root); ok {
					t.Errorf("%s: the store keeps the root", before)
				}
				if damage, err := kept.Check(t.Context()); err != nil || len(damage) > 0 {
					t.Errorf("%s: the store: %v, %v", before, damage, err)
				}
				for _, r := range err.Error() {
					if r < ' ' || r == '\u202e' {
						t.Errorf("the error holds %q, which a terminal would obey: %q", r, err)
					}
				}
			}
		})
	}
}

// A part is held against the pack as the whole is, and what isn't asked for isn't
// in the way.
func TestPullPartOfAHostilePack(t *testing.T) {
	src := memory.New()
	root := setTrap(t, src, func(dst *memory.Store, p *trap) {
		p.member(forge(t, dst, "trap", []string{"a.txt"}, nil), recap.PackMember{Slug: "other", Title: "A trap", Event: "a-trap"})
	})
	for slug, code := range map[string]string{"bait": "", "other": "member-mismatch"} {
		for name, s := range map[string]artifact.Selection{"whole": {}, "role": {Roles: []string{"document"}}, "metadata": {MetadataOnly: true}} {
			s.Recaps = []string{slug}
			_, err := transfer.Pull(t.Context(), src, trust.UnverifiedUnsafe(root), memory.New(), filepath.Join(t.TempDir(), "dir"), transfer.PullOptions{Selection: s})
			if got := codes(err); got != code || err != nil && !strings.Contains(err.Error(), "other") {
				t.Errorf("%s, %s: %v, want %q", slug, name, err, code)
			}
		}
	}
}
