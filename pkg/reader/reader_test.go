// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package reader_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"

	"github.com/recap-oci/recap/pkg/artifact"
	"github.com/recap-oci/recap/pkg/reader"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/recaptest/trip"
	"github.com/recap-oci/recap/pkg/trust"
)

const text = "---\ntitle: An event\n---\nBefore.\n\n# One\n\nA line.\n\n## Two\n\nAnother.\n"

// large is over what is held in memory.
var large = strings.Repeat("a line of a large file\n", 60_000)

func build(t *testing.T) *artifact.Graph {
	t.Helper()
	r := &recap.Recap{
		Title: "An event", Slug: "an-event",
		Facts: recap.Facts{APIVersion: recap.APIVersion, Event: recap.Event{Name: "An event"}},
	}
	files := fstest.MapFS{}
	for path, data := range map[string]string{"index.md": text, "small.txt": "small", "large.txt": large, "empty.txt": ""} {
		mediaType := recap.MediaTypeOf(path)
		r.Files = append(r.Files, recap.File{Path: path, MediaType: mediaType, Role: recap.RoleOf(path, mediaType)})
		files[path] = &fstest.MapFile{Data: []byte(data)}
	}
	g, err := artifact.BuildBundle(t.Context(), r, files, artifact.BuildOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func open(t *testing.T, src content.Fetcher, root ocispec.Descriptor) *reader.Reader {
	t.Helper()
	r, err := reader.Open(t.Context(), src, trust.OwnSource(root))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func wantCode(t *testing.T, err error, kind recap.Kind, code string) {
	t.Helper()
	var known *recap.Error
	if !errors.As(err, &known) || known.Code != code || !errors.Is(err, kind) {
		t.Fatalf("error %v, want %s of kind %s", err, code, kind)
	}
}

func TestParseRefuses(t *testing.T) {
	for name, text := range map[string]string{"NUL": "a\x00b", "not UTF-8": "\xff", "no end": "---\ntitle: x\n", "nested": strings.Repeat("> ", 1000) + "x\n"} {
		t.Run(name, func(t *testing.T) {
			g := trip.Bundle(t, "x", "", func(_ *recap.Recap, files map[string]string) { files[recap.DocumentPath] = text })
			_, err := trip.Read(t, g).Parse(t.Context())
			wantCode(t, err, recap.Unsafe, "document-refused")
		})
	}
}

func TestReader(t *testing.T) {
	ownTemp(t)
	g := build(t)
	r := open(t, g, g.Root)
	if diff := cmp.Diff(g.Recap(), r.Recap()); diff != "" {
		t.Errorf("recap (-built +read):\n%s", diff)
	}
	if !bytes.HasPrefix(r.Config(), []byte("{")) || r.Admitted().Root().Digest != g.Root.Digest {
		t.Errorf("config %.20q of %s", r.Config(), r.Admitted().Root().Digest)
	}
	got, err := r.Document(t.Context())
	if err != nil || string(got) != text {
		t.Errorf("document %q, %v", got, err)
	}
	doc, err := r.Parse(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var headings []string
	for _, s := range doc.Sections {
		headings = append(headings, s.Heading)
	}
	if diff := cmp.Diff([]string{"", "One", "Two"}, headings); diff != "" {
		t.Errorf("sections (-want +got):\n%s", diff)
	}
	for path, want := range map[string]string{"index.md": text, "small.txt": "small", "large.txt": large, "empty.txt": ""} {
		rc, f, err := r.File(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(rc)
		if err != nil || string(got) != want || f.Path != path || f.Size != int64(len(want)) {
			t.Errorf("%s: %d bytes of %+v, %v", path, len(got), f, err)
		}
		if err := rc.Close(); err != nil {
			t.Errorf("closing %s: %v", path, err)
		}
	}
	wantNoTemp(t)
	_, _, err = r.File(t.Context(), "../index.md")
	wantCode(t, err, recap.NotFound, "not-found")
}

func TestOpenRefuses(t *testing.T) {
	g := build(t)
	for name, admitted := range map[string]*trust.Admitted{"nil": nil, "zero": {}} {
		t.Run(name, func(t *testing.T) {
			_, err := reader.Open(t.Context(), g, admitted)
			wantCode(t, err, recap.Untrusted, "not-admitted")
		})
	}
	t.Run("no source", func(t *testing.T) {
		_, err := reader.Open(t.Context(), nil, trust.OwnSource(g.Root))
		wantCode(t, err, recap.Usage, "no-source")
	})
	t.Run("a layer", func(t *testing.T) {
		layer, _ := g.Bundle().Layer(g.Recap().Files[0])
		_, err := reader.Open(t.Context(), g, trust.OwnSource(layer))
		if !errors.Is(err, recap.Integrity) {
			t.Errorf("error %v", err)
		}
	})
}

// No byte of a file comes out when any of its bytes is wrong, the last ones of
// a large file included.
func TestNothingUnverified(t *testing.T) {
	ownTemp(t)
	g := build(t)
	for _, path := range []string{"index.md", "small.txt", "large.txt"} {
		for _, f := range g.Recap().Files {
			if f.Path != path {
				continue
			}
			layer, ok := g.Bundle().Layer(f)
			if !ok {
				t.Fatal("no layer for " + path)
			}
			for _, at := range []int64{0, layer.Size / 2, layer.Size - 1} {
				r := open(t, &trip.Flipped{Fetcher: g, Desc: layer, At: at}, g.Root)
				rc, _, err := r.File(t.Context(), path)
				wantCode(t, err, recap.Integrity, "digest-mismatch")
				if rc != nil {
					t.Errorf("%s: a reader comes with the error", path)
				}
				if path == recap.DocumentPath {
					_, err := r.Document(t.Context())
					wantCode(t, err, recap.Integrity, "digest-mismatch")
				}
			}
		}
	}
	wantNoTemp(t)
	t.Run("config", func(t *testing.T) {
		config := g.Bundle().Node.Manifest.Config
		for at := range config.Size {
			_, err := reader.Open(t.Context(), &trip.Flipped{Fetcher: g, Desc: config, At: at}, trust.OwnSource(g.Root))
			wantCode(t, err, recap.Integrity, "digest-mismatch")
		}
	})
	t.Run("manifest", func(t *testing.T) {
		for at := range g.Root.Size {
			_, err := reader.Open(t.Context(), &trip.Flipped{Fetcher: g, Desc: g.Root, At: at}, trust.OwnSource(g.Root))
			wantCode(t, err, recap.Integrity, "digest-mismatch")
		}
	})
}

// ownTemp gives the test a temporary directory of its own.
func ownTemp(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	t.Setenv("TMP", dir) // on Windows
}

func wantNoTemp(t *testing.T) {
	t.Helper()
	left, err := os.ReadDir(os.TempDir())
	if err != nil || len(left) > 0 {
		t.Errorf("in the temporary directory: %v, %v", left, err)
	}
}
