// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package artifact_test

import (
	"bytes"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/recap-oci/recap/pkg/artifact"
	"github.com/recap-oci/recap/pkg/internal/canonical"
	"github.com/recap-oci/recap/pkg/recap"
)

func buildImage(t testing.TB) *artifact.Graph {
	t.Helper()
	r, files := fixture()
	g, err := artifact.BuildBundle(t.Context(), r, files, artifact.BuildOptions{Form: artifact.FormImage})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// smallImage is the fixture pack's kind of member in that form.
func smallImage(t testing.TB, slug string) *artifact.Graph {
	t.Helper()
	r := &recap.Recap{
		Title: "About " + slug, Slug: slug, Facts: recap.Facts{APIVersion: recap.APIVersion},
		Files: []recap.File{{Path: "index.md", MediaType: "text/markdown", Role: recap.RoleDocument}},
	}
	files := fstest.MapFS{"index.md": {Data: []byte("# " + slug + "\n")}}
	g, err := artifact.BuildBundle(t.Context(), r, files, artifact.BuildOptions{Form: artifact.FormImage, Version: "2.0.0"})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func buildImagePack(t testing.TB) *artifact.Graph {
	t.Helper()
	p, _, views := fixturePack(t)
	members := []artifact.Member{buildImage(t).Member(), smallImage(t, "zulu").Member()}
	g, err := artifact.BuildPack(t.Context(), p, members, views, artifact.PackOptions{Form: artifact.FormImage})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// The digests of the fixtures in the form of an image. If one has to change, the
// format has changed. That of the bundle was computed by another program, from the
// golden files of the other form.
const (
	goldenImage     = "sha256:b04ed01a0568e2523daee9445b77c2a5b8eec7d07487e077c2c71ba020663caf"
	goldenImagePack = "sha256:df4fc216ee1c83547c15c9a5b99806e72e40be8f9bd6a13fb722bd152cc9d29b"
)

func TestFormGolden(t *testing.T) {
	g, p := buildImage(t), buildImagePack(t)
	for _, golden := range []struct {
		file string
		got  []byte
	}{
		{"testdata/image.manifest.json", fetch(t, g, g.Root)},
		{"testdata/image.config.json", fetch(t, g, g.Bundle().Node.Manifest.Config)},
		{"testdata/image-pack.index.json", fetch(t, p, p.Root)},
		{"testdata/image-pack.catalog.json", fetch(t, p, p.Pack().Catalog.Descriptor)},
	} {
		want, err := os.ReadFile(golden.file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(golden.got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", golden.file, diff)
		}
	}
	if g.Root.Digest != goldenImage || p.Root.Digest != goldenImagePack {
		t.Errorf("roots %s and %s", g.Root.Digest, p.Root.Digest)
	}
}

// The form changes how it is written and nothing that is read.
func TestFormReadsTheSame(t *testing.T) {
	want, g := build(t), buildImage(t)
	s := filled(t, g)
	for _, listed := range []string{"", ocispec.MediaTypeImageConfig} { // registries list it by its config
		root := g.Root
		root.ArtifactType = listed
		b, err := artifact.Open(t.Context(), s, root)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want.Recap(), b.Recap); diff != "" {
			t.Errorf("recap (-want +got):\n%s", diff)
		}
		if !bytes.Equal(b.Config, want.Bundle().Config) {
			t.Errorf("config %s, want %s", b.Config, want.Bundle().Config)
		}
		if b.Node.Form != artifact.FormImage || b.Node.Kind() != artifact.KindBundle || b.Node.ArtifactType() != recap.ArtifactTypeBundle {
			t.Errorf("read as %q %s of %s", b.Node.Form, b.Node.Kind(), b.Node.ArtifactType())
		}
		m := *want.Bundle().Node.Manifest
		m.Config.Digest, m.Config.Size = b.Node.Manifest.Config.Digest, b.Node.Manifest.Config.Size
		if diff := cmp.Diff(&m, b.Node.Manifest); diff != "" {
			t.Errorf("manifest (-want +got):\n%s", diff)
		}
	}
	if want.Bundle().Node.Form != artifact.FormOCI {
		t.Error("OCI's own form is another one")
	}
	if m := g.Member(); m.Native().Digest != want.Root.Digest || m.Root().Digest != g.Root.Digest {
		t.Errorf("member %+v, native %+v", m.Root(), m.Native())
	}
	there, err := artifact.OpenMember(t.Context(), s, g.Root)
	if err != nil || there.Native().Digest != g.Root.Digest {
		t.Errorf("a member in a source is %+v: %v", there.Native(), err)
	}
	if (artifact.Member{}).Native().Digest != "" {
		t.Error("nothing has a digest")
	}
}

// What is written is what image tools expect, and RFC 8785.
func TestFormIsAnImage(t *testing.T) {
	g := buildImage(t)
	var m ocispec.Manifest
	if err := json.Unmarshal(fetch(t, g, g.Root), &m); err != nil {
		t.Fatal(err)
	}
	if m.ArtifactType != "" || g.Root.ArtifactType != "" || m.Config.MediaType != ocispec.MediaTypeImageConfig {
		t.Errorf("artifactType %q, config %s", m.ArtifactType, m.Config.MediaType)
	}
	raw := fetch(t, g, m.Config)
	var image ocispec.Image
	if err := json.Unmarshal(raw, &image); err != nil {
		t.Fatal(err)
	}
	if image.Architecture != "unknown" || image.OS != "unknown" || image.RootFS.Type != "layers" || image.RootFS.DiffIDs == nil || len(image.RootFS.DiffIDs) != 0 {
		t.Errorf("%+v", image)
	}
	for i, layer := range m.Layers {
		if layer.MediaType != "application/octet-stream" {
			t.Errorf("layer %d is %s", i, layer.MediaType)
		}
	}
	for _, raw := range [][]byte{raw, fetch(t, g, g.Root)} {
		if again, err := canonical.Marshal(json.RawMessage(raw)); err != nil || !bytes.Equal(raw, again) {
			t.Errorf("not RFC 8785: %v\n%s", err, raw)
		}
	}
	var x ocispec.Index
	p := buildImagePack(t)
	if err := json.Unmarshal(fetch(t, p, p.Root), &x); err != nil {
		t.Fatal(err)
	}
	if x.ArtifactType != "" || slices.ContainsFunc(x.Manifests, func(d ocispec.Descriptor) bool { return d.ArtifactType != "" }) {
		t.Errorf("%+v", x)
	}
}

func TestFormPack(t *testing.T) {
	g := buildImagePack(t)
	s := filled(t, g)
	p, err := artifact.OpenPack(t.Context(), s, g.Root)
	if err != nil {
		t.Fatal(err)
	}
	if p.Node.Form != artifact.FormImage || p.Catalog.Form != artifact.FormImage || p.Node.Kind() != artifact.KindPack || len(p.Views(recap.MediaTypeChunks)) != 1 {
		t.Errorf("%q %s, catalog %q", p.Node.Form, p.Node.Kind(), p.Catalog.Form)
	}
	for _, m := range p.Meta.Members {
		b, err := p.Open(t.Context(), s, m.Slug)
		if err != nil {
			t.Fatal(err)
		}
		if b.Node.Form != artifact.FormImage {
			t.Errorf("%s is %q", m.Slug, b.Node.Form)
		}
	}
	seen := 0
	err = artifact.Walk(t.Context(), s, g.Root, func(ocispec.Descriptor, *artifact.Node) error { seen++; return nil })
	if err != nil || seen != len(g.Nodes()) {
		t.Errorf("walked %d of %d: %v", seen, len(g.Nodes()), err)
	}

	// Other views make another catalog and the same pack.
	meta, _, views := fixturePack(t)
	views = views[1:]
	members := []artifact.Member{buildImage(t).Member(), smallImage(t, "zulu").Member()}
	other, err := artifact.BuildPack(t.Context(), meta, members, views, artifact.PackOptions{Form: artifact.FormImage})
	if err != nil {
		t.Fatal(err)
	}
	if other.Pack().Catalog.Descriptor.Digest == p.Catalog.Descriptor.Digest || !other.Pack().Same(p) || buildPack(t).Pack().Same(p) {
		t.Error("a pack is the same for its metadata, in one form")
	}

	// Of no members two forms have one config, and are two.
	var empty []*artifact.Pack
	for _, form := range []artifact.Form{artifact.FormOCI, artifact.FormImage} {
		g, err := artifact.BuildPack(t.Context(), meta, nil, views, artifact.PackOptions{Form: form})
		if err != nil {
			t.Fatal(err)
		}
		empty = append(empty, g.Pack())
	}
	if !bytes.Equal(empty[0].Config, empty[1].Config) || empty[0].Same(empty[1]) {
		t.Error("two forms are one pack")
	}
}

// Who may not use a form is told before anything is written.
func TestFormRefusedWhenBuilding(t *testing.T) {
	r, files := fixture()
	_, err := artifact.BuildBundle(t.Context(), r, files, artifact.BuildOptions{Form: "tarball"})
	wantError(t, err, recap.Usage, "bad-form", "tarball")
	p, members, views := fixturePack(t)
	_, err = artifact.BuildPack(t.Context(), p, members, views, artifact.PackOptions{Form: "tarball"})
	wantError(t, err, recap.Usage, "bad-form", "tarball")
	_, err = artifact.BuildPack(t.Context(), p, members, views, artifact.PackOptions{Form: artifact.FormImage})
	wantError(t, err, recap.Usage, "other-form", "a-model-conference is not written as an image")
	_, err = artifact.BuildPack(t.Context(), p, []artifact.Member{buildImage(t).Member()}, views, artifact.PackOptions{})
	wantError(t, err, recap.Usage, "other-form", "a-model-conference is written as an image")
}

// The longest slug, version and event leave room for the type, and for a title.
func TestFormChildFits(t *testing.T) {
	r, files := fixture()
	r.Slug, r.Title = strings.Repeat("s", recap.MaxSlugLength), strings.Repeat("\"Ünïcode\" ", 29)
	r.Facts.Event.ID = strings.Repeat("e", recap.MaxSlugLength)
	version := "1.2.3-" + strings.Repeat("r", 122)
	g, err := artifact.BuildBundle(t.Context(), r, files, artifact.BuildOptions{Form: artifact.FormImage, Version: version})
	if err != nil {
		t.Fatal(err)
	}
	p, _, views := fixturePack(t)
	pack, err := artifact.BuildPack(t.Context(), p, []artifact.Member{g.Member()}, views, artifact.PackOptions{Form: artifact.FormImage})
	if err != nil {
		t.Fatal(err)
	}
	a := pack.Pack().Node.Index.Manifests[1].Annotations
	raw, err := canonical.Marshal(a)
	if err != nil || len(raw) > recap.MaxChildAnnotations || len(a[artifact.AnnotationTitle]) < 10 || !strings.HasSuffix(a[artifact.AnnotationTitle], "…") {
		t.Errorf("%d bytes, title %q: %v", len(raw), a[artifact.AnnotationTitle], err)
	}
}
