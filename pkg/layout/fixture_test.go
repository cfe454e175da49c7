// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package layout_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/errdef"

	"github.com/recap-oci/recap/pkg/layout"
	"github.com/recap-oci/recap/pkg/recap"
)

const artifactType = "application/vnd.example.thing.v1"

// item is content with its descriptor.
type item struct {
	ocispec.Descriptor
	data []byte
}

func newBlob(mediaType, data string) item {
	return item{content.NewDescriptorFromBytes(mediaType, []byte(data)), []byte(data)}
}

// newManifest is a manifest of artifactType over layers, with the empty config.
func newManifest(t testing.TB, subject *ocispec.Descriptor, note string, layers ...item) item {
	t.Helper()
	m := ocispec.Manifest{
		Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispec.MediaTypeImageManifest,
		ArtifactType: artifactType, Config: ocispec.DescriptorEmptyJSON, Subject: subject,
		Annotations: map[string]string{"note": note},
	}
	m.Config.Data = nil
	for _, l := range layers {
		m.Layers = append(m.Layers, l.Descriptor)
	}
	return newJSON(t, ocispec.MediaTypeImageManifest, m)
}

func newIndex(t testing.TB, members ...item) item {
	t.Helper()
	x := ocispec.Index{Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispec.MediaTypeImageIndex}
	for _, m := range members {
		x.Manifests = append(x.Manifests, m.Descriptor)
	}
	return newJSON(t, ocispec.MediaTypeImageIndex, x)
}

func newJSON(t testing.TB, mediaType string, v any) item {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return item{content.NewDescriptorFromBytes(mediaType, data), data}
}

var emptyConfig = newBlob(ocispec.MediaTypeEmptyJSON, "{}")

func create(t testing.TB, path string) *layout.Store {
	t.Helper()
	s, err := layout.Create(path, layout.Options{})
	if err != nil {
		t.Fatalf("Create(%q): %v", path, err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func open(t testing.TB, path string) *layout.Store {
	t.Helper()
	s, err := layout.Open(path, layout.Options{})
	if err != nil {
		t.Fatalf("Open(%q): %v", path, err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func push(t testing.TB, s *layout.Store, items ...item) {
	t.Helper()
	for _, i := range items {
		if err := s.Push(t.Context(), i.Descriptor, bytes.NewReader(i.data)); err != nil && !errors.Is(err, errdef.ErrAlreadyExists) {
			t.Fatalf("Push(%s): %v", i.Digest, err)
		}
	}
}

func tag(t testing.TB, s *layout.Store, i item, tags ...string) {
	t.Helper()
	for _, name := range tags {
		if err := s.Tag(t.Context(), i.Descriptor, name); err != nil {
			t.Fatalf("Tag(%s): %v", name, err)
		}
	}
}

func commit(t testing.TB, s *layout.Store) {
	t.Helper()
	if err := s.Commit(t.Context()); err != nil {
		t.Fatalf("Commit: %v", err)
	}
}

func fetch(t testing.TB, s *layout.Store, desc ocispec.Descriptor) ([]byte, error) {
	t.Helper()
	r, err := s.Fetch(t.Context(), desc)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

func mustResolve(t testing.TB, s *layout.Store, reference string) ocispec.Descriptor {
	t.Helper()
	desc, err := s.Resolve(t.Context(), reference)
	if err != nil {
		t.Fatalf("Resolve(%q): %v", reference, err)
	}
	return desc
}

func tags(t testing.TB, s *layout.Store) []string {
	t.Helper()
	var all []string
	err := s.Tags(t.Context(), "", func(tags []string) error {
		all = append(all, tags...)
		return nil
	})
	if err != nil {
		t.Fatalf("Tags: %v", err)
	}
	return all
}

func referrers(t testing.TB, s *layout.Store, desc ocispec.Descriptor) []ocispec.Descriptor {
	t.Helper()
	var all []ocispec.Descriptor
	err := s.Referrers(t.Context(), desc, "", func(r []ocispec.Descriptor) error {
		all = append(all, r...)
		return nil
	})
	if err != nil {
		t.Fatalf("Referrers: %v", err)
	}
	return all
}

func check(t testing.TB, s *layout.Store) []layout.Damage {
	t.Helper()
	damage, err := s.Check(context.Background())
	if err != nil {
		t.Fatalf("Check: %v", err)
	}
	return damage
}

// codes is what Check found, by file.
func codes(damage []layout.Damage) map[string]string {
	m := make(map[string]string)
	for _, d := range damage {
		m[d.Path] = d.Code
	}
	return m
}

func blobPath(root string, d digest.Digest) string {
	return filepath.Join(root, "blobs", d.Algorithm().String(), d.Encoded())
}

func blobName(d digest.Digest) string { return "blobs/" + d.Algorithm().String() + "/" + d.Encoded() }

func write(t testing.TB, path, data string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(data), 0o644); err != nil {
		t.Fatal(err)
	}
}

// wantError holds kind and code of an error, and that its text names what.
func wantError(t testing.TB, err error, kind recap.Kind, code string, names ...string) {
	t.Helper()
	var e *recap.Error
	if !errors.As(err, &e) {
		t.Fatalf("got error %v, want a *recap.Error", err)
	}
	if !errors.Is(err, kind) || e.Code != code {
		t.Errorf("got error %s[%s]: %v; want %s[%s]", e.Kind, e.Code, err, kind, code)
	}
	if e.Hint == "" {
		t.Errorf("error without a hint: %v", err)
	}
	for _, name := range names {
		if !bytes.Contains([]byte(err.Error()), []byte(name)) {
			t.Errorf("error %q doesn't name %q", err, name)
		}
	}
}

// tree lists the files below dir with their content, for comparing.
func tree(t testing.TB, dir string) map[string]string {
	t.Helper()
	files := make(map[string]string)
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, _ := filepath.Rel(dir, path)
		if !d.Type().IsRegular() {
			files[rel] = d.Type().String()
			return nil
		}
		data, err := os.ReadFile(path)
		files[rel] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func ignoreExists(err error) error {
	if errors.Is(err, errdef.ErrAlreadyExists) {
		return nil
	}
	return err
}
