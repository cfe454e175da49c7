// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package artifact_test

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"slices"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/content/memory"
	"oras.land/oras-go/v2/errdef"

	"github.com/recap-oci/recap/pkg/artifact"
	"github.com/recap-oci/recap/pkg/recap"
)

func TestGraphNodes(t *testing.T) {
	g := build(t)
	nodes := g.Nodes()
	var titles []string
	seen := map[digest.Digest]bool{}
	for _, desc := range nodes {
		if seen[desc.Digest] {
			t.Errorf("%s is there twice", desc.Digest)
		}
		seen[desc.Digest] = true
		titles = append(titles, desc.Annotations[ocispec.AnnotationTitle])
		raw := fetch(t, g, desc)
		if digest.FromBytes(raw) != desc.Digest || int64(len(raw)) != desc.Size {
			t.Errorf("%s has other content", desc.Digest)
		}
		if ok, err := g.Exists(t.Context(), desc); !ok || err != nil {
			t.Errorf("Exists(%s) = %v, %v", desc.Digest, ok, err)
		}
	}
	// stage.png has the content of Zebra.png and empty.txt has none.
	want := []string{"", "a-model-conference/index.md", "a-model-conference/Zebra.png", "a-model-conference/images.csv", ""}
	if diff := cmp.Diff(want, titles); diff != "" {
		t.Errorf("titles (-want +got):\n%s", diff)
	}
	if last := nodes[len(nodes)-1]; !content.Equal(last, g.Root) {
		t.Errorf("the last node is %v, not the root", last)
	}
	// Every child of the manifest is among them.
	for _, child := range g.Bundle().Node.Children() {
		if !seen[child.Digest] {
			t.Errorf("child %v is no node", child)
		}
	}
	nodes[0] = ocispec.Descriptor{}
	if g.Nodes()[0].Digest == "" {
		t.Error("the caller's slice is that of the graph")
	}
}

func TestGraphFetchUnknown(t *testing.T) {
	g := build(t)
	other := ocispec.Descriptor{MediaType: "text/plain", Digest: digest.FromString("other"), Size: 5}
	_, err := g.Fetch(t.Context(), other)
	wantError(t, err, recap.NotFound, "not-found", string(other.Digest))
	if !errors.Is(err, errdef.ErrNotFound) {
		t.Errorf("%v doesn't wrap errdef.ErrNotFound", err)
	}
	if ok, err := g.Exists(t.Context(), other); ok || err != nil {
		t.Errorf("Exists = %v, %v", ok, err)
	}
	other = g.Root
	other.Size++
	_, err = g.Fetch(t.Context(), other)
	wantError(t, err, recap.Integrity, "size-mismatch", string(g.Root.Digest))
	if ok, err := g.Exists(t.Context(), other); ok || err != nil {
		t.Errorf("Exists = %v, %v", ok, err)
	}
	_, err = g.Fetch(t.Context(), ocispec.Descriptor{Digest: "\x1b[2J"})
	wantError(t, err, recap.NotFound, "not-found", "blob")
}

// An upload that was answered by "again" goes back to the start.
func TestGraphFetchSeeks(t *testing.T) {
	g := build(t)
	for _, desc := range g.Nodes() {
		want := fetch(t, g, desc)
		rc, err := g.Fetch(t.Context(), desc)
		if err != nil {
			t.Fatal(err)
		}
		s, ok := rc.(io.Seeker)
		if !ok {
			t.Fatalf("%T is no io.Seeker", rc)
		}
		for _, n := range []int64{0, 1, desc.Size - 1, desc.Size} {
			if _, err := io.CopyN(io.Discard, rc, n); err != nil {
				t.Fatal(err)
			}
			if at, err := s.Seek(0, io.SeekCurrent); at != n || err != nil {
				t.Errorf("after %d bytes at %d, %v", n, at, err)
			}
			if at, err := s.Seek(0, io.SeekStart); at != 0 || err != nil {
				t.Fatalf("Seek = %d, %v", at, err)
			}
		}
		got, err := io.ReadAll(rc)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s after seeking: %q, %v", desc.Digest, got, err)
		}
		if err := rc.Close(); err != nil {
			t.Error(err)
		}
		if err := rc.Close(); err != nil {
			t.Errorf("closed twice: %v", err)
		}
	}
	rc, err := g.Fetch(t.Context(), g.Nodes()[1])
	if err != nil {
		t.Fatal(err)
	}
	for _, whence := range []int{io.SeekStart, io.SeekCurrent, io.SeekEnd} {
		if _, err := rc.(io.Seeker).Seek(1, whence); !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("Seek(1, %d) = %v, want %v", whence, err, errors.ErrUnsupported)
		}
	}
	rc.Close()
	if _, err := rc.Read(make([]byte, 1)); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("Read after Close = %v", err)
	}
	if _, err := rc.(io.Seeker).Seek(0, io.SeekStart); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("Seek after Close = %v", err)
	}
}

// A file that isn't any more what was built is never uploaded as if it were.
func TestGraphFileThatChanges(t *testing.T) {
	tests := []struct {
		name   string
		change func(files fstest.MapFS)
		kind   recap.Kind
		code   string
	}{
		{"one bit", func(f fstest.MapFS) {
			f["images.csv"] = &fstest.MapFile{Data: []byte("image,shows\nstage.png,the stagf\n")}
		}, recap.Integrity, "file-changed"},
		{"shorter", func(f fstest.MapFS) { f["images.csv"] = &fstest.MapFile{Data: []byte("image")} }, recap.Integrity, "file-changed"},
		{"longer", func(f fstest.MapFS) { f["images.csv"] = &fstest.MapFile{Data: make([]byte, 33)} }, recap.Integrity, "file-changed"},
		{"gone", func(f fstest.MapFS) { delete(f, "images.csv") }, recap.NotFound, "not-found"},
		{"symbolic link", func(f fstest.MapFS) {
			f["images.csv"] = &fstest.MapFile{Data: []byte("index.md"), Mode: fs.ModeSymlink}
		}, recap.Unsafe, "symlink-in-source"},
		{"FIFO", func(f fstest.MapFS) { f["images.csv"] = &fstest.MapFile{Mode: fs.ModeNamedPipe} }, recap.Unsafe, "not-a-regular-file"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, files := fixture()
			g, err := artifact.BuildBundle(t.Context(), r, files, artifact.BuildOptions{})
			if err != nil {
				t.Fatal(err)
			}
			i := slices.IndexFunc(g.Nodes(), func(d ocispec.Descriptor) bool { return d.MediaType == "text/csv" })
			desc := g.Nodes()[i]
			rc, err := g.Fetch(t.Context(), desc)
			if err != nil {
				t.Fatal(err)
			}
			defer rc.Close()
			tt.change(files)
			if _, err := rc.(io.Seeker).Seek(0, io.SeekStart); err == nil {
				// As an HTTP client does that knows the length and never asks for the end.
				_, err := io.ReadFull(rc, make([]byte, desc.Size))
				wantError(t, err, tt.kind, tt.code, `"images.csv"`)
			} else {
				wantError(t, err, tt.kind, tt.code, `"images.csv"`)
			}
			again, err := g.Fetch(t.Context(), desc)
			if err == nil {
				defer again.Close()
				_, err = io.ReadAll(again)
			}
			wantError(t, err, tt.kind, tt.code, `"images.csv"`)
		})
	}
}

// An error of the disk is no change of the file.
func TestGraphFileThatCantBeRead(t *testing.T) {
	r, files := fixture()
	l := &lyingFS{files, "images.csv", files["images.csv"].Data, nil}
	g, err := artifact.BuildBundle(t.Context(), r, l, artifact.BuildOptions{})
	if err != nil {
		t.Fatal(err)
	}
	l.data, l.err = l.data[:5], errors.New("input/output error")
	i := slices.IndexFunc(g.Nodes(), func(d ocispec.Descriptor) bool { return d.MediaType == "text/csv" })
	rc, err := g.Fetch(t.Context(), g.Nodes()[i])
	if err != nil {
		t.Fatal(err)
	}
	defer rc.Close()
	_, err = io.ReadAll(rc)
	wantError(t, err, recap.Local, "unreadable", "input/output error")
}

func TestGraphConcurrently(t *testing.T) {
	g := build(t)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for _, desc := range g.Nodes() {
				if raw, err := content.FetchAll(t.Context(), g, desc); err != nil || int64(len(raw)) != desc.Size {
					t.Errorf("%s: %v", desc.Digest, err)
				}
			}
		})
	}
	wg.Wait()
}

// What is built goes into oras's own store and comes back out as it was.
func TestGraphIntoOrasStore(t *testing.T) {
	g := build(t)
	m := memory.New()
	for _, desc := range g.Nodes() {
		rc, err := g.Fetch(t.Context(), desc)
		if err != nil {
			t.Fatal(err)
		}
		if err := m.Push(t.Context(), desc, rc); err != nil {
			t.Fatal(err)
		}
		rc.Close()
	}
	successors, err := content.Successors(t.Context(), m, g.Root)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(g.Bundle().Node.Children(), successors); diff != "" {
		t.Errorf("children as oras sees them (-want +got):\n%s", diff)
	}
	b, err := artifact.Open(t.Context(), m, g.Root)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(g.Bundle(), b); diff != "" {
		t.Errorf("Open (-built +opened):\n%s", diff)
	}
	_, err = artifact.Open(t.Context(), memory.New(), g.Root)
	wantError(t, err, recap.NotFound, "not-found", string(g.Root.Digest))
}
