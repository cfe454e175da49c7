// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package transfer_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content/memory"
	"oras.land/oras-go/v2/errdef"

	"github.com/recap-oci/recap/pkg/artifact"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/recaptest"
	"github.com/recap-oci/recap/pkg/transfer"
	"github.com/recap-oci/recap/pkg/trust"
)

// pictures is a file system of one document and two files of 45 KB, made while
// they are read.
type pictures struct{ seed int }

func (p pictures) Open(name string) (fs.File, error) {
	files := fstest.MapFS{"images/none.png": {}}
	switch name {
	case "index.md":
		files[name] = &fstest.MapFile{Data: fmt.Appendf(nil, "# Recap %d\n", p.seed)}
	case "images/a.png", "images/b.png":
		files[name] = &fstest.MapFile{Data: bytes.Repeat(fmt.Appendf(nil, "%s of %06d;", name, p.seed), 2000)}
	}
	return files.Open(name)
}

// largePack makes a pack of n recaps of three files and some 94 KB.
func largePack(t testing.TB, n int) *artifact.Graph {
	t.Helper()
	members := make([]artifact.Member, n)
	for i := range members {
		slug := fmt.Sprintf("recap-%04d", i)
		r := &recap.Recap{Title: slug, Slug: slug, Facts: recap.Facts{APIVersion: recap.APIVersion, Event: recap.Event{Name: slug}}}
		for _, path := range []string{"index.md", "images/a.png", "images/b.png"} {
			mediaType := recap.MediaTypeOf(path)
			r.Files = append(r.Files, recap.File{Path: path, MediaType: mediaType, Role: recap.RoleOf(path, mediaType)})
		}
		g, err := artifact.BuildBundle(t.Context(), r, pictures{i}, artifact.BuildOptions{})
		if err != nil {
			t.Fatal(err)
		}
		members[i] = g.Member()
	}
	views := []artifact.View{{Path: "llms.txt", MediaType: "text/markdown", Raw: []byte("# All\n")}}
	g, err := artifact.BuildPack(t.Context(), &recap.Pack{Name: "large", Version: "1.0.0"}, members, views, artifact.PackOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// sink keeps manifests and configs, and of other blobs nothing.
type sink struct{ *memory.Store }

func (s sink) Push(ctx context.Context, desc ocispec.Descriptor, r io.Reader) error {
	if recap.IsManifest(desc.MediaType) || desc.MediaType == recap.MediaTypeConfig || desc.MediaType == recap.MediaTypePackConfig {
		return s.Store.Push(ctx, desc, r)
	}
	_, err := io.Copy(io.Discard, r)
	return err
}

// spring is a source and store that has what sink has kept, and makes files anew.
type spring struct {
	sink
	g *artifact.Graph
}

func (s spring) Fetch(ctx context.Context, desc ocispec.Descriptor) (io.ReadCloser, error) {
	rc, err := s.g.Fetch(ctx, desc)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errdef.ErrNotFound, err)
	}
	return rc, nil
}

// peak returns the most heap that fn held beyond what was held before, looked at
// whenever it tells of an event.
func peak(t testing.TB, fn func(onEvent func(transfer.Event))) uint64 {
	t.Helper()
	var before runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var most, events atomic.Uint64
	fn(func(transfer.Event) {
		if events.Add(1)%64 != 0 {
			return
		}
		var now runtime.MemStats
		runtime.ReadMemStats(&now)
		for {
			old := most.Load()
			if now.HeapInuse <= old || most.CompareAndSwap(old, now.HeapInuse) {
				return
			}
		}
	})
	return max(most.Load(), before.HeapInuse) - before.HeapInuse
}

// A pack of 1,000 recaps, 3,000 files and 94 MB is pushed and pulled without
// being held.
func TestPackStreams(t *testing.T) {
	if testing.Short() {
		t.Skip("a thousand recaps, measured without the race detector")
	}
	if testing.Short() {
		t.Skip("writes 94 MB")
	}
	const members, bound = 1000, 128 << 20
	g := largePack(t, members)
	dst := sink{memory.New()}
	most := peak(t, func(onEvent func(transfer.Event)) {
		if _, err := transfer.Push(t.Context(), g, dst, []string{"1.0.0"}, transfer.Unsigned{}, transfer.PushOptions{OnEvent: onEvent}); err != nil {
			t.Fatal(err)
		}
	})
	if t.Logf("push: %d MiB", most>>20); most > bound {
		t.Errorf("a push held %d MiB", most>>20)
	}
	src := spring{dst, g}
	most = peak(t, func(onEvent func(transfer.Event)) {
		result, err := transfer.Pull(t.Context(), src, trust.UnverifiedUnsafe(g.Root), src, filepath.Join(t.TempDir(), "dir"), transfer.PullOptions{OnEvent: onEvent})
		if err != nil {
			t.Fatal(err)
		}
		if len(result.Files) != 3*members {
			t.Errorf("wrote %d files", len(result.Files))
		}
	})
	if t.Logf("pull: %d MiB", most>>20); most > bound {
		t.Errorf("a pull held %d MiB", most>>20)
	}
}

// A cold push keeps the wire full: the files of all members go side by side, then
// all manifests, then the root.
func TestPushPackSideBySide(t *testing.T) {
	reg := recaptest.NewRegistry(t, recaptest.RegistryOptions{HoldAnswers: true})
	var bundles []*artifact.Graph
	for i := range 4 { // 15 blobs, as many as a client begins with at once
		slug := fmt.Sprintf("recap-%d", i)
		bundles = append(bundles, buildAs(t, slug, slug, contents{"index.md": "# " + slug, "a.txt": slug + " a"}))
	}
	push(t, packOf(t, "1.0.0", bundles...), open(t, reg, "team/pack"), "1.0.0")
	// The tag and the list; POST, PUT of every blob; manifests; the root.
	if depth := reg.Depth(); depth > 5 {
		t.Errorf("%d rounds: %v", depth, reg.Counts())
	}
	last := map[string]int{} // the last round of each kind
	first := map[string]int{}
	for _, r := range reg.Journal() {
		kind := r.Method + " " + string(r.Kind)
		last[kind] = max(last[kind], r.Round)
		if first[kind] == 0 {
			first[kind] = r.Round
		}
	}
	if last["PUT upload"] >= first["PUT manifest"] || last["PUT manifest"]-first["PUT manifest"] != 1 {
		t.Errorf("first rounds %v, last %v", first, last)
	}
	if journal := reg.Journal(); !strings.HasSuffix(journal[len(journal)-1].Path, "/manifests/1.0.0") {
		t.Error("the tag isn't last")
	}
}
