// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package transfer_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2"

	"github.com/recap-oci/recap/pkg/artifact"
	"github.com/recap-oci/recap/pkg/layout"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/recaptest"
	"github.com/recap-oci/recap/pkg/transfer"
	"github.com/recap-oci/recap/pkg/trust"
)

// imagePack is packFrom in the form of an image.
func imagePack(t testing.TB, version, llms string, members map[string]contents) *artifact.Graph {
	t.Helper()
	var bundles []*artifact.Graph
	for _, slug := range slices.Sorted(maps.Keys(members)) {
		bundles = append(bundles, buildForm(t, artifact.FormImage, "About "+slug, slug, members[slug]))
	}
	return packForm(t, artifact.FormImage, version, llms, bundles...)
}

// pulled pulls tag from src into a new directory and returns what is there,
// without the receipt.
func pulled(t testing.TB, src oras.ReadOnlyGraphTarget, store *layout.Store, s artifact.Selection) (contents, transfer.PullResult) {
	t.Helper()
	pinned := resolve(t, src, "1.0.0")
	dir := filepath.Join(t.TempDir(), "dir")
	result, err := transfer.Pull(t.Context(), pinned, trust.UnverifiedUnsafe(pinned.Root()), store, dir, transfer.PullOptions{Selection: s})
	if err != nil {
		t.Fatal(err)
	}
	got := read(t, dir)
	maps.DeleteFunc(got, func(path, _ string) bool { return filepath.Dir(path) == recap.StateDirectory })
	for _, f := range result.Files {
		if d := digest.FromString(got[f.Path]); d != f.Digest || f.Size != int64(len(got[f.Path])) {
			t.Errorf("%s is %s of %d bytes, the receipt says %s of %d", f.Path, d, len(got[f.Path]), f.Digest, f.Size)
		}
	}
	return got, result
}

// Through registry, layout and archive, whole and in part: the files are those
// that the other form has.
func TestFormPull(t *testing.T) {
	reg := recaptest.NewRegistry(t, recaptest.RegistryOptions{})
	reg.Inject(recaptest.OnlyTypes("application/vnd.example.signature", ocispec.MediaTypeEmptyJSON, "application/vnd.example.note"))
	image, oci := imagePack(t, "1.0.0", "# All\n", firstMembers), packFrom(t, "1.0.0", firstMembers)
	remote := open(t, reg, "team/pack")
	push(t, image, remote, "1.0.0")
	alone := open(t, reg, "team/alone")
	push(t, buildForm(t, artifact.FormImage, "An event", "an-event", first), alone, "1.0.0")

	// Copied, it is the same.
	archive, dir := openLayout(t, filepath.Join(t.TempDir(), "out.tar")), openLayout(t, filepath.Join(t.TempDir(), "out"))
	back := open(t, reg, "team/back")
	var sig digest.Digest
	for i, step := range []struct{ src, dst oras.GraphTarget }{{remote, archive}, {archive, dir}, {dir, back}} {
		from := resolve(t, step.src, "1.0.0")
		if i == 1 {
			sig = refer(t, step.src, from.Root(), "of the pack").Digest
		}
		result, err := transfer.Copy(t.Context(), from, from.Root(), step.dst, []string{"1.0.0"}, transfer.CopyOptions{})
		if err != nil {
			t.Fatalf("step %d: %v", i, err)
		}
		if result.Digest != image.Root.Digest || result.ArtifactType != recap.ArtifactTypePack {
			t.Errorf("step %d: %+v", i, result)
		}
		if i == 2 {
			in, err := transfer.Inspect(t.Context(), step.dst, image.Root)
			if err != nil || in.Compat != artifact.FormImage || in.Kind != artifact.KindPack || len(in.Root.Referrers) != 1 || in.Root.Referrers[0].Digest != sig {
				t.Errorf("%+v: %v", in, err)
			}
		}
	}

	native := openLayout(t, t.TempDir())
	push(t, oci, native, "1.0.0")
	whole := map[string]oras.ReadOnlyGraphTarget{"registry": remote, "archive": archive, "layout": dir, "registry again": back}
	for _, s := range []artifact.Selection{
		{}, {Recaps: []string{"an-event"}}, {Events: []string{"about-stays"}}, {Roles: []string{"image"}}, {Include: []string{"data/*"}},
	} {
		want, _ := pulled(t, native, openLayout(t, t.TempDir()), s)
		sources := whole
		if !s.IsZero() {
			sources = map[string]oras.ReadOnlyGraphTarget{"registry": remote}
		}
		for name, src := range sources {
			got, result := pulled(t, src, openLayout(t, t.TempDir()), s)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s, %+v (-want +got):\n%s", name, s, diff)
			}
			if result.Digest != image.Root.Digest || result.MediaType != ocispec.MediaTypeImageIndex {
				t.Errorf("%+v", result)
			}
		}
	}
	if got, _ := pulled(t, alone, openLayout(t, t.TempDir()), artifact.Selection{}); !cmp.Equal(got, first) {
		t.Errorf("a bundle alone (-want +got):\n%s", cmp.Diff(first, got))
	}
}

// The metadata alone is recap's own, and a source that is its own store isn't
// written to.
func TestFormPullMetadata(t *testing.T) {
	g := imagePack(t, "1.0.0", "# All\n", firstMembers)
	path := filepath.Join(t.TempDir(), "layout")
	push(t, g, openLayout(t, path), "1.0.0")
	before := snapshot(t, path)
	store, err := layout.Open(path, layout.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	got, _ := pulled(t, store, store, artifact.Selection{MetadataOnly: true})
	want := contents{"pack.json": string(g.Pack().Config)}
	for slug, files := range firstMembers {
		want[slug+"/recap.json"] = string(buildAs(t, "About "+slug, slug, files).Bundle().Config)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if snapshot(t, path) != before {
		t.Error("the layout was written to")
	}

	// A damaged config is fetched again.
	keep := filepath.Join(t.TempDir(), "store")
	pulled(t, store, openLayout(t, keep), artifact.Selection{MetadataOnly: true})
	config := g.Pack().Catalog.Manifest.Config.Digest
	file := filepath.Join(keep, "blobs", "sha256", config.Encoded())
	if err := os.Chmod(file, 0o644); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	raw[len(raw)/2] ^= 1
	if err := os.WriteFile(file, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	if got, _ := pulled(t, store, openLayout(t, keep), artifact.Selection{MetadataOnly: true}); !cmp.Equal(want, got) {
		t.Error(cmp.Diff(want, got))
	}
}

// Unchanged is what says the same in the same form. A version is published once,
// in one of them.
func TestFormSkip(t *testing.T) {
	image := imagePack(t, "1.0.0", "# All\n", firstMembers)
	for _, tt := range []struct {
		name        string
		there, push *artifact.Graph
		want        string // in the refusal; "" where it is skipped
	}{
		{"the same", image, image, ""},
		{"the same under other views", image, imagePack(t, "1.0.0", "# Otherwise\n", firstMembers), ""},
		{"other members", image, imagePack(t, "1.0.0", "# All\n", secondMembers), "with other content"},
		{"OCI's own over an image", image, packFrom(t, "1.0.0", firstMembers), "already published written as an image"},
		{"an image over OCI's own", packFrom(t, "1.0.0", firstMembers), image, "already published as OCI has it"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			reg := recaptest.NewRegistry(t, recaptest.RegistryOptions{})
			dst := open(t, reg, "team/pack")
			push(t, tt.there, dst, "1.0.0")
			result, err := transfer.Push(t.Context(), tt.push, dst, []string{"1.0.0"}, transfer.Unsigned{}, transfer.PushOptions{SkipUnchanged: true})
			if tt.want != "" {
				wantError(t, err, recap.Stale, "version-exists", tt.want)
			} else if err != nil || !result.Skipped || result.Digest != tt.there.Root.Digest {
				t.Errorf("%+v: %v", result, err)
			}
		})
	}
}

// Who takes only images is told so of anything else, and then takes this.
func TestFormWhereOthersAreRefused(t *testing.T) {
	reg := recaptest.NewRegistry(t, recaptest.RegistryOptions{})
	reg.Inject(recaptest.OnlyTypes())
	_, err := transfer.Push(t.Context(), packFrom(t, "1.0.0", firstMembers), open(t, reg, "team/pack"), []string{"1.0.0"}, transfer.Unsigned{}, transfer.PushOptions{})
	wantError(t, err, recap.Integrity, "registry-refuses-type", "unknown media type: application/vnd.recap.", "no tag was moved")
	push(t, imagePack(t, "1.0.0", "# All\n", firstMembers), open(t, reg, "team/pack"), "1.0.0")
	edited := map[string]contents{}
	maps.Copy(edited, firstMembers)
	edited["stays"] = contents{"index.md": "# Edited\n"}
	reg.Inject(recaptest.OnlyTypes())
	result := push(t, imagePack(t, "1.1.0", "# All\n", edited), open(t, reg, "team/pack"), "1.1.0")
	if result.Uploaded.Count > 8 { // index, catalog, its config and chunks; the bundle, its config and document
		t.Errorf("the next version sent %+v", result.Uploaded)
	}
}
