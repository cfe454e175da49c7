// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package transfer_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/content/memory"

	"github.com/recap-oci/recap/pkg/folder"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/transfer"
	"github.com/recap-oci/recap/pkg/trust"
)

// forge stores a bundle made by hand, as a publisher who means harm would: the
// titles of its layers and the paths of its table are what is given.
func forge(t *testing.T, dst *memory.Store, slug string, paths []string, change func(*ocispec.Manifest, *recap.Recap)) ocispec.Descriptor {
	t.Helper()
	r := &recap.Recap{Title: "A trap", Slug: slug, Facts: recap.Facts{APIVersion: recap.APIVersion, Event: recap.Event{Name: "A trap"}}}
	m := &ocispec.Manifest{Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispec.MediaTypeImageManifest, ArtifactType: recap.ArtifactTypeBundle}
	for i, path := range append([]string{"index.md"}, paths...) {
		role, mediaType := recap.RoleAttachment, "text/plain"
		if i == 0 {
			role, mediaType = recap.RoleDocument, recap.MediaTypeDocument
		}
		layer := content.NewDescriptorFromBytes(mediaType, []byte("harm in "+path))
		layer.Annotations = map[string]string{ocispec.AnnotationTitle: slug + "/" + path}
		pushIfAbsent(t, dst, layer, []byte("harm in "+path))
		m.Layers = append(m.Layers, layer)
		r.Files = append(r.Files, recap.File{Path: path, MediaType: mediaType, Role: role, Digest: layer.Digest.String(), Size: layer.Size})
	}
	if change != nil {
		change(m, r)
	}
	m.Config = store(t, dst, recap.MediaTypeConfig, r)
	return store(t, dst, ocispec.MediaTypeImageManifest, m)
}

func store(t *testing.T, dst *memory.Store, mediaType string, v any) ocispec.Descriptor {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	desc := content.NewDescriptorFromBytes(mediaType, raw)
	pushIfAbsent(t, dst, desc, raw)
	return desc
}

// Whatever an admitted bundle says, nothing is written anywhere unless all of
// it is in order.
func TestPullHostileBundles(t *testing.T) {
	for _, tt := range []struct {
		name   string
		slug   string
		paths  []string
		change func(*ocispec.Manifest, *recap.Recap)
		kind   recap.Kind
		code   string
	}{
		{name: "parent", paths: []string{"../pwned"}, kind: recap.Unsafe, code: "unsafe-path"},
		{name: "far parent", paths: []string{"a/../../../pwned"}, kind: recap.Unsafe, code: "unsafe-path"},
		{name: "absolute", paths: []string{"/tmp/pwned"}, kind: recap.Unsafe, code: "unsafe-path"},
		{name: "dot", paths: []string{"./a"}, kind: recap.Unsafe, code: "unsafe-path"},
		{name: "backslash", paths: []string{`..\pwned`}, kind: recap.Unsafe, code: "unsafe-path"},
		{name: "drive", paths: []string{"C:pwned"}, kind: recap.Unsafe, code: "unsafe-path"},
		{name: "device", paths: []string{"nul.txt"}, kind: recap.Unsafe, code: "unsafe-path"},
		{name: "control character", paths: []string{"a\x1b[2Jb"}, kind: recap.Unsafe, code: "unsafe-path"},
		{name: "right-to-left", paths: []string{"a\u202eb"}, kind: recap.Unsafe, code: "unsafe-path"},
		{name: "leading dash", paths: []string{"-rf"}, kind: recap.Unsafe, code: "unsafe-path"},
		{name: "component of 256 bytes", paths: []string{strings.Repeat("a", 256)}, kind: recap.Unsafe, code: "unsafe-path"},
		{name: "depth", paths: []string{strings.Repeat("a/", 40) + "b"}, kind: recap.Unsafe, code: "unsafe-path"},
		{name: "slug of a parent", slug: "..", kind: recap.Unsafe, code: "unsafe-path"},
		{name: "slug that is none", slug: "An Event", kind: recap.Integrity, code: "bad-manifest"},
		{name: "same but for case", paths: []string{"A.txt", "a.txt"}, kind: recap.Unsafe, code: "path-collision"},
		{name: "same but for case above", paths: []string{"Dir/x", "dir/y"}, kind: recap.Unsafe, code: "path-collision"},
		{name: "file and directory", paths: []string{"a", "a/b"}, kind: recap.Unsafe, code: "path-collision"},
		{name: "same twice", paths: []string{"a", "a"}, kind: recap.Unsafe, code: "path-collision"},
		{name: "receipt", paths: []string{".recap/receipt.json"}, kind: recap.Unsafe, code: "reserved-name"},
		{name: "journal by another case", paths: []string{".Recap/incomplete"}, kind: recap.Unsafe, code: "reserved-name"},
		{name: "policy", paths: []string{"recap.policy.yaml"}, kind: recap.Unsafe, code: "reserved-name"},
		{
			name: "table and titles differ", paths: []string{"a.txt"}, kind: recap.Integrity, code: "table-mismatch",
			change: func(_ *ocispec.Manifest, r *recap.Recap) { r.Files[1].Path = "b.txt" },
		},
		{
			name: "table and digests differ", paths: []string{"a.txt"}, kind: recap.Integrity, code: "table-mismatch",
			change: func(_ *ocispec.Manifest, r *recap.Recap) { r.Files[1].Digest = digest.FromString("other").String() },
		},
		{
			name: "table leads elsewhere", paths: []string{"a.txt"}, kind: recap.Unsafe, code: "unsafe-path",
			change: func(_ *ocispec.Manifest, r *recap.Recap) { r.Files[1].Path = "../a.txt" },
		},
		{
			name: "slugs differ", paths: []string{"a.txt"}, kind: recap.Integrity, code: "table-mismatch",
			change: func(_ *ocispec.Manifest, r *recap.Recap) { r.Slug = "other" },
		},
		{
			name: "a layer that isn't there", paths: []string{"a.txt"}, kind: recap.NotFound, code: "not-found",
			change: func(m *ocispec.Manifest, r *recap.Recap) {
				m.Layers[1].Digest = digest.FromString("nowhere")
				r.Files[1].Digest = m.Layers[1].Digest.String()
			},
		},
		{
			name: "2 GiB and a byte", paths: []string{"a.txt"}, kind: recap.Unsafe, code: "too-large",
			change: func(m *ocispec.Manifest, r *recap.Recap) {
				m.Layers[1].Size, r.Files[1].Size = recap.MaxFileSize+1, recap.MaxFileSize+1
			},
		},
		{
			name: "another artifact with a bundle's config", kind: recap.Integrity, code: "ambiguous-manifest",
			change: func(m *ocispec.Manifest, _ *recap.Recap) { m.ArtifactType = "application/vnd.example.other" },
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, before := range []string{"absent", "empty", "earlier"} {
				parent := t.TempDir()
				dir := filepath.Join(parent, "deep", "down", "dir")
				switch before {
				case "empty":
					if err := os.MkdirAll(dir, 0o755); err != nil {
						t.Fatal(err)
					}
				case "earlier":
					mustPull(t, stored(t, first), dir, transfer.PullOptions{})
				}
				old := snapshot(t, parent)
				src := memory.New()
				slug := tt.slug
				if slug == "" {
					slug = "trap"
				}
				root := forge(t, src, slug, tt.paths, tt.change)
				kept := openLayout(t, filepath.Join(t.TempDir(), "store"))
				_, err := transfer.Pull(t.Context(), src, trust.UnverifiedUnsafe(root), kept, dir, transfer.PullOptions{Repository: repository})
				wantError(t, err, tt.kind, tt.code)
				if snapshot(t, parent) != old {
					t.Errorf("%s: something was written: %v", before, read(t, parent))
				}
				if ok, _ := kept.Exists(t.Context(), root); ok {
					t.Errorf("%s: the store keeps the root", before)
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

// A journal that came with the directory does nothing outside of it, and
// nothing to files that nobody listed.
func TestPullHostileJournals(t *testing.T) {
	receipt := folder.Receipt{
		APIVersion: "recap/v1", Kind: "Receipt", Repository: repository,
		Digest: digest.FromString("x"), MediaType: ocispec.MediaTypeImageManifest,
	}
	row := func(path, text string) folder.File {
		return folder.File{Path: path, Digest: digest.FromString(text), Size: int64(len(text))}
	}
	for _, tt := range []struct {
		name string
		old  []folder.File
		new  []folder.File
		raw  string
		code string
	}{
		{name: "not JSON", raw: "{", code: "bad-journal"},
		{name: "another kind", raw: `{"apiVersion":"recap/v1","kind":"Other"}`, code: "bad-journal"},
		{name: "remove a parent's file", old: []folder.File{row("../outside", "untouched")}, code: "bad-journal"},
		{name: "remove by absolute path", old: []folder.File{row("/etc/passwd", "")}, code: "bad-journal"},
		{name: "write to a parent", new: []folder.File{row("../outside", "new")}, code: "bad-journal"},
		{name: "write state", new: []folder.File{row(".recap/lock", "new")}, code: "bad-journal"},
		{name: "remove over a link", old: []folder.File{row("link/outside", "untouched")}, code: "destination-modified"},
		{name: "write over a link", new: []folder.File{row("link/staged", "new")}, code: "destination-symlink"},
		{name: "remove what is other", old: []folder.File{row("thesis.tex", "something else")}, code: "destination-modified"},
		{name: "overwrite what is other", new: []folder.File{row("thesis.tex", "new")}, code: "destination-modified"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			parent := t.TempDir()
			dir := filepath.Join(parent, "dir")
			write(t, dir, contents{"thesis.tex": "years of work", ".recap/staging/thesis.tex": "new", ".recap/staging/link/staged": "new"})
			write(t, parent, contents{"elsewhere/outside": "untouched", "outside": "untouched"})
			symlink(t, "../elsewhere", filepath.Join(dir, "link"))
			raw := []byte(tt.raw)
			if tt.raw == "" {
				r := receipt
				r.Files = append([]folder.File{}, tt.new...)
				var err error
				raw, err = json.Marshal(map[string]any{"apiVersion": "recap/v1", "kind": "PullJournal", "old": tt.old, "receipt": r})
				if err != nil {
					t.Fatal(err)
				}
			}
			write(t, dir, contents{".recap/incomplete": string(raw)})
			_, err := pullInto(t, stored(t, first), dir, transfer.PullOptions{})
			if err == nil || !strings.Contains(codes(err), tt.code) {
				t.Fatalf("error %v of code %s, want %s", err, codes(err), tt.code)
			}
			for path, want := range map[string]string{"dir/thesis.tex": "years of work", "elsewhere/outside": "untouched", "outside": "untouched"} {
				if got := read(t, parent)[path]; got != want {
					t.Errorf("%s holds %q now", path, got)
				}
			}
			if got := names(t, filepath.Join(parent, "elsewhere")); len(got) != 1 {
				t.Errorf("written over the link: %q", got)
			}
		})
	}
}
