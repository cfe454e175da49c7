// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package artifact_test

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/recap-oci/recap/pkg/artifact"
	"github.com/recap-oci/recap/pkg/recap"
)

// zeros is a file of size bytes that nobody stored.
type zeros struct {
	size int64
	left int64
}

func (z *zeros) Stat() (fs.FileInfo, error) { return z, nil }
func (z *zeros) Close() error               { return nil }
func (z *zeros) Name() string               { return "zeros" }
func (z *zeros) Size() int64                { return z.size }
func (z *zeros) Mode() fs.FileMode          { return 0o644 }
func (z *zeros) ModTime() time.Time         { return time.Time{} }
func (z *zeros) IsDir() bool                { return false }
func (z *zeros) Sys() any                   { return nil }

func (z *zeros) Read(p []byte) (int, error) {
	if z.left == 0 {
		return 0, io.EOF
	}
	n := int(min(int64(len(p)), z.left))
	clear(p[:n])
	z.left -= int64(n)
	return n, nil
}

// zerosFS has, beside others, files of zeros.
type zerosFS struct {
	fstest.MapFS
	size int64
}

func (z zerosFS) Open(name string) (fs.File, error) {
	if strings.HasSuffix(name, ".zeros") {
		return &zeros{z.size, z.size}, nil
	}
	return z.MapFS.Open(name)
}

func (z zerosFS) Lstat(name string) (fs.FileInfo, error) {
	if strings.HasSuffix(name, ".zeros") {
		return &zeros{size: z.size}, nil
	}
	return z.MapFS.Lstat(name)
}

func large(size int64, count int) (*recap.Recap, fs.FS) {
	r, files := fixture()
	for i := range count {
		r.Files = append(r.Files, recap.File{Path: fmt.Sprintf("%d.zeros", i), MediaType: "application/octet-stream", Role: recap.RoleAttachment})
	}
	return r, zerosFS{files, size}
}

// No file is held in memory: what building and fetching allocate doesn't grow
// with it.
func TestMemory(t *testing.T) {
	allocated := func(size int64) uint64 {
		r, files := large(size, 2)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		g, err := artifact.BuildBundle(t.Context(), r, files, artifact.BuildOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for _, desc := range g.Nodes() {
			rc, err := g.Fetch(t.Context(), desc)
			if err != nil {
				t.Fatal(err)
			}
			if n, err := io.Copy(io.Discard, rc); err != nil || n != desc.Size {
				t.Fatalf("%d of %d bytes: %v", n, desc.Size, err)
			}
			rc.Close()
		}
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc
	}
	allocated(1) // what happens once
	small, big := allocated(1<<10), allocated(64<<20)
	if big > small+1<<20 {
		t.Errorf("two files of 64 MiB cost %d bytes, two of 1 KiB %d", big, small)
	}
}

func BenchmarkBuildBundle(b *testing.B) {
	bench := func(b *testing.B, r *recap.Recap, files fs.FS, bytes int64) {
		b.ReportAllocs()
		b.SetBytes(bytes)
		for b.Loop() {
			if _, err := artifact.BuildBundle(b.Context(), r, files, artifact.BuildOptions{}); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.Run("12KB+5x300KB", func(b *testing.B) {
		r := &recap.Recap{Title: "T", Slug: "t", Files: []recap.File{{Path: "index.md", MediaType: "text/markdown", Role: recap.RoleDocument}}}
		files := fstest.MapFS{"index.md": {Data: make([]byte, 12<<10)}}
		for i := range 5 {
			name := fmt.Sprintf("images/%d.png", i)
			r.Files = append(r.Files, recap.File{Path: name, MediaType: "image/png", Role: recap.RoleImage})
			files[name] = &fstest.MapFile{Data: bytes.Repeat([]byte{byte(i)}, 300<<10)}
		}
		bench(b, r, files, 12<<10+5*300<<10)
	})
	b.Run("1GiB", func(b *testing.B) {
		r, files := large(1<<30, 1)
		bench(b, r, files, 1<<30)
	})
}
