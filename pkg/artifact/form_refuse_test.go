// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package artifact_test

import (
	"encoding/json"
	"maps"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/recap-oci/recap/pkg/artifact"
	"github.com/recap-oci/recap/pkg/recap"
)

// forgeImage is forge of a bundle in the form of an image: change breaks the
// manifest, and returns the config that it is to have, from what it had.
func forgeImage(t testing.TB, change func(m object, config string) string) (store, ocispec.Descriptor) {
	t.Helper()
	g := buildImage(t)
	s := filled(t, g)
	was := g.Bundle().Node.Manifest.Config
	m := parseObject(t, s[g.Root.Digest])
	config := change(m, string(s[was.Digest]))
	if conf := m["config"].(object); conf["size"] == float64(was.Size) { // not forged itself
		desc := s.put(t, "", []byte(config))
		conf["digest"], conf["size"] = string(desc.Digest), desc.Size
	}
	return s, s.put(t, ocispec.MediaTypeImageManifest, m)
}

// notes returns the annotations of a manifest, a config or a layer.
func notes(o object) object { return o["annotations"].(object) }

func TestFormRefuses(t *testing.T) {
	const bundle, image = recap.ArtifactTypeBundle, ocispec.MediaTypeImageConfig
	inManifest := func(change func(m object)) func(object, string) string {
		return func(m object, config string) string { change(m); return config }
	}
	inConfig := func(pairs ...string) func(object, string) string {
		return func(_ object, config string) string {
			changed := strings.NewReplacer(pairs...).Replace(config)
			if changed == config {
				panic("nothing was changed by " + pairs[0])
			}
			return changed
		}
	}
	config := func(m object) object { return m["config"].(object) }
	tests := []struct {
		name   string
		change func(m object, config string) string
		code   string
		want   string
	}{
		// Types in two places, in none, in others.
		{"artifactType too", inManifest(func(m object) { m["artifactType"] = bundle }), "ambiguous-manifest", "and, in the annotation"},
		{"another artifactType too", inManifest(func(m object) { m["artifactType"] = "a/b" }), "ambiguous-manifest", "a/b and, in the annotation"},
		{"artifactType of an image", inManifest(func(m object) { m["artifactType"] = image }), "ambiguous-manifest", "and, in the annotation"},
		{"somebody else's type", inManifest(func(m object) { notes(m)[artifact.AnnotationArtifactType] = "a/b" }), "ambiguous-manifest", "none of recap's"},
		{"no type", inManifest(func(m object) { notes(m)[artifact.AnnotationArtifactType] = "" }), "ambiguous-manifest", "states artifactType nothing"},
		{"a type to be printed", inManifest(func(m object) { notes(m)[artifact.AnnotationArtifactType] = "\x1b[2J" }), "ambiguous-manifest", `\x1b[2J`},
		{"a pack", inManifest(func(m object) { notes(m)[artifact.AnnotationArtifactType] = recap.ArtifactTypePack }), "ambiguous-manifest", "and is application/vnd.oci.image.manifest"},
		{"a catalog", inManifest(func(m object) { notes(m)[artifact.AnnotationArtifactType] = recap.ArtifactTypeCatalog }), "ambiguous-manifest", "and a config of " + recap.MediaTypeConfig},
		{"type left out", inManifest(func(m object) { delete(notes(m), artifact.AnnotationArtifactType) }), "ambiguous-manifest", "states its media type in an annotation"},
		{"no mediaType", inManifest(func(m object) { delete(m, "mediaType") }), "ambiguous-manifest", "states no mediaType"},

		// The config's descriptor.
		{"config of its own type", inManifest(func(m object) { config(m)["mediaType"] = recap.MediaTypeConfig }), "ambiguous-manifest", "a config of " + recap.MediaTypeConfig},
		{"config of Docker's type", inManifest(func(m object) { config(m)["mediaType"] = "application/vnd.docker.container.image.v1+json" }), "ambiguous-manifest", "a config of"},
		{"empty config", inManifest(func(m object) { config(m)["mediaType"] = ocispec.MediaTypeEmptyJSON }), "ambiguous-manifest", "a config of"},
		{"config without its type", inManifest(func(m object) { delete(config(m), "annotations") }), "ambiguous-manifest", "its config"},
		{"config of a pack", inManifest(func(m object) { notes(config(m))[artifact.AnnotationMediaType] = recap.MediaTypePackConfig }), "ambiguous-manifest", recap.MediaTypePackConfig},
		{"config of an image, twice", inManifest(func(m object) { notes(config(m))[artifact.AnnotationMediaType] = image }), "ambiguous-manifest", "a config of " + image},
		{"config too large", inManifest(func(m object) { config(m)["size"] = recap.MaxConfigSize + 1 }), "too-large", "more than the"},
		{"config that is restored as a file", inManifest(func(m object) { notes(config(m))[ocispec.AnnotationTitle] = "a-model-conference/more.md" }), "ambiguous-manifest", "more.md"},

		// Layers.
		{"layer of its own type", inManifest(func(m object) { layer(m, 0)["mediaType"] = "text/markdown" }), "ambiguous-manifest", "layer 0 is text/markdown, not"},
		{"layer of an image", inManifest(func(m object) { layer(m, 1)["mediaType"] = ocispec.MediaTypeImageLayer }), "ambiguous-manifest", "layer 1"},
		{"layer without its type", inManifest(func(m object) { delete(notes(layer(m, 1)), artifact.AnnotationMediaType) }), "ambiguous-manifest", "states no media type"},
		{"layer of no type", inManifest(func(m object) { notes(layer(m, 1))[artifact.AnnotationMediaType] = "" }), "bad-manifest", "media type \"\""},
		{"layer of a broken type", inManifest(func(m object) { notes(layer(m, 1))[artifact.AnnotationMediaType] = "Image/PNG; x" }), "bad-manifest", "Image/PNG"},
		{"layer among the manifests", inManifest(func(m object) { notes(layer(m, 1))[artifact.AnnotationMediaType] = ocispec.MediaTypeImageManifest }), "ambiguous-manifest", "is one of"},
		{"layer among the indexes", inManifest(func(m object) { notes(layer(m, 1))[artifact.AnnotationMediaType] = ocispec.MediaTypeImageIndex }), "ambiguous-manifest", "is one of"},
		{"document of another type", inManifest(func(m object) { notes(layer(m, 0))[artifact.AnnotationMediaType] = "text/html" }), "bad-manifest", "not the document"},
		{"image of another type", inManifest(func(m object) { notes(layer(m, 1))[artifact.AnnotationMediaType] = "text/html" }), "table-mismatch", "its layer text/html"},
		{"layer that is unpacked", inManifest(func(m object) { notes(layer(m, 1))["io.deis.oras.content.unpack"] = "true" }), "ambiguous-manifest", "content.unpack"},
		{"layers swapped", inManifest(func(m object) { swap(m, "layers", 1, 2) }), "bad-manifest", "stands before"},
		{"a layer gone", inManifest(func(m object) { drop(m, "layers", 3) }), "table-mismatch", "stage.png"},

		// The config around recap's own.
		{"recap's own alone", func(m object, config string) string {
			start := strings.Index(config, `config":`) + len(`config":`)
			return config[start:strings.Index(config, `,"os"`)]
		}, "bad-config", "doesn't begin"},
		{"an image's alone", func(object, string) string {
			return `{"architecture":"unknown","os":"unknown","rootfs":{"diff_ids":[],"type":"layers"}}`
		}, "bad-config", "doesn't begin"},
		{"empty", func(object, string) string { return `{}` }, "bad-config", "doesn't begin"},
		{"nothing within", func(m object, config string) string {
			return config[:strings.Index(config, `config":`)+len(`config":`)] + config[strings.Index(config, `,"os"`):]
		}, "bad-config", "config"},
		{"null within", func(m object, config string) string {
			return config[:strings.Index(config, `config":`)+len(`config":`)] + "null" + config[strings.Index(config, `,"os"`):]
		}, "bad-config", "config"},
		{"another architecture", inConfig(`{"architecture":"unknown"`, `{"architecture":"amd64"`), "bad-config", "doesn't begin"},
		{"another system", inConfig(`"os":"unknown"`, `"os":"linux"`), "bad-config", "doesn't end"},
		{"no rootfs", inConfig(`,"rootfs":`, `,"rootFs":`), "bad-config", "doesn't end"},
		{"rootfs of another type", inConfig(`"type":"layers"`, `"type":"squashfs"`), "bad-config", "doesn't end"},
		{"no diff_ids", inConfig(`"diff_ids":[`, `"diff_ids":[],"x":[`), "bad-config", "doesn't end"},
		{"a diff_id", inConfig(`"diff_ids":[`, `"diff_ids":["`+someDigest+`"`), "bad-config", "doesn't end"},
		{"a command to run", inConfig(`{"architecture"`, `{"config":{"Entrypoint":["sh"]},"architecture"`), "bad-config", "doesn't begin"},
		{"a command at the end", inConfig(`"type":"layers"}}`, `"type":"layers"},"config":{"Entrypoint":["sh"]}}`), "bad-config", "doesn't end"},
		{"a command in between", inConfig(`,"os":"unknown"`, `,"config":{"Entrypoint":["sh"]},"os":"unknown"`), "bad-config", "config"},
		{"recap's own twice", inConfig(`,"os":"unknown"`, `,"io.github.recap-oci.config":{"title":"x"},"os":"unknown"`), "bad-config", "config"},
		{"white space", inConfig(`{"architecture":`, `{ "architecture":`), "bad-config", "doesn't begin"},
		{"more at the end", inConfig(`"type":"layers"}}`, `"type":"layers"}}{}`), "bad-config", "doesn't end"},
		{"an ambiguous key within", inConfig(`"title":"A Model`, `"Title":"x","title":"A Model`), "ambiguous-config", "Title"},
		{"another title within the table", inConfig(`"path":"index.md"`, `"path":"other.md"`), "bad-config", "other.md"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, root := forgeImage(t, tt.change)
			_, err := artifact.Open(t.Context(), s, root)
			kind := recap.Integrity
			if tt.code == "too-large" {
				kind = recap.Unsafe
			}
			wantError(t, err, kind, tt.code, tt.want)
		})
	}
}

// Half of the form is no form, whoever wrote it.
func TestFormHalf(t *testing.T) {
	noted := func(o object, key, value string) object {
		o = maps.Clone(o)
		o["annotations"] = object{key: value}
		return o
	}
	config := object{"mediaType": "application/vnd.example.config", "digest": someDigest, "size": 3}
	child := object{"mediaType": ocispec.MediaTypeImageManifest, "digest": someDigest, "size": 3}
	tests := []struct {
		name      string
		mediaType string
		in        object
		want      string // "" where nobody but recap's own is held to it
	}{
		{"foreign config", ocispec.MediaTypeImageManifest, manifest(object{"config": noted(config, artifact.AnnotationMediaType, recap.MediaTypeConfig)}), "states its media type"},
		{"foreign layer", ocispec.MediaTypeImageManifest, manifest(object{"layers": []any{noted(config, artifact.AnnotationMediaType, "text/markdown")}}), "states its media type"},
		{"foreign type", ocispec.MediaTypeImageManifest, manifest(object{"artifactType": "a/b", "annotations": object{artifact.AnnotationArtifactType: recap.ArtifactTypeBundle}}), "and, in the annotation"},
		{"Docker's manifest", recap.MediaTypeDockerManifest, manifest(object{"mediaType": recap.MediaTypeDockerManifest, "annotations": object{artifact.AnnotationArtifactType: recap.ArtifactTypeBundle}}), "a config of"},
		{"index of a bundle's type", ocispec.MediaTypeImageIndex, index(object{"annotations": object{artifact.AnnotationArtifactType: recap.ArtifactTypeBundle}, "manifests": []any{}}), "and is application/vnd.oci.image.index"},
		{"index without mediaType", ocispec.MediaTypeImageIndex, index(object{"mediaType": absent, "annotations": object{artifact.AnnotationArtifactType: recap.ArtifactTypePack}}), "states no mediaType"},
		{"foreign index of one", ocispec.MediaTypeImageIndex, index(object{"manifests": []any{noted(child, artifact.AnnotationArtifactType, recap.ArtifactTypeBundle)}}), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := store{}
			desc := s.put(t, tt.mediaType, tt.in)
			n, err := artifact.Parse(desc, s[desc.Digest])
			if tt.want != "" {
				wantError(t, err, recap.Integrity, "ambiguous-manifest", tt.want)
			} else if err != nil || n.Kind() != artifact.KindForeign || n.Form != artifact.FormOCI {
				t.Errorf("%+v: %v", n, err)
			}
		})
	}
}

// A pack is written in one form, all of it.
func TestFormMixed(t *testing.T) {
	oci, image := buildPack(t), buildImagePack(t)
	s := filled(t, oci)
	maps.Copy(s, filled(t, image))
	native, compat := oci.Pack().Node.Index.Manifests[1], image.Pack().Node.Index.Manifests[1]
	place := func(child object, desc ocispec.Descriptor) {
		child["digest"], child["size"] = string(desc.Digest), desc.Size
	}
	tests := []struct {
		name   string
		of     *artifact.Graph
		change func(index, child object)
		want   string
	}{
		{"artifactType beside the annotation", image, func(_, child object) { child["artifactType"] = recap.ArtifactTypeBundle }, "its child 1 is not"},
		{"artifactType of the config", image, func(_, child object) { child["artifactType"] = ocispec.MediaTypeImageConfig }, "its child 1 is not"},
		{"artifactType alone", image, func(_, child object) {
			child["artifactType"] = recap.ArtifactTypeBundle
			delete(notes(child), artifact.AnnotationArtifactType)
		}, "its child 1 is not"},
		{"neither", image, func(_, child object) { delete(notes(child), artifact.AnnotationArtifactType) }, "states no artifactType"},
		{"another", image, func(_, child object) { notes(child)[artifact.AnnotationArtifactType] = "a/b" }, "has artifactType a/b"},
		{"a second catalog", image, func(_, child object) { notes(child)[artifact.AnnotationArtifactType] = recap.ArtifactTypeCatalog }, "has artifactType"},
		{"OCI's own child", image, func(_, child object) { place(child, native) }, "is not written as an image, and its descriptor"},
		{"artifactType of the index", image, func(index, _ object) { index["artifactType"] = recap.ArtifactTypePack }, "and, in the annotation"},
		{"annotation of a child", oci, func(_, child object) { notes(child)[artifact.AnnotationArtifactType] = recap.ArtifactTypeBundle }, "its child 1 is"},
		{"annotation alone", oci, func(_, child object) {
			delete(child, "artifactType")
			notes(child)[artifact.AnnotationArtifactType] = recap.ArtifactTypeBundle
		}, "its child 1 is"},
		{"child that is an image", oci, func(_, child object) { place(child, compat) }, "is written as an image, and its descriptor"},
		{"annotation of the index", oci, func(index, _ object) { notes(index)[artifact.AnnotationArtifactType] = recap.ArtifactTypePack }, "and, in the annotation"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			index := parseObject(t, s[tt.of.Root.Digest])
			tt.change(index, index["manifests"].([]any)[1].(object))
			root := s.put(t, ocispec.MediaTypeImageIndex, index)
			err := artifact.Walk(t.Context(), s, root, func(ocispec.Descriptor, *artifact.Node) error { return nil })
			code := "ambiguous-manifest"
			if strings.HasPrefix(tt.want, "has artifactType") {
				code = "bad-manifest"
			}
			wantError(t, err, recap.Integrity, code, tt.want)
		})
	}

	// What a descriptor from elsewhere says is held against it, too.
	for _, tt := range []struct {
		name string
		desc ocispec.Descriptor
		want string
	}{
		{"listed as OCI's own", ocispec.Descriptor{Digest: compat.Digest, Size: compat.Size, ArtifactType: recap.ArtifactTypeBundle}, "and its descriptor"},
		{"listed as somebody else's", ocispec.Descriptor{Digest: compat.Digest, Size: compat.Size, ArtifactType: "a/b"}, "and its descriptor"},
		{"listed with another annotation", ocispec.Descriptor{
			Digest: compat.Digest, Size: compat.Size, Annotations: map[string]string{artifact.AnnotationArtifactType: recap.ArtifactTypeCatalog},
		}, "its descriptor " + recap.ArtifactTypeCatalog},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.desc.MediaType = ocispec.MediaTypeImageManifest
			_, err := artifact.FetchNode(t.Context(), s, tt.desc)
			wantError(t, err, recap.Integrity, "ambiguous-manifest", tt.want)
		})
	}
	fromFallback := ocispec.Descriptor{ // as a list of referrers repeats it
		MediaType: ocispec.MediaTypeImageManifest, Digest: compat.Digest, Size: compat.Size, ArtifactType: ocispec.MediaTypeImageConfig,
		Annotations: map[string]string{artifact.AnnotationArtifactType: recap.ArtifactTypeBundle},
	}
	if n, err := artifact.FetchNode(t.Context(), s, fromFallback); err != nil || n.Kind() != artifact.KindBundle {
		t.Errorf("from a list of referrers: %v", err)
	}
}

// FuzzOpenForm opens bundles whose config was made by somebody else.
func FuzzOpenForm(f *testing.F) {
	g := buildImage(f)
	s := filled(f, g)
	config := s[g.Bundle().Node.Manifest.Config.Digest]
	f.Add(config)
	for _, pair := range [][2]string{
		{`"unknown"`, `"linux"`}, {`"title"`, `"Title"`}, {`,"os"`, `,"config":{},"os"`}, {`"diff_ids":[`, `"diff_ids":[null,`}, {`}}`, `}} `},
	} {
		f.Add([]byte(strings.Replace(string(config), pair[0], pair[1], 1)))
	}
	var m ocispec.Manifest
	if err := json.Unmarshal(s[g.Root.Digest], &m); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		s, m := maps.Clone(s), m
		desc := s.put(t, "", raw)
		m.Config.Digest, m.Config.Size = desc.Digest, desc.Size
		b, err := artifact.Open(t.Context(), s, s.put(t, ocispec.MediaTypeImageManifest, m))
		if err != nil {
			refusal(t, err)
			return
		}
		// Whoever reads it as an image reads nothing but layers.
		var image struct {
			Architecture, OS string
			Config           any
			RootFS           struct {
				Type    string
				DiffIDs []digest.Digest `json:"diff_ids"`
			}
			Own json.RawMessage `json:"io.github.recap-oci.config"`
		}
		if err := json.Unmarshal(raw, &image); err != nil {
			t.Fatal(err)
		}
		if image.Architecture != "unknown" || image.OS != "unknown" || image.Config != nil || image.RootFS.Type != "layers" || len(image.RootFS.DiffIDs) != 0 {
			t.Errorf("%+v", image)
		}
		if string(image.Own) != string(b.Config) {
			t.Errorf("read %s, another reader %s", b.Config, image.Own)
		}
	})
}
