// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package layout_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/recap-oci/recap/pkg/layout"
	"github.com/recap-oci/recap/pkg/recap"
)

func cache(t testing.TB, path string) *layout.Store {
	t.Helper()
	s, err := layout.Create(path, layout.Options{Cache: true})
	if err != nil {
		t.Fatalf("Create(%q) as a cache: %v", path, err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// What is damaged goes to the quarantine, and what needs it is told apart from
// what nobody needs.
func TestRepair(t *testing.T) {
	path := filepath.Join(t.TempDir(), "l")
	s := create(t, path)
	layer, loose := newBlob("text/plain", "layer"), newBlob("text/plain", "loose")
	m, other := newManifest(t, nil, "m", layer), newManifest(t, nil, "other")
	push(t, s, emptyConfig, layer, loose, m, other)
	tag(t, s, m, "v1")
	tag(t, s, other, "other")
	s.Close()
	write(t, blobPath(path, layer.Digest), "Layer")
	write(t, blobPath(path, loose.Digest), "l")
	write(t, filepath.Join(path, "blobs", "sha256", "README"), "not a blob")
	s = open(t, path)
	found, err := s.Repair(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	mended := make(map[string]bool)
	for _, d := range found {
		mended[d.Path] = d.Mended
		if d.Code == "unexpected-file" && d.MovedTo == "" && d.Harmless() {
			continue
		}
		data, err := os.ReadFile(filepath.Join(path, d.MovedTo))
		if err != nil || d.MovedTo == "" || len(data) == 0 {
			t.Errorf("%s: moved to %q: %q, %v", d, d.MovedTo, data, err)
		}
	}
	// A tag needs the layer.
	want := map[string]bool{blobName(layer.Digest): false, blobName(loose.Digest): true, "blobs/sha256/README": false}
	if diff := cmp.Diff(want, mended); diff != "" {
		t.Errorf("mended (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]string{blobName(layer.Digest): "missing", "blobs/sha256/README": "unexpected-file"}, codes(check(t, s))); diff != "" {
		t.Errorf("Check (-want +got):\n%s", diff)
	}
	if got := tree(t, path)[filepath.FromSlash("blobs/sha256/README")]; got != "not a blob" {
		t.Errorf("somebody's README: %q", got)
	}
	push(t, s, layer)
	if found, err := s.Repair(t.Context()); len(found) != 1 || found[0].Code != "unexpected-file" || err != nil {
		t.Errorf("once more: %v, %v", found, err)
	}
	if diff := cmp.Diff([]string{"other", "v1"}, tags(t, s)); diff != "" {
		t.Errorf("tags (-want +got):\n%s", diff)
	}
}

// In a cache nobody takes for whole what isn't, and all is well after a repair.
func TestRepairOfACache(t *testing.T) {
	path := filepath.Join(t.TempDir(), "l")
	s := cache(t, path)
	layer := newBlob("text/plain", "layer")
	m, other := newManifest(t, nil, "m", layer), newManifest(t, nil, "other")
	sig := newManifest(t, &m.Descriptor, "sig")
	push(t, s, emptyConfig, layer, m, other, sig)
	commit(t, s)
	s.Close()
	write(t, blobPath(path, layer.Digest), "Layer")
	s, err := layout.Open(path, layout.Options{Cache: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	found, err := s.Repair(t.Context())
	if err != nil || len(found) != 1 || !found[0].Mended {
		t.Errorf("got %v, %v", found, err)
	}
	if d := check(t, s); len(d) != 0 {
		t.Errorf("Check: %v", d)
	}
	if index := tree(t, path)["index.json"]; strings.Contains(index, m.Digest.String()+`","size`) || !strings.Contains(index, other.Digest.String()) {
		t.Errorf("index.json: %s", index)
	}
	// The next pull lists it again.
	s = cache(t, path)
	push(t, s, layer, m)
	commit(t, s)
	if index := tree(t, path)["index.json"]; !strings.Contains(index, m.Digest.String()) {
		t.Errorf("index.json after a push: %s", index)
	}
}

func TestRepairRefuses(t *testing.T) {
	dir := t.TempDir()
	path, archive := filepath.Join(dir, "l"), filepath.Join(dir, "l.tar")
	before(t, archive)
	s := open(t, archive)
	_, err := s.Repair(t.Context())
	wantError(t, err, recap.Usage, "is-an-archive", archive)
	for _, dry := range []bool{false, true} {
		_, err = s.Prune(t.Context(), layout.PruneOptions{DryRun: dry})
		wantError(t, err, recap.Usage, "is-an-archive", archive)
	}

	create(t, path) // somebody writes
	s, err = layout.Open(path, layout.Options{LockTimeout: time.Nanosecond})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	_, err = s.Repair(t.Context())
	wantError(t, err, recap.Local, "busy", path)
	_, err = s.Prune(t.Context(), layout.PruneOptions{})
	wantError(t, err, recap.Local, "busy", path)
	if _, err := s.Prune(t.Context(), layout.PruneOptions{DryRun: true}); err != nil {
		t.Errorf("finding out what would go: %v", err)
	}
}

// A quarantine that leads elsewhere isn't used.
func TestQuarantineIsALink(t *testing.T) {
	path, outside := filepath.Join(t.TempDir(), "l"), t.TempDir()
	i := newBlob("text/plain", "0123456789")
	s := create(t, path)
	push(t, s, i)
	write(t, blobPath(path, i.Digest), "x")
	link := filepath.Join(path, ".recap-quarantine")
	write(t, link, "")
	replaceBySymlink(t, outside, link)
	err := s.Push(t.Context(), i.Descriptor, bytes.NewReader(i.data))
	wantError(t, err, recap.Unsafe, "not-a-directory", "quarantine")
	if got := tree(t, outside); len(got) != 0 {
		t.Errorf("written through the link: %v", got)
	}
	_, err = open(t, path).Prune(t.Context(), layout.PruneOptions{DryRun: true})
	wantError(t, err, recap.Unsafe, "not-a-directory", "quarantine")
}

// Whatever happened to the files that make a layout of a cache, it is usable
// again, what it had is kept, and its blobs aren't fetched again.
func TestCacheBeginsAnew(t *testing.T) {
	for name, c := range map[string]struct {
		damage func(t *testing.T, path string)
		moved  string // into the quarantine
	}{
		"index empty":   {func(t *testing.T, p string) { write(t, filepath.Join(p, "index.json"), "") }, "index.json"},
		"index cut off": {func(t *testing.T, p string) { write(t, filepath.Join(p, "index.json"), `{"schemaVersion":2,"man`) }, "index.json"},
		"index garbage": {func(t *testing.T, p string) { write(t, filepath.Join(p, "index.json"), "\x00\xff") }, "index.json"},
		"index missing": {func(t *testing.T, p string) { remove(t, filepath.Join(p, "index.json")) }, ""},
		"index entry too large": {func(t *testing.T, p string) {
			write(t, filepath.Join(p, "index.json"), strings.Replace(tree(t, p)["index.json"], `"manifests":[`, `"manifests":[{"size":-1},`, 1))
		}, "index.json"},
		"layout missing":     {func(t *testing.T, p string) { remove(t, filepath.Join(p, "oci-layout")) }, ""},
		"layout empty":       {func(t *testing.T, p string) { write(t, filepath.Join(p, "oci-layout"), "") }, "oci-layout"},
		"layout of the moon": {func(t *testing.T, p string) { write(t, filepath.Join(p, "oci-layout"), `{"imageLayoutVersion":"9"}`) }, "oci-layout"},
		"index a pipe":       {func(t *testing.T, p string) { replaceByPipe(t, filepath.Join(p, "index.json")) }, "index.json"},
		"index a link": {func(t *testing.T, p string) {
			replaceBySymlink(t, filepath.Join(t.TempDir(), "nowhere"), filepath.Join(p, "index.json"))
		}, "index.json"},
		"index a directory": {func(t *testing.T, p string) {
			remove(t, filepath.Join(p, "index.json"))
			if err := os.Mkdir(filepath.Join(p, "index.json"), 0o755); err != nil {
				t.Fatal(err)
			}
		}, "index.json"},
		"blobs a file": {func(t *testing.T, p string) {
			if err := os.RemoveAll(filepath.Join(p, "blobs")); err != nil {
				t.Fatal(err)
			}
			write(t, filepath.Join(p, "blobs"), "")
		}, "blobs"},
		"blobs a link": {func(t *testing.T, p string) {
			if err := os.RemoveAll(filepath.Join(p, "blobs", "sha256")); err != nil {
				t.Fatal(err)
			}
			write(t, filepath.Join(p, "blobs", "sha256"), "")
			replaceBySymlink(t, t.TempDir(), filepath.Join(p, "blobs", "sha256"))
		}, "blobs/sha256"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "l")
			m := newManifest(t, nil, "m")
			s := cache(t, path)
			push(t, s, emptyConfig, m)
			commit(t, s)
			s.Close()
			c.damage(t, path)
			_, hadBlobs := tree(t, path)[filepath.FromSlash(blobName(m.Digest))]
			var told []layout.Damage
			s, err := layout.Create(path, layout.Options{Cache: true, OnDamage: func(d layout.Damage) { told = append(told, d) }})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			switch {
			case c.moved == "" && len(told) == 0:
			case len(told) != 1 || told[0].Path != c.moved || told[0].Code == "" || told[0].What == "":
				t.Errorf("told of %+v, want %q", told, c.moved)
			default:
				if _, err := os.Lstat(filepath.Join(path, told[0].MovedTo)); err != nil {
					t.Error(err)
				}
			}
			if exists, err := s.Exists(t.Context(), m.Descriptor); exists != hadBlobs || err != nil {
				t.Errorf("Exists: got %v, %v; want %v", exists, err, hadBlobs)
			}
			push(t, s, emptyConfig, m)
			commit(t, s)
			if d := check(t, s); len(d) != 0 {
				t.Errorf("Check: %v", d)
			}
			if index := tree(t, path)["index.json"]; !strings.Contains(index, m.Digest.String()) {
				t.Errorf("index.json: %s", index)
			}
		})
	}
}

// A directory of somebody else's isn't made a cache.
func TestCacheInSomebodysDirectory(t *testing.T) {
	path := t.TempDir()
	write(t, filepath.Join(path, "thesis.doc"), "years of work")
	_, err := layout.Create(path, layout.Options{Cache: true})
	wantError(t, err, recap.Local, "not-a-layout", path)
	if diff := cmp.Diff(map[string]string{"thesis.doc": "years of work"}, tree(t, path)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

// Two that find the same damage mend it once, and lose nothing of each other.
func TestCacheBeginsAnewOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "l")
	cache(t, path).Close()
	write(t, filepath.Join(path, "index.json"), "{")
	const n = 8
	manifests := make([]item, n)
	done := make(chan error, n)
	for i := range n {
		manifests[i] = newManifest(t, nil, strings.Repeat("x", i+1))
		go func() {
			done <- func() error {
				s, err := layout.Create(path, layout.Options{Cache: true})
				if err != nil {
					return err
				}
				defer s.Close() // which takes its locks along, before anybody looks
				if err := ignoreExists(s.Push(context.Background(), emptyConfig.Descriptor, bytes.NewReader(emptyConfig.data))); err != nil {
					return err
				}
				if err := s.Push(context.Background(), manifests[i].Descriptor, bytes.NewReader(manifests[i].data)); err != nil {
					return err
				}
				return s.Commit(context.Background())
			}()
		}()
	}
	for range n {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	files := tree(t, path)
	for _, m := range manifests {
		if !strings.Contains(files["index.json"], m.Digest.String()) {
			t.Errorf("%s isn't listed", m.Digest)
		}
	}
	aside := 0
	for name := range files {
		if strings.HasPrefix(name, ".recap-quarantine") {
			aside++
		}
	}
	if aside != 1 {
		t.Errorf("%d files in the quarantine, want 1: %v", aside, files)
	}
}

func remove(t testing.TB, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}

// While one process puts a good blob in place of a damaged one, others that do the
// same find one or the other, and never nothing.
func TestMendedBlobIsNeverAbsent(t *testing.T) {
	path := filepath.Join(t.TempDir(), "l")
	create(t, path).Close()
	blob := newBlob("text/plain", "content")
	write(t, blobPath(path, blob.Digest), "comtent")
	told := 0
	s, err := layout.Create(path, layout.Options{OnDamage: func(d layout.Damage) {
		told++
		for _, name := range []string{d.Path, d.MovedTo} {
			if data, err := os.ReadFile(filepath.Join(path, name)); err != nil || string(data) != "comtent" {
				t.Errorf("%s holds %q, %v", name, data, err)
			}
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	push(t, s, blob)
	if data, err := os.ReadFile(blobPath(path, blob.Digest)); err != nil || string(data) != "content" {
		t.Errorf("the blob is %q, %v", data, err)
	}
	if told != 1 {
		t.Errorf("told of %d damaged files, want 1", told)
	}
}
