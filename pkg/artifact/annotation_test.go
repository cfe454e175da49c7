// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package artifact_test

import (
	"errors"
	"testing"
	"testing/fstest"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/recap-oci/recap/pkg/artifact"
	"github.com/recap-oci/recap/pkg/recap"
)

// What the user adds stands beside what the recap states, in each form, and is
// never what recap writes or reads itself.
func TestAnnotations(t *testing.T) {
	build := func(annotations map[string]string, form artifact.Form) (*artifact.Graph, error) {
		r := &recap.Recap{Title: "T", Slug: "t", Files: []recap.File{{Path: "index.md", MediaType: "text/markdown", Role: recap.RoleDocument}}}
		return artifact.BuildBundle(t.Context(), r, fstest.MapFS{"index.md": {Data: []byte("x")}}, artifact.BuildOptions{Annotations: annotations, Form: form})
	}
	for _, form := range []artifact.Form{artifact.FormOCI, artifact.FormImage} {
		plain, err := build(nil, form)
		if err != nil {
			t.Fatal(err)
		}
		own := map[string]string{ocispec.AnnotationSource: "https://example.com/a", "com.example.empty": ""}
		g, err := build(own, form)
		if err != nil {
			t.Fatal(err)
		}
		got := g.Bundle().Node.Annotations()
		for key, value := range own {
			if v, ok := got[key]; !ok || v != value {
				t.Errorf("form %q: %s is %q", form, key, v)
			}
		}
		if got[ocispec.AnnotationTitle] != "T" {
			t.Errorf("form %q: the title is %q", form, got[ocispec.AnnotationTitle])
		}
		if g.Root.Digest == plain.Root.Digest {
			t.Errorf("form %q: they are not written", form)
		}
		members := []artifact.Member{plain.Member()}
		p := &recap.Pack{Name: "p", Version: "1.0.0"}
		views := []artifact.View{{Path: "llms.txt", MediaType: "text/markdown", Raw: []byte("x")}}
		g, err = artifact.BuildPack(t.Context(), p, members, views, artifact.PackOptions{Annotations: own, Form: form})
		if err != nil {
			t.Fatal(err)
		}
		if v := g.Pack().Node.Annotations()[ocispec.AnnotationSource]; v != own[ocispec.AnnotationSource] {
			t.Errorf("form %q: the pack has source %q", form, v)
		}
		_, err = artifact.BuildPack(t.Context(), p, members, views, artifact.PackOptions{Annotations: map[string]string{artifact.AnnotationSlug: "x"}, Form: form})
		wantAnnotationError(t, "pack", err)
	}
	for name, a := range map[string][2]string{
		"the title":           {ocispec.AnnotationTitle, "x"},
		"the description":     {ocispec.AnnotationDescription, "x"},
		"the version":         {ocispec.AnnotationVersion, "1.0.0"},
		"the authors":         {ocispec.AnnotationAuthors, "x"},
		"the licence":         {ocispec.AnnotationLicenses, "MIT"},
		"the URL":             {ocispec.AnnotationURL, "https://example.com"},
		"the time":            {ocispec.AnnotationCreated, "2026-01-01T00:00:00Z"},
		"the form":            {artifact.AnnotationArtifactType, recap.ArtifactTypePack},
		"one yet to come":     {"io.github.recap-oci.new", "x"},
		"no key":              {"", "x"},
		"a key with a space":  {"a b", "x"},
		"a key with a line":   {"a\nb", "x"},
		"a key that hides":    {"a\u202eb", "x"},
		"a key of other text": {"\xff", "x"},
		"a value of bytes":    {"a", "\xff"},
	} {
		_, err := build(map[string]string{a[0]: a[1]}, artifact.FormOCI)
		wantAnnotationError(t, name, err)
	}
}

func wantAnnotationError(t *testing.T, name string, err error) {
	t.Helper()
	var e *recap.Error
	if !errors.As(err, &e) || e.Kind != recap.Usage || e.Code != "bad-annotation" || e.Hint == "" {
		t.Errorf("%s: got %v", name, err)
	}
}
