// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package transfer_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/content/memory"
	"oras.land/oras-go/v2/errdef"

	"github.com/recap-oci/recap/pkg/artifact"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/recaptest"
	"github.com/recap-oci/recap/pkg/transfer"
)

func TestResolve(t *testing.T) {
	dst := memory.New()
	g := build(t, first)
	push(t, g, dst, "1.0.0")
	pinned := resolve(t, dst, "1.0.0")
	if has[interface {
		Resolve(context.Context, string) (ocispec.Descriptor, error)
	}](pinned) {
		t.Error("a pinned source can resolve")
	}
	if pinned.Root().Digest != g.Root.Digest || pinned.Node().Kind() != artifact.KindBundle {
		t.Errorf("root %v", pinned.Root())
	}
	for _, tt := range []struct {
		reference string
		kind      recap.Kind
		code      string
	}{
		{"", recap.Usage, "no-reference"},
		{"2.0.0", recap.NotFound, "not-found"},
		{digest.FromString("nowhere").String(), recap.NotFound, "not-found"},
	} {
		_, err := transfer.Resolve(t.Context(), dst, tt.reference)
		wantError(t, err, tt.kind, tt.code)
	}
}

// A registry that answers with something else than the digest asked for.
func TestResolveOtherDigest(t *testing.T) {
	reg := recaptest.NewRegistry(t, recaptest.RegistryOptions{})
	g, other := build(t, first), build(t, second)
	push(t, g, open(t, reg, "team/event"), "1.0.0")
	push(t, other, open(t, reg, "team/event"), "other")
	reg.Inject(recaptest.Fault{Match: recaptest.Match{Kind: recaptest.Manifest, Method: "GET"}, Times: recaptest.Always, Action: recaptest.Serve("other")})
	_, err := transfer.Resolve(t.Context(), open(t, reg, "team/event"), g.Root.Digest.String())
	wantError(t, err, recap.Integrity, "digest-mismatch")
}

func TestTag(t *testing.T) {
	dst := memory.New()
	g, next := build(t, first), build(t, second)
	push(t, g, dst, "1.0.0", "latest")
	push(t, next, dst, "2.0.0")
	result, err := transfer.Tag(t.Context(), dst, "2.0.0", []string{"latest", "2.0.0", "2.1.0"}, transfer.TagOptions{})
	if err != nil {
		t.Fatal(err)
	}
	want := []transfer.TagMove{
		{Tag: "2.0.0", Previous: next.Root.Digest},
		{Tag: "2.1.0", Moved: true},
		{Tag: "latest", Previous: g.Root.Digest, Moved: true},
	}
	if diff := cmp.Diff(want, result.Tags); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	_, err = transfer.Tag(t.Context(), dst, "3.0.0", []string{"latest"}, transfer.TagOptions{})
	wantError(t, err, recap.NotFound, "not-found")
	_, err = transfer.Tag(t.Context(), dst, "2.0.0", nil, transfer.TagOptions{})
	wantError(t, err, recap.Usage, "no-tag")
}

// deletable is what a target or a store can do, and Delete asks for.
type deletable interface {
	oras.GraphTarget
	content.Deleter
	content.Untagger
}

func TestDelete(t *testing.T) {
	for _, tt := range []struct {
		name string
		dst  func(t *testing.T) func() deletable
	}{
		{"layout", func(t *testing.T) func() deletable {
			path := filepath.Join(t.TempDir(), "layout")
			return func() deletable { return openLayout(t, path) }
		}},
		{"registry", func(t *testing.T) func() deletable {
			reg := recaptest.NewRegistry(t, recaptest.RegistryOptions{})
			return func() deletable { return open(t, reg, "team/event") }
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			again := tt.dst(t)
			dst, g := again(), build(t, first)
			push(t, g, dst, "1.0.0", "latest")
			ref := refer(t, dst, g.Root, "a signature")

			plan, err := transfer.Delete(t.Context(), again(), g.Root.Digest.String(), transfer.DeleteOptions{DryRun: true})
			if err != nil {
				t.Fatal(err)
			}
			want := transfer.DeleteResult{Digest: g.Root.Digest, Deleted: true, Referrers: []digest.Digest{ref.Digest}, DryRun: true}
			if diff := cmp.Diff(want, plan); diff != "" {
				t.Errorf("plan (-want +got):\n%s", diff)
			}
			plan, err = transfer.Delete(t.Context(), again(), "latest", transfer.DeleteOptions{DryRun: true})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(transfer.DeleteResult{Digest: g.Root.Digest, Untagged: []string{"latest"}, DryRun: true}, plan); diff != "" {
				t.Errorf("plan for a tag (-want +got):\n%s", diff)
			}
			if got := tagsOf(t, again(), "1.0.0", "latest"); len(got) != 2 {
				t.Errorf("a dry run leaves %v", got)
			}
			result, err := transfer.Delete(t.Context(), again(), "latest", transfer.DeleteOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(transfer.DeleteResult{Digest: g.Root.Digest, Untagged: []string{"latest"}}, result); diff != "" {
				t.Errorf("tag (-want +got):\n%s", diff)
			}
			if got := tagsOf(t, again(), "1.0.0", "latest"); len(got) != 1 || got["1.0.0"] == "" {
				t.Errorf("tags %v, want the other one alone", got)
			}
			result, err = transfer.Delete(t.Context(), again(), g.Root.Digest.String(), transfer.DeleteOptions{})
			if err != nil {
				t.Fatal(err)
			}
			want.DryRun = false
			if diff := cmp.Diff(want, result); diff != "" {
				t.Errorf("digest (-want +got):\n%s", diff)
			}
			if got := tagsOf(t, again(), "1.0.0", g.Root.Digest.String(), ref.Digest.String()); len(got) > 0 {
				t.Errorf("still there: %v", got)
			}
			_, err = transfer.Delete(t.Context(), again(), "1.0.0", transfer.DeleteOptions{})
			wantError(t, err, recap.NotFound, "not-found")
		})
	}
	t.Run("forbidden", func(t *testing.T) {
		reg := recaptest.NewRegistry(t, recaptest.RegistryOptions{NoDelete: true})
		g := build(t, first)
		push(t, g, open(t, reg, "team/event"), "1.0.0")
		_, err := transfer.Delete(t.Context(), open(t, reg, "team/event"), g.Root.Digest.String(), transfer.DeleteOptions{})
		wantError(t, err, recap.Denied, "delete-unsupported")
	})
	t.Run("impossible", func(t *testing.T) {
		dst := struct{ *failing }{&failing{Store: memory.New()}}
		push(t, build(t, first), dst, "1.0.0")
		_, err := transfer.Delete(t.Context(), dst, "1.0.0", transfer.DeleteOptions{})
		wantError(t, err, recap.Usage, "delete-unsupported")
	})
}

func TestInspect(t *testing.T) {
	src := memory.New()
	root, _ := family(t, src)
	in, err := transfer.Inspect(t.Context(), resolve(t, src, "1.0.0"), root)
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	size := root.Size + in.Root.Config.Size
	for _, layer := range in.Root.Layers {
		paths = append(paths, layer.Path())
		size += layer.Size
	}
	want := []string{"index.md", "data/figures.csv", "images/a.png", "images/b.png", "was-a-file", "was/a/dir.txt"}
	if diff := cmp.Diff(want, paths); diff != "" {
		t.Errorf("layers (-want +got):\n%s", diff)
	}
	if in.Kind != artifact.KindBundle || in.Root.ArtifactType != recap.ArtifactTypeBundle || in.Size != size {
		t.Errorf("%+v, want a bundle of %d bytes", in, size)
	}
	if len(in.Root.Referrers) != 2 {
		t.Fatalf("%d referrers", len(in.Root.Referrers))
	}
	for _, ref := range in.Root.Referrers {
		if ref.ArtifactType != "application/vnd.example.signature" || ref.PredicateType != "https://example.com/note" || len(ref.Layers) != 1 {
			t.Errorf("%+v", ref)
		}
	}
}

// What somebody put beside it and nobody can read hides neither it nor what
// else refers to it.
func TestInspectUnreadableReferrer(t *testing.T) {
	src := memory.New()
	root, _ := family(t, src)
	empty := ocispec.DescriptorEmptyJSON
	raw, err := json.Marshal(ocispec.Manifest{
		Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispec.MediaTypeImageManifest, ArtifactType: "application/vnd.example.note",
		Config: empty, Layers: []ocispec.Descriptor{empty}, Subject: &root,
		Annotations: map[string]string{artifact.AnnotationArtifactType: recap.ArtifactTypeBundle},
	})
	if err != nil {
		t.Fatal(err)
	}
	desc := ocispec.Descriptor{MediaType: ocispec.MediaTypeImageManifest, Digest: digest.FromBytes(raw), Size: int64(len(raw))}
	if err := src.Push(t.Context(), empty, strings.NewReader("{}")); err != nil && !errors.Is(err, errdef.ErrAlreadyExists) {
		t.Fatal(err)
	}
	if err := src.Push(t.Context(), desc, bytes.NewReader(raw)); err != nil {
		t.Fatal(err)
	}
	in, err := transfer.Inspect(t.Context(), resolve(t, src, "1.0.0"), root)
	if err != nil {
		t.Fatal(err)
	}
	unreadable := 0
	for _, ref := range in.Root.Referrers {
		if ref.Unreadable != "" {
			unreadable++
			if ref.Digest != desc.Digest || !strings.Contains(ref.Unreadable, "annotation") {
				t.Errorf("%+v", ref)
			}
		}
	}
	if len(in.Root.Referrers) != 3 || unreadable != 1 {
		t.Errorf("%d referrers, %d unreadable", len(in.Root.Referrers), unreadable)
	}
}
