// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package transfer_test

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/content/memory"

	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/recaptest"
	"github.com/recap-oci/recap/pkg/transfer"
)

// family stores a bundle with two signatures, an attestation of the first, and
// a pack-like index that lists the bundle: the index is no referrer.
func family(t testing.TB, src *memory.Store) (root ocispec.Descriptor, referrers []ocispec.Descriptor) {
	t.Helper()
	g := build(t, first)
	push(t, g, src, "1.0.0")
	one := refer(t, src, g.Root, "signature one")
	two := refer(t, src, g.Root, "signature two")
	deep := refer(t, src, one, "a signature of a signature")
	raw := `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{"mediaType":"` +
		g.Root.MediaType + `","digest":"` + g.Root.Digest.String() + `","size":` + itoa(g.Root.Size) + `}]}`
	index := content.NewDescriptorFromBytes(ocispec.MediaTypeImageIndex, []byte(raw))
	pushIfAbsent(t, src, index, []byte(raw))
	return g.Root, []ocispec.Descriptor{one, two, deep}
}

func copyAll(t testing.TB, src content.ReadOnlyGraphStorage, root ocispec.Descriptor, dst oras.GraphTarget, tags ...string) transfer.CopyResult {
	t.Helper()
	result, err := transfer.Copy(t.Context(), src, root, dst, tags, transfer.CopyOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func TestCopy(t *testing.T) {
	src := memory.New()
	root, refs := family(t, src)
	for _, tt := range []struct {
		name string
		dst  func(*testing.T) oras.GraphTarget
	}{
		{"memory", func(*testing.T) oras.GraphTarget { return memory.New() }},
		{"layout", func(t *testing.T) oras.GraphTarget { return openLayout(t, filepath.Join(t.TempDir(), "layout")) }},
		{"archive", func(t *testing.T) oras.GraphTarget { return openLayout(t, filepath.Join(t.TempDir(), "a.tar")) }},
		{"registry", func(t *testing.T) oras.GraphTarget {
			return open(t, recaptest.NewRegistry(t, recaptest.RegistryOptions{}), "team/event")
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dst := tt.dst(t)
			result := copyAll(t, src, root, dst, "latest", "1.0.0")
			if result.Manifests != 1 || result.Referrers != len(refs) {
				t.Errorf("%+v, want one manifest and %d referrers", result, len(refs))
			}
			if diff := cmp.Diff([]transfer.TagMove{{Tag: "1.0.0", Moved: true}, {Tag: "latest", Moved: true}}, result.Tags); diff != "" {
				t.Errorf("tags (-want +got):\n%s", diff)
			}
			for _, desc := range append(refs, root) {
				if ok, err := dst.Exists(t.Context(), desc); !ok || err != nil {
					t.Errorf("%s wasn't copied: %v", desc.Digest, err)
				}
			}
			in, err := transfer.Inspect(t.Context(), dst, root)
			if err != nil {
				t.Fatal(err)
			}
			if len(in.Root.Referrers) != 2 {
				t.Errorf("the copy has %d signatures", len(in.Root.Referrers))
			}
			if again := copyAll(t, src, root, dst, "latest", "1.0.0"); again.Copied.Count > 0 {
				t.Errorf("copied again: %+v", again.Copied)
			}
			dir := filepath.Join(t.TempDir(), "dir")
			mustPull(t, resolve(t, dst, "latest"), dir, transfer.PullOptions{})
			wantFiles(t, dir, first)
		})
	}
}

// A copy that is brought up to date sends what is new: here one signature.
func TestCopyAgainSendsWhatIsNew(t *testing.T) {
	src := memory.New()
	root, _ := family(t, src)
	dst := &failing{Store: memory.New()}
	copyAll(t, src, root, dst, "1.0.0")
	refer(t, src, root, "signature three")
	dst.log = nil
	result := copyAll(t, src, root, dst, "1.0.0")
	if result.Copied.Count != 2 {
		t.Errorf("copied %+v, want one manifest and its layer: %q", result.Copied, dst.log)
	}
	if n := len(slices.DeleteFunc(slices.Clone(dst.log), func(s string) bool { return s != "push" })); n != 2 {
		t.Errorf("%d pushes: %q", n, dst.log)
	}
}

// forgetful lists no referrer, though it took them.
type forgetful struct{ *memory.Store }

func (forgetful) Predecessors(context.Context, ocispec.Descriptor) ([]ocispec.Descriptor, error) {
	return nil, nil
}

func TestCopyCountsReferrers(t *testing.T) {
	src := memory.New()
	root, _ := family(t, src)
	dst := forgetful{memory.New()}
	_, err := transfer.Copy(t.Context(), src, root, dst, []string{"1.0.0"}, transfer.CopyOptions{})
	wantError(t, err, recap.Unavailable, "referrer-lost", "3 of 3", "no tag was moved")
	if got := tagsOf(t, dst, "1.0.0"); len(got) > 0 {
		t.Errorf("tagged all the same: %v", got)
	}
}

func TestCopyFailsAnywhere(t *testing.T) {
	src := memory.New()
	root, refs := family(t, src)
	for at := 1; ; at++ {
		dst := &failing{Store: memory.New(), at: at}
		_, err := transfer.Copy(t.Context(), src, root, dst, []string{"1.0.0", "latest"}, transfer.CopyOptions{})
		if err == nil {
			if at < 20 {
				t.Errorf("only %d calls could fail", at-1)
			}
			return
		}
		if !errors.Is(err, errInjected) {
			t.Fatalf("at call %d: %v", at, err)
		}
		for tag := range tagsOf(t, dst.Store, "1.0.0", "latest") {
			for _, desc := range append(refs, root) {
				if ok, _ := dst.Exists(t.Context(), desc); !ok {
					t.Errorf("at call %d: %s is tagged and %s isn't there", at, tag, desc.Digest)
				}
			}
		}
	}
}

// liar lists what refers to something else as a referrer of everything.
type liar struct {
	*memory.Store
	other ocispec.Descriptor
}

func (l liar) Referrers(_ context.Context, _ ocispec.Descriptor, _ string, fn func([]ocispec.Descriptor) error) error {
	return fn([]ocispec.Descriptor{l.other})
}

func TestCopyLeavesOutWhatRefersToNothing(t *testing.T) {
	src := memory.New()
	root, _ := family(t, src)
	other := build(t, second)
	push(t, other, src, "other")
	dst := memory.New()
	result := copyAll(t, liar{src, other.Root}, root, dst, "1.0.0")
	if result.Referrers != 0 {
		t.Errorf("%+v", result)
	}
	if ok, _ := dst.Exists(t.Context(), other.Root); ok {
		t.Error("what refers to nothing was copied")
	}
}

func TestCopyRefuses(t *testing.T) {
	t.Run("101 referrers", func(t *testing.T) {
		src := memory.New()
		g := build(t, first)
		push(t, g, src, "1.0.0")
		for i := range recap.MaxReferrers {
			refer(t, src, g.Root, "note "+itoa(int64(i)))
		}
		copyAll(t, src, g.Root, memory.New(), "1.0.0")
		refer(t, src, g.Root, "one too many")
		_, err := transfer.Copy(t.Context(), src, g.Root, memory.New(), nil, transfer.CopyOptions{})
		wantError(t, err, recap.Unsafe, "too-many-referrers")
	})
	t.Run("endless chain", func(t *testing.T) {
		src := memory.New()
		g := build(t, first)
		push(t, g, src, "1.0.0")
		desc := g.Root
		for i := range 7 {
			desc = refer(t, src, desc, "link "+itoa(int64(i)))
		}
		copyAll(t, src, g.Root, memory.New(), "1.0.0")
		refer(t, src, desc, "one too many")
		_, err := transfer.Copy(t.Context(), src, g.Root, memory.New(), nil, transfer.CopyOptions{})
		wantError(t, err, recap.Unsafe, "too-large")
	})
	t.Run("ambiguous manifest", func(t *testing.T) {
		src := memory.New()
		desc := store(t, src, ocispec.MediaTypeImageManifest, map[string]any{
			"schemaVersion": 2, "mediaType": ocispec.MediaTypeImageManifest, "config": ocispec.DescriptorEmptyJSON,
			"layers": []any{}, "manifests": []any{},
		})
		_, err := transfer.Copy(t.Context(), src, desc, memory.New(), []string{"a"}, transfer.CopyOptions{})
		wantError(t, err, recap.Integrity, "ambiguous-manifest")
	})
	t.Run("missing blob", func(t *testing.T) {
		src := memory.New()
		pushIfAbsent(t, src, ocispec.DescriptorEmptyJSON, []byte("{}"))
		gone := content.NewDescriptorFromBytes("text/plain", []byte("gone"))
		desc := store(t, src, ocispec.MediaTypeImageManifest, ocispec.Manifest{
			Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispec.MediaTypeImageManifest,
			ArtifactType: "application/vnd.example", Config: ocispec.DescriptorEmptyJSON, Layers: []ocispec.Descriptor{gone},
		})
		dst := memory.New()
		_, err := transfer.Copy(t.Context(), src, desc, dst, []string{"a"}, transfer.CopyOptions{})
		wantError(t, err, recap.NotFound, "not-found")
		if ok, _ := dst.Exists(t.Context(), desc); ok {
			t.Error("the manifest was stored without what it lists")
		}
	})
}

// Blobs of another repository of the same registry are mounted, not sent.
func TestCopyMounts(t *testing.T) {
	reg := recaptest.NewRegistry(t, recaptest.RegistryOptions{})
	g := build(t, five())
	push(t, g, open(t, reg, "from/here"), "1.0.0")
	pinned := resolve(t, open(t, reg, "from/here"), "1.0.0")
	reg.Reset()
	result, err := transfer.Copy(t.Context(), pinned, pinned.Root(), open(t, reg, "to/there"), []string{"1.0.0"}, transfer.CopyOptions{MountFrom: "from/here"})
	if err != nil {
		t.Fatal(err)
	}
	if want := len(g.Nodes()) - 1; result.Mounted.Count != want || result.Copied.Count != 1 {
		t.Errorf("mounted %+v, copied %+v; want %d blobs mounted and the root copied", result.Mounted, result.Copied, want)
	}
	if n := reg.Count(recaptest.Upload); n > 0 {
		t.Errorf("%d uploads", n)
	}
	dir := filepath.Join(t.TempDir(), "dir")
	mustPull(t, resolve(t, open(t, reg, "to/there"), "1.0.0"), dir, transfer.PullOptions{})
	wantFiles(t, dir, five())
}

// A stream that a registry wants again is fetched again.
func TestCopyReplays(t *testing.T) {
	reg := recaptest.NewRegistry(t, recaptest.RegistryOptions{})
	reg.Inject(recaptest.Fault{Match: recaptest.Match{Method: "PUT", Kind: recaptest.Upload}, Times: 2, Action: recaptest.Status(503)})
	src := memory.New()
	files := first
	g := build(t, files)
	push(t, g, src, "1.0.0")
	dst := open(t, reg, "team/event")
	if _, err := transfer.Copy(t.Context(), src, g.Root, dst, []string{"1.0.0"}, transfer.CopyOptions{}); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "dir")
	mustPull(t, resolve(t, dst, "1.0.0"), dir, transfer.PullOptions{})
	wantFiles(t, dir, files)
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }
