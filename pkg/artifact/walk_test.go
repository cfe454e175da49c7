// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package artifact_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"

	"github.com/recap-oci/recap/pkg/artifact"
	"github.com/recap-oci/recap/pkg/recap"
)

// visits walks and tells what was visited, by name.
func visits(t *testing.T, src content.Fetcher, root ocispec.Descriptor, names map[digest.Digest]string) ([]string, error) {
	t.Helper()
	var got []string
	err := artifact.Walk(t.Context(), src, root, func(desc ocispec.Descriptor, n *artifact.Node) error {
		name := names[desc.Digest]
		if n != nil {
			name += " (" + string(n.Kind()) + ")"
			if n.Descriptor.Digest != desc.Digest {
				t.Errorf("node %s for %s", n.Descriptor.Digest, desc.Digest)
			}
		}
		got = append(got, name)
		return nil
	})
	return got, err
}

func TestWalk(t *testing.T) {
	g := build(t)
	s := filled(t, g)
	names := map[digest.Digest]string{g.Root.Digest: "root", g.Bundle().Node.Manifest.Config.Digest: "config"}
	for _, f := range g.Recap().Files {
		if names[digest.Digest(f.Digest)] == "" {
			names[digest.Digest(f.Digest)] = f.Path
		}
	}
	bundle := []string{"root (bundle)", "config", "index.md", "Zebra.png", "images.csv"}

	got, err := visits(t, s, g.Root, names)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(bundle, got); diff != "" {
		t.Errorf("bundle (-want +got):\n%s", diff)
	}

	// A pack: each object once, though the catalog's config is the bundle's image.
	catalog := s.put(t, ocispec.MediaTypeImageManifest, manifest(object{
		"artifactType": recap.ArtifactTypeCatalog,
		"config":       object{"mediaType": recap.MediaTypePackConfig, "digest": g.Recap().Files[1].Digest, "size": 13},
		"layers":       []any{},
	}))
	names[catalog.Digest] = "catalog"
	packed := s.put(t, ocispec.MediaTypeImageIndex, index(object{
		"artifactType": recap.ArtifactTypePack,
		"manifests": []any{
			object{"mediaType": catalog.MediaType, "digest": string(catalog.Digest), "size": catalog.Size, "artifactType": recap.ArtifactTypeCatalog},
			object{"mediaType": g.Root.MediaType, "digest": string(g.Root.Digest), "size": g.Root.Size, "artifactType": recap.ArtifactTypeBundle},
		},
		"subject": object{"mediaType": g.Root.MediaType, "digest": someDigest, "size": 10 << 30},
	}))
	names[packed.Digest] = "pack"
	if got, err = visits(t, s, packed, names); err != nil {
		t.Fatal(err)
	}
	want := []string{"pack (pack)", "catalog (catalog)", "Zebra.png", "root (bundle)", "config", "index.md", "images.csv"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("pack (-want +got):\n%s", diff)
	}

	// Images may nest indexes and list what nobody here knows.
	inner := s.put(t, ocispec.MediaTypeImageIndex, index(object{"manifests": []any{
		object{"mediaType": g.Root.MediaType, "digest": string(g.Root.Digest), "size": g.Root.Size},
		object{"mediaType": "application/vnd.example.unknown", "digest": someDigest, "size": 3},
	}}))
	outer := s.put(t, ocispec.MediaTypeImageIndex, index(object{"manifests": []any{
		object{"mediaType": inner.MediaType, "digest": string(inner.Digest), "size": inner.Size},
		object{"mediaType": inner.MediaType, "digest": string(inner.Digest), "size": inner.Size},
	}}))
	names[inner.Digest], names[outer.Digest], names[someDigest] = "inner", "outer", "unknown"
	if got, err = visits(t, s, outer, names); err != nil {
		t.Fatal(err)
	}
	want = append(append([]string{"outer (foreign)", "inner (foreign)"}, bundle...), "unknown")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("nested (-want +got):\n%s", diff)
	}
}

func TestWalkRefuses(t *testing.T) {
	g := build(t)
	child := func(desc ocispec.Descriptor, changes object) object {
		o := object{"mediaType": desc.MediaType, "digest": string(desc.Digest), "size": desc.Size}
		for k, v := range changes {
			o[k] = v
		}
		return o
	}
	s := filled(t, g)
	indexOf := func(children ...any) ocispec.Descriptor {
		return s.put(t, ocispec.MediaTypeImageIndex, index(object{"manifests": children}))
	}
	image := s.put(t, ocispec.MediaTypeImageManifest, manifest(object{
		"layers": []any{object{"mediaType": "x/y", "digest": string(g.Root.Digest), "size": g.Root.Size}},
	}))
	resized := s.put(t, ocispec.MediaTypeImageManifest, manifest(object{
		"layers": []any{object{"mediaType": "image/png", "digest": g.Recap().Files[1].Digest, "size": 12}},
	}))
	garbage := s.put(t, ocispec.MediaTypeImageManifest, []byte("garbage"))
	missing := describe("missing")
	missing.MediaType = ocispec.MediaTypeImageManifest

	tests := []struct {
		name string
		root ocispec.Descriptor
		kind recap.Kind
		code string
	}{
		{"a blob", describe("x"), recap.Integrity, "not-a-recap"},
		{"blob, then manifest", indexOf(child(image, nil), child(g.Root, nil)), recap.Integrity, "ambiguous-manifest"},
		{"manifest, then blob", indexOf(child(g.Root, nil), child(image, nil)), recap.Integrity, "ambiguous-manifest"},
		{"manifest, then index", indexOf(child(g.Root, nil), child(g.Root, object{"mediaType": ocispec.MediaTypeImageIndex})), recap.Integrity, "ambiguous-manifest"},
		{"two sizes", indexOf(child(g.Root, nil), child(resized, nil)), recap.Integrity, "bad-size"},
		{"garbage", indexOf(child(garbage, nil)), recap.Integrity, "bad-manifest"},
		{"missing child", indexOf(child(missing, nil)), recap.NotFound, "not-found"},
		{"missing root", missing, recap.NotFound, "not-found"},
		{"large child", indexOf(child(missing, object{"size": recap.MaxManifestSize + 1})), recap.Unsafe, "too-large"},
		{"bundle called a catalog", indexOf(child(g.Root, object{"artifactType": recap.ArtifactTypeCatalog})), recap.Integrity, "ambiguous-manifest"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := visits(t, s, tt.root, nil)
			wantError(t, err, tt.kind, tt.code, "")
		})
	}
}

// A graph that is made up as it is asked for comes to an end.
func TestWalkEnds(t *testing.T) {
	fetched := 0
	s := store{}
	src := content.FetcherFunc(func(ctx context.Context, desc ocispec.Descriptor) (io.ReadCloser, error) {
		fetched++
		return s.Fetch(ctx, desc)
	})
	chain := s.put(t, ocispec.MediaTypeImageIndex, index(object{"manifests": []any{}}))
	for range recap.MaxMembers + 10 {
		chain = s.put(t, ocispec.MediaTypeImageIndex, index(object{
			"manifests": []any{object{"mediaType": chain.MediaType, "digest": string(chain.Digest), "size": chain.Size}},
		}))
	}
	_, err := visits(t, src, chain, nil)
	wantError(t, err, recap.Unsafe, "too-large", "manifests")
	if fetched > recap.MaxMembers+2 {
		t.Errorf("fetched %d manifests", fetched)
	}
}

func TestWalkStops(t *testing.T) {
	g := build(t)
	stop := errors.New("enough")
	for n := 1; n <= len(g.Nodes()); n++ {
		count := 0
		err := artifact.Walk(t.Context(), g, g.Root, func(ocispec.Descriptor, *artifact.Node) error {
			if count++; count == n {
				return fmt.Errorf("%w at %d", stop, n)
			}
			return nil
		})
		if !errors.Is(err, stop) || count != n {
			t.Errorf("stopped at %d of %d: %v", count, n, err)
		}
	}
}
