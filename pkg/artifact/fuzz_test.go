// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package artifact_test

import (
	"encoding/json"
	"errors"
	"maps"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/recap-oci/recap/pkg/artifact"
	"github.com/recap-oci/recap/pkg/internal/safepath"
	"github.com/recap-oci/recap/pkg/recap"
)

// refusal holds an error of reading to be one that its receiver can class.
func refusal(t *testing.T, err error) {
	t.Helper()
	var e *recap.Error
	if !errors.As(err, &e) || e.Code == "" || e.Kind != recap.Integrity && e.Kind != recap.Unsafe {
		t.Errorf("refused as %v (%+v)", err, e)
	}
	wantError(t, err, e.Kind, e.Code, "")
}

func FuzzParse(f *testing.F) {
	image := buildImagePack(f)
	for _, g := range []*artifact.Graph{build(f), image} {
		for _, raw := range filled(f, g) {
			f.Add(raw, false)
		}
	}
	f.Add(fetch(f, image, image.Root), true)
	for _, seed := range []object{
		manifest(), index(), pack(2, nil), manifest(object{"manifests": nil}), manifest(object{"Layers": 1}),
		manifest(object{"subject": object{"mediaType": "a/b", "digest": someDigest, "size": 1}}),
	} {
		raw, err := json.Marshal(seed)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw, true)
		f.Add(raw, false)
	}
	f.Fuzz(func(t *testing.T, raw []byte, isIndex bool) {
		desc := ocispec.Descriptor{MediaType: ocispec.MediaTypeImageManifest, Digest: digest.FromBytes(raw), Size: int64(len(raw))}
		if isIndex {
			desc.MediaType = ocispec.MediaTypeImageIndex
		}
		n, err := artifact.Parse(desc, raw)
		if err != nil {
			refusal(t, err)
			return
		}
		if (n.Manifest == nil) != isIndex || (n.Index == nil) == isIndex {
			t.Fatalf("manifest %v, index %v", n.Manifest, n.Index)
		}
		// What is accepted is what encoding/json, and so everybody else, reads.
		if isIndex {
			var want ocispec.Index
			if err := json.Unmarshal(raw, &want); err != nil {
				t.Fatal(err)
			}
			if n.Form == artifact.FormImage {
				meant(t, &want.ArtifactType, "", &want.Annotations, artifact.AnnotationArtifactType)
				for i := range want.Manifests {
					child := &want.Manifests[i]
					kept := maps.Clone(child.Annotations)
					meant(t, &child.ArtifactType, "", &child.Annotations, artifact.AnnotationArtifactType)
					child.Annotations = kept
				}
			}
			if diff := cmp.Diff(&want, n.Index); diff != "" {
				t.Error(diff)
			}
		} else {
			var want ocispec.Manifest
			if err := json.Unmarshal(raw, &want); err != nil {
				t.Fatal(err)
			}
			if n.Form == artifact.FormImage {
				meant(t, &want.ArtifactType, "", &want.Annotations, artifact.AnnotationArtifactType)
				meant(t, &want.Config.MediaType, ocispec.MediaTypeImageConfig, &want.Config.Annotations, artifact.AnnotationMediaType)
				for i := range want.Layers {
					layer := &want.Layers[i]
					meant(t, &layer.MediaType, "application/octet-stream", &layer.Annotations, artifact.AnnotationMediaType)
				}
			}
			if diff := cmp.Diff(&want, n.Manifest); diff != "" {
				t.Error(diff)
			}
		}
		var sum int64
		for _, child := range n.Children() {
			if child.Size < 0 || child.Digest.Validate() != nil || child.Digest.Algorithm() != digest.SHA256 {
				t.Errorf("child %+v", child)
			}
			if sum += child.Size; sum < 0 {
				t.Error("the sizes overflow")
			}
		}
		// The other type is never accepted of the same bytes.
		desc.MediaType = map[bool]string{true: ocispec.MediaTypeImageManifest, false: ocispec.MediaTypeImageIndex}[isIndex]
		if _, err := artifact.Parse(desc, raw); err == nil {
			t.Error("the same bytes are a manifest and an index")
		}
	})
}

// meant puts what an annotation says in the place of a type that says nothing.
func meant(t *testing.T, written *string, hidden string, annotations *map[string]string, key string) {
	noted := (*annotations)[key]
	if *written != hidden || noted == "" {
		t.Errorf("%q stands for %q", *written, noted)
	}
	*written = noted
	if delete(*annotations, key); len(*annotations) == 0 {
		*annotations = nil
	}
}

func FuzzOpen(f *testing.F) {
	g := build(f)
	s := filled(f, g)
	f.Add(s[g.Bundle().Node.Manifest.Config.Digest])
	for _, seed := range []string{`{}`, `{"title":"x","slug":"a-model-conference","files":[]}`, `{"Title":"x"}`, `{"files":[{"path":"../x"}]}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, config []byte) {
		s := filled(t, g)
		m := *g.Bundle().Node.Manifest
		m.Config = s.put(t, recap.MediaTypeConfig, config)
		root := s.put(t, ocispec.MediaTypeImageManifest, m)
		b, err := artifact.Open(t.Context(), s, root)
		if err != nil {
			refusal(t, err)
			return
		}
		// Whatever else the config says, its table is that of the layers.
		var paths []string
		for _, file := range b.Recap.Files {
			paths = append(paths, file.Path)
			if safepath.Reserved(file.Path) {
				t.Errorf("reserved %q", file.Path)
			}
			layer, ok := b.Layer(file)
			if ok != (file.Size > 0) || ok && (string(layer.Digest) != file.Digest || layer.Size != file.Size || layer.MediaType != file.MediaType) {
				t.Errorf("file %+v, layer %+v", file, layer)
			}
		}
		if err := safepath.CheckSet(paths); err != nil {
			t.Error(err)
		}
		if recap.CheckSlug(b.Recap.Slug) != nil || b.Recap.Title == "" {
			t.Errorf("slug %q, title %q", b.Recap.Slug, b.Recap.Title)
		}
	})
}

func FuzzOpenPack(f *testing.F) {
	g := buildPack(f)
	s := filled(f, g)
	f.Add(s[g.Pack().Catalog.Manifest.Config.Digest])
	for _, seed := range []string{
		`{}`, `{"name":"p","version":"1.2.0","members":[]}`, `{"name":"p","version":"1.2.0","members":[null,null,null]}`,
		`{"Name":"p"}`, `{"name":"../p"}`, `{"conflicts":{"tolerance":{"x":2}}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, config []byte) {
		s, catalog := filled(t, g), *g.Pack().Catalog.Manifest
		catalog.Config = s.put(t, recap.MediaTypePackConfig, config)
		index := *g.Pack().Node.Index
		child := s.put(t, ocispec.MediaTypeImageManifest, catalog)
		child.ArtifactType = recap.ArtifactTypeCatalog
		index.Manifests = append([]ocispec.Descriptor{child}, index.Manifests[1:]...)
		p, err := artifact.OpenPack(t.Context(), s, s.put(t, ocispec.MediaTypeImageIndex, index))
		if err != nil {
			refusal(t, err)
			return
		}
		// Whatever else the config says, its table is that of the index.
		if recap.CheckSlug(p.Meta.Name) != nil || p.Meta.Version != "1.2.0" || len(p.Meta.Members) != 3 {
			t.Errorf("%+v", p.Meta)
		}
		for i, m := range p.Meta.Members {
			child := p.Node.Index.Manifests[i+1]
			if m.Digest != string(child.Digest) || m.Size != child.Size || m.Slug != child.Annotations[artifact.AnnotationSlug] {
				t.Errorf("member %+v, child %+v", m, child)
			}
			if _, err := p.Open(t.Context(), s, m.Slug); err != nil { // aliases may say otherwise
				refusal(t, err)
			}
		}
		if members, err := p.Select(artifact.Selection{}); err != nil || len(members) != 3 {
			t.Errorf("selected %v: %v", members, err)
		}
	})
}
