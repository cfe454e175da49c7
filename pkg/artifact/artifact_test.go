// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package artifact_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/fstest"
	"unicode"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/errdef"

	"github.com/recap-oci/recap/pkg/artifact"
	"github.com/recap-oci/recap/pkg/recap"
)

// fixture is a recap with two files of the same content, an empty one, and paths
// whose order by bytes isn't the one that people expect.
func fixture() (*recap.Recap, fstest.MapFS) {
	amount := 13000.0
	return &recap.Recap{
			Title:       "A Model Conference",
			Slug:        "a-model-conference",
			Date:        "2024-03-27",
			Description: "Three days & <many> talks",
			Authors:     []recap.Agent{{Name: "ablock"}, {Name: "Karena Angell", Affiliation: "Red Hat"}},
			Facts: recap.Facts{
				APIVersion: recap.APIVersion,
				License:    "CC-BY-4.0",
				Event:      recap.Event{Fact: recap.Fact{ID: "kubecon-eu-2024"}, Name: "KubeCon + CloudNativeCon Europe 2024"},
				Source:     &recap.Source{URL: "https://example.com/kubecon", Derivation: "original"},
				Entities:   map[string]recap.Entity{"ablock": {Kind: "person", Name: "Andrew Block"}},
				Observations: []recap.Observation{
					{About: "kubecon-eu-2024", Property: "attendance", MinValue: &amount, AsWritten: "13,000+"},
				},
			},
			Files: []recap.File{
				{Path: "images/stage.png", MediaType: "image/png", Role: recap.RoleImage, License: "CC0-1.0"},
				{Path: "images.csv", MediaType: "text/csv", Role: recap.RoleDataset},
				{Path: "notes/empty.txt", MediaType: "text/plain", Role: recap.RoleAttachment},
				{Path: "index.md", MediaType: "text/markdown", Role: recap.RoleDocument},
				{Path: "Zebra.png", MediaType: "image/png", Role: recap.RoleImage},
			},
		}, fstest.MapFS{
			"index.md":         {Data: []byte("---\ntitle: A Model Conference\n---\nIt was.\n")},
			"images/stage.png": {Data: []byte("\x89PNG\r\n\x1a\nstage")},
			"Zebra.png":        {Data: []byte("\x89PNG\r\n\x1a\nstage")},
			"images.csv":       {Data: []byte("image,shows\nstage.png,the stage\n")},
			"notes/empty.txt":  {},
			"not-named.txt":    {Data: []byte("no row names it")},
		}
}

func build(t testing.TB) *artifact.Graph {
	t.Helper()
	r, files := fixture()
	g, err := artifact.BuildBundle(t.Context(), r, files, artifact.BuildOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// store is content by digest; nothing else about it is checked.
type store map[digest.Digest][]byte

func (s store) Fetch(_ context.Context, desc ocispec.Descriptor) (io.ReadCloser, error) {
	raw, ok := s[desc.Digest]
	if !ok {
		return nil, errdef.ErrNotFound
	}
	return io.NopCloser(bytes.NewReader(raw)), nil
}

// put adds v as JSON, or as it is where it is bytes, and describes it.
func (s store) put(t testing.TB, mediaType string, v any) ocispec.Descriptor {
	t.Helper()
	raw, ok := v.([]byte)
	if !ok {
		var text bytes.Buffer
		enc := json.NewEncoder(&text)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(v); err != nil {
			t.Fatal(err)
		}
		raw = bytes.TrimSpace(text.Bytes())
	}
	desc := ocispec.Descriptor{MediaType: mediaType, Digest: digest.FromBytes(raw), Size: int64(len(raw))}
	s[desc.Digest] = raw
	return desc
}

// filled returns a store with all content of g.
func filled(t testing.TB, g *artifact.Graph) store {
	t.Helper()
	s := store{}
	for _, desc := range g.Nodes() {
		s[desc.Digest] = fetch(t, g, desc)
	}
	return s
}

func fetch(t testing.TB, g *artifact.Graph, desc ocispec.Descriptor) []byte {
	t.Helper()
	rc, err := g.Fetch(t.Context(), desc)
	if err != nil {
		t.Fatal(err)
	}
	defer rc.Close()
	raw, err := io.ReadAll(rc)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// object is JSON that a test breaks.
type object = map[string]any

func parseObject(t testing.TB, raw []byte) object {
	t.Helper()
	var o object
	if err := json.Unmarshal(raw, &o); err != nil {
		t.Fatal(err)
	}
	return o
}

// wantError holds err to a kind and a code, and to saying want in characters that
// can be printed.
func wantError(t testing.TB, err error, kind recap.Kind, code, want string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want %s %s", kind, code)
	}
	var e *recap.Error
	if !errors.As(err, &e) || e.Kind != kind || e.Code != code {
		t.Errorf("error %v (%+v) is not of kind %s and code %s", err, e, kind, code)
	}
	if !strings.Contains(err.Error(), want) {
		t.Errorf("error %q doesn't say %q", err, want)
	}
	for _, r := range err.Error() {
		if !unicode.IsPrint(r) {
			t.Errorf("error %q holds %U as it is", err, r)
		}
	}
}
