// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package transfer_test

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"oras.land/oras-go/v2"
	"oras.land/oras-go/v2/content/memory"

	"github.com/recap-oci/recap/pkg/artifact"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/recaptest"
	"github.com/recap-oci/recap/pkg/transfer"
	"github.com/recap-oci/recap/pkg/trust"
)

// w1 is one recap of 12 KB Markdown and five images of 300 KB; n makes it
// another than the ones before.
func w1(n int) contents {
	files := contents{"index.md": fmt.Sprintf("# Recap %d\n", n) + strings.Repeat("A line of text.\n", 750)}
	for i := range 5 {
		files[fmt.Sprintf("images/%d.png", i)] = fmt.Sprintf("%d %d", n, i) + strings.Repeat("\x89image", 50_000)
	}
	return files
}

func BenchmarkPushW1(b *testing.B) {
	for name, dst := range destinations(b) {
		b.Run(name, func(b *testing.B) {
			n := 0
			for b.Loop() {
				n++
				b.StopTimer()
				g := build(b, w1(n))
				b.StartTimer()
				push(b, g, dst(b), fmt.Sprintf("%d.0.0", n))
			}
		})
	}
}

func BenchmarkPullW1(b *testing.B) {
	for name, dst := range destinations(b) {
		b.Run(name, func(b *testing.B) {
			push(b, build(b, w1(0)), dst(b), "1.0.0")
			parent := b.TempDir()
			n := 0
			for b.Loop() {
				n++
				mustPull(b, resolve(b, dst(b), "1.0.0"), filepath.Join(parent, fmt.Sprint(n)), transfer.PullOptions{})
			}
		})
	}
}

// destinations are a registry in this process and a layout; each call opens
// them as a new command would.
func destinations(b *testing.B) map[string]func(testing.TB) oras.GraphTarget {
	reg := recaptest.NewRegistry(b, recaptest.RegistryOptions{})
	path := filepath.Join(b.TempDir(), "layout")
	return map[string]func(testing.TB) oras.GraphTarget{
		"registry": func(t testing.TB) oras.GraphTarget { return open(t, reg, "bench/event") },
		"layout":   func(t testing.TB) oras.GraphTarget { return openLayout(t, path) },
	}
}

// endless is a file system with one document and one file of zeros, which is
// nowhere but while it is read.
type endless struct{ size int64 }

func (e endless) Open(name string) (fs.File, error) {
	if name != "zeros.bin" {
		return fstest.MapFS{"index.md": {Data: []byte("# Large\n")}}.Open(name)
	}
	return &zeros{left: e.size, size: e.size}, nil
}

type zeros struct{ left, size int64 }

func (z *zeros) Read(p []byte) (int, error) {
	if z.left == 0 {
		return 0, io.EOF
	}
	n := min(int64(len(p)), z.left)
	clear(p[:n])
	z.left -= n
	return int(n), nil
}

func (z *zeros) Stat() (fs.FileInfo, error) { return z, nil }
func (z *zeros) Close() error               { return nil }
func (z *zeros) Name() string               { return "zeros.bin" }
func (z *zeros) Size() int64                { return z.size }
func (z *zeros) Mode() fs.FileMode          { return 0o644 }
func (z *zeros) ModTime() time.Time         { return time.Time{} }
func (z *zeros) IsDir() bool                { return false }
func (z *zeros) Sys() any                   { return nil }

func buildLarge(t testing.TB, size int64) *artifact.Graph {
	t.Helper()
	r := &recap.Recap{
		Title: "Large", Slug: "large", Facts: recap.Facts{APIVersion: recap.APIVersion, Event: recap.Event{Name: "Large"}},
		Files: []recap.File{
			{Path: "index.md", MediaType: recap.MediaTypeDocument, Role: recap.RoleDocument},
			{Path: "zeros.bin", MediaType: "application/octet-stream", Role: recap.RoleAttachment},
		},
	}
	g, err := artifact.BuildBundle(t.Context(), r, endless{size}, artifact.BuildOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// largePath builds a bundle with a file of size bytes, pushes it into a layout,
// copies that to another and pulls it. It returns the most memory it held.
func largePath(t testing.TB, size int64) uint64 {
	t.Helper()
	runtime.GC() // what tests before this one left is none of its business
	runtime.GC() // and what lies in pools goes only the second time
	var most atomic.Uint64
	measure := func(transfer.Event) {
		var stats runtime.MemStats
		runtime.ReadMemStats(&stats)
		for {
			before := most.Load()
			if stats.HeapInuse <= before || most.CompareAndSwap(before, stats.HeapInuse) {
				return
			}
		}
	}
	dir := t.TempDir()
	one, two := openLayout(t, filepath.Join(dir, "one")), openLayout(t, filepath.Join(dir, "two"))
	g := buildLarge(t, size)
	_, err := transfer.Push(t.Context(), g, one, []string{"1"}, transfer.Unsigned{}, transfer.PushOptions{OnEvent: measure})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := transfer.Copy(t.Context(), one, g.Root, two, []string{"1"}, transfer.CopyOptions{OnEvent: measure}); err != nil {
		t.Fatal(err)
	}
	pinned := resolve(t, two, "1")
	_, err = transfer.Pull(t.Context(), pinned, trust.UnverifiedUnsafe(pinned.Root()), one, filepath.Join(dir, "pulled"), transfer.PullOptions{OnEvent: measure})
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(filepath.Join(dir, "pulled", "zeros.bin")); err != nil || info.Size() != size {
		t.Fatalf("pulled %v, %v", info, err)
	}
	return most.Load()
}

// A file streams, whatever its size. The bound is far below the size and far
// above what buffers take.
func TestLargeFilesStream(t *testing.T) {
	if testing.Short() {
		t.Skip("writes 192 MB")
	}
	const size, bound = 64 << 20, 32 << 20
	if most := largePath(t, size); most > bound {
		t.Errorf("held %d MiB for a file of %d MiB", most>>20, size>>20)
	} else {
		t.Logf("held %d MiB for a file of %d MiB", most>>20, size>>20)
	}
}

func BenchmarkLargeFile(b *testing.B) {
	const size = 256 << 20
	b.SetBytes(3 * size)
	var most uint64
	for b.Loop() {
		most = max(most, largePath(b, size))
	}
	b.ReportMetric(float64(most>>20), "MiB-heap")
}

func BenchmarkPushAgainW1(b *testing.B) {
	dst := memory.New()
	g := build(b, w1(0))
	push(b, g, dst, "1.0.0")
	b.ReportAllocs()
	for b.Loop() {
		push(b, g, dst, "1.0.0")
	}
}
