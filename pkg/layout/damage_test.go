// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package layout_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/recap-oci/recap/pkg/layout"
	"github.com/recap-oci/recap/pkg/recap"
)

// Everything that can stand in the place of a blob is seen, and mended by a
// push.
func TestDamagedBlob(t *testing.T) {
	i := newBlob("text/plain", "0123456789")
	for name, c := range map[string]struct {
		damage func(t *testing.T, path string)
		exists bool // before anybody has read it
		kind   recap.Kind
		code   string
		found  string // by Check
	}{
		"flipped bit": {func(t *testing.T, p string) { write(t, p, "0123456788") }, true, recap.Integrity, "digest-mismatch", "digest-mismatch"},
		"cut off":     {func(t *testing.T, p string) { write(t, p, "01234") }, false, recap.Integrity, "size-mismatch", "digest-mismatch"},
		"too long":    {func(t *testing.T, p string) { write(t, p, "0123456789+") }, false, recap.Integrity, "size-mismatch", "digest-mismatch"},
		"zero length": {func(t *testing.T, p string) { write(t, p, "") }, false, recap.Integrity, "size-mismatch", "digest-mismatch"},
		"symbolic link to the content": {func(t *testing.T, p string) {
			outside := filepath.Join(t.TempDir(), "outside")
			write(t, outside, "0123456789")
			replaceBySymlink(t, outside, p)
		}, false, recap.Unsafe, "not-a-regular-file", "not-a-regular-file"},
		"directory with content": {func(t *testing.T, p string) {
			if err := errors.Join(os.Remove(p), os.MkdirAll(filepath.Join(p, "sub"), 0o755)); err != nil {
				t.Fatal(err)
			}
		}, false, recap.Unsafe, "not-a-regular-file", "not-a-regular-file"},
		"pipe": {replaceByPipe, false, recap.Unsafe, "not-a-regular-file", "not-a-regular-file"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "l")
			s := create(t, path)
			push(t, s, i)
			c.damage(t, blobPath(path, i.Digest))
			before, err := os.Lstat(blobPath(path, i.Digest))
			if err != nil {
				t.Fatal(err)
			}
			var told []layout.Damage
			s, err = layout.Open(path, layout.Options{OnDamage: func(d layout.Damage) { told = append(told, d) }})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			if got, err := s.Exists(t.Context(), i.Descriptor); got != c.exists || err != nil {
				t.Errorf("Exists: got %v, %v; want %v", got, err, c.exists)
			}
			got, err := fetch(t, s, i.Descriptor)
			wantError(t, err, c.kind, c.code, i.Digest.Encoded(), path)
			if len(got) == len(i.data) {
				t.Errorf("Fetch returned everything, %q, before it failed", got)
			}
			if exists, err := s.Exists(t.Context(), i.Descriptor); exists || err != nil {
				t.Errorf("Exists once it is known: got %v, %v", exists, err)
			}
			if diff := cmp.Diff(map[string]string{blobName(i.Digest): c.found}, codes(check(t, s))); diff != "" {
				t.Errorf("Check (-want +got):\n%s", diff)
			}
			if err := s.Push(t.Context(), i.Descriptor, bytes.NewReader(i.data)); err != nil {
				t.Fatalf("Push: %v", err)
			}
			if got, err := fetch(t, s, i.Descriptor); err != nil || string(got) != string(i.data) {
				t.Errorf("after Push: got %q, %v", got, err)
			}
			if exists, err := s.Exists(t.Context(), i.Descriptor); !exists || err != nil {
				t.Errorf("Exists after Push: got %v, %v", exists, err)
			}
			if d := check(t, s); len(d) != 0 {
				t.Errorf("Check after Push: %v", d)
			}
			if len(told) != 1 || told[0].Code != c.code || told[0].Path != blobName(i.Digest) {
				t.Fatalf("told of %v, want %s", told, c.code)
			}
			after, err := os.Lstat(filepath.Join(path, told[0].MovedTo))
			if err != nil || !os.SameFile(before, after) {
				t.Errorf("what was there isn't at %s: %v", told[0].MovedTo, err)
			}
		})
	}
}

// Who reads exactly as many bytes as the descriptor says has verified them.
func TestFetchHoldsBackTheEndOfDamagedContent(t *testing.T) {
	i := newBlob("text/plain", strings.Repeat("x", 1000))
	path := filepath.Join(t.TempDir(), "l")
	push(t, create(t, path), i)
	write(t, blobPath(path, i.Digest), strings.Repeat("x", 999)+"y")
	r, err := open(t, path).Fetch(t.Context(), i.Descriptor)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	n, err := io.ReadFull(r, make([]byte, i.Size))
	wantError(t, err, recap.Integrity, "digest-mismatch", i.Digest.String())
	if int64(n) == i.Size {
		t.Error("all bytes were returned")
	}
}

func TestOneDamagedBlobLeavesTheRestUsable(t *testing.T) {
	path := filepath.Join(t.TempDir(), "l")
	s := create(t, path)
	a, b := newManifest(t, nil, "a"), newManifest(t, nil, "b")
	push(t, s, emptyConfig, a, b)
	tag(t, s, a, "a")
	tag(t, s, b, "b")
	write(t, blobPath(path, a.Digest), "")
	s = open(t, path)
	if _, err := fetch(t, s, mustResolve(t, s, "b")); err != nil {
		t.Errorf("the good one: %v", err)
	}
	tag(t, s, b, "c")
	_, err := fetch(t, s, mustResolve(t, s, "a"))
	wantError(t, err, recap.Integrity, "size-mismatch", a.Digest.String())
	push(t, s, a)
	if _, err := fetch(t, s, mustResolve(t, s, "a")); err != nil {
		t.Errorf("mended: %v", err)
	}
}

func TestCheckNamesWhatIsMissing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "l")
	s := create(t, path)
	layer := newBlob("text/plain", "layer")
	a, b := newManifest(t, nil, "a", layer), newManifest(t, nil, "b")
	pack := newIndex(t, a, b)
	push(t, s, emptyConfig, layer, a, b, pack)
	tag(t, s, pack, "v1")
	for _, i := range []item{layer, b} {
		if err := os.Remove(blobPath(path, i.Digest)); err != nil {
			t.Fatal(err)
		}
	}
	write(t, filepath.Join(path, "blobs", "sha256", "README"), "not a blob")
	got := check(t, open(t, path))
	want := map[string]string{blobName(layer.Digest): "missing", blobName(b.Digest): "missing", "blobs/sha256/README": "unexpected-file"}
	if diff := cmp.Diff(want, codes(got)); diff != "" {
		t.Errorf("Check (-want +got):\n%s", diff)
	}
	for _, d := range got {
		if d.Digest == layer.Digest && !strings.Contains(d.What, a.Digest.String()) {
			t.Errorf("%v doesn't say who needs it", d)
		}
	}
}

func TestCheckOfAnIndexThatBrokeMeanwhile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "l")
	s := create(t, path)
	write(t, filepath.Join(path, "index.json"), "{")
	write(t, filepath.Join(path, "oci-layout"), "")
	want := map[string]string{"index.json": "bad-index", "oci-layout": "bad-layout"}
	if diff := cmp.Diff(want, codes(check(t, s))); diff != "" {
		t.Errorf("Check (-want +got):\n%s", diff)
	}
}

// Whatever is wrong with the files of a layout is said, and never mended by
// throwing away what they may hold.
func TestBrokenLayout(t *testing.T) {
	for name, c := range map[string]struct {
		file, content string
		kind          recap.Kind
		code          string
	}{
		"index empty":             {"index.json", "", recap.Integrity, "bad-index"},
		"index truncated":         {"index.json", `{"schemaVersion":2,"manif`, recap.Integrity, "bad-index"},
		"index interleaved":       {"index.json", `{"med{"mediaType":"application/vnd.oci.image.index.v1+json"}`, recap.Integrity, "bad-index"},
		"index binary":            {"index.json", "\x00\xff\xfe\x01", recap.Integrity, "bad-index"},
		"index null":              {"index.json", "null", recap.Integrity, "bad-index"},
		"index a list":            {"index.json", "[]", recap.Integrity, "bad-index"},
		"index twice":             {"index.json", `{"schemaVersion":2,"manifests":[]}{"schemaVersion":2,"manifests":[]}`, recap.Integrity, "bad-index"},
		"index duplicate key":     {"index.json", `{"schemaVersion":2,"manifests":[],"manifests":[]}`, recap.Integrity, "bad-index"},
		"index case variant":      {"index.json", `{"schemaVersion":2,"Manifests":[]}`, recap.Integrity, "bad-index"},
		"index of version 1":      {"index.json", `{"schemaVersion":1,"manifests":[]}`, recap.Integrity, "bad-index"},
		"index of string version": {"index.json", `{"schemaVersion":"2","manifests":[]}`, recap.Integrity, "bad-index"},
		"index is a manifest":     {"index.json", `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","manifests":[]}`, recap.Integrity, "bad-index"},
		"index with layers":       {"index.json", `{"schemaVersion":2,"layers":[],"manifests":[]}`, recap.Integrity, "bad-index"},
		"index too large":         {"index.json", `{"schemaVersion":2,"manifests":[]}` + strings.Repeat(" ", layout.MaxIndexSize), recap.Unsafe, "too-large"},
		"index of bad entries":    {"index.json", `{"schemaVersion":2,"manifests":[` + strings.Repeat("{},", 100) + `{}]}`, recap.Integrity, "bad-index"},
		"layout empty":            {"oci-layout", "", recap.Integrity, "bad-layout"},
		"layout version 2":        {"oci-layout", `{"imageLayoutVersion":"2.0.0"}`, recap.Integrity, "bad-layout"},
		"layout too large":        {"oci-layout", `{"imageLayoutVersion":"1.0.0"}` + strings.Repeat(" ", 4<<10), recap.Unsafe, "too-large"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "l")
			s := create(t, path)
			m := newManifest(t, nil, "x")
			push(t, s, emptyConfig, m)
			write(t, filepath.Join(path, c.file), c.content)
			before := tree(t, path)
			_, err := layout.Open(path, layout.Options{})
			wantError(t, err, c.kind, c.code, path, c.file)
			_, err = layout.Create(path, layout.Options{})
			wantError(t, err, c.kind, c.code, path, c.file)
			if c.file == "index.json" {
				wantError(t, s.Tag(t.Context(), m.Descriptor, "v1"), c.kind, c.code, path, c.file)
			}
			if diff := cmp.Diff(before, tree(t, path)); diff != "" {
				t.Errorf("files (-before +after):\n%s", diff)
			}
		})
	}
}

func TestIndexAtTheLimit(t *testing.T) {
	path := filepath.Join(t.TempDir(), "l")
	create(t, path)
	const index = `{"schemaVersion":2,"manifests":[]}`
	write(t, filepath.Join(path, "index.json"), index+strings.Repeat(" ", layout.MaxIndexSize-len(index)))
	open(t, path)
}

func TestWhatIsNoLayout(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	write(t, at("file"), "just a file")
	if err := os.Mkdir(at("others"), 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(at("others"), "thesis.doc"), "years of work")
	if err := os.Mkdir(at("empty"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		open func(string, layout.Options) (*layout.Store, error)
		path string
		kind recap.Kind
		code string
	}{
		"open nothing":                {layout.Open, "absent", recap.NotFound, "not-found"},
		"open an empty directory":     {layout.Open, "empty", recap.NotFound, "not-a-layout"},
		"open somebody's directory":   {layout.Open, "others", recap.NotFound, "not-a-layout"},
		"create in somebody's":        {layout.Create, "others", recap.Local, "not-a-layout"},
		"open a file":                 {layout.Open, "file", recap.Integrity, "bad-archive"},
		"create over a file":          {layout.Create, "file", recap.Local, "bad-archive"},
		"create below a file":         {layout.Create, "file/l", recap.Local, "not-a-directory"},
		"create a compressed archive": {layout.Create, "x.tar.gz", recap.Usage, "compressed-archive"},
	} {
		t.Run(name, func(t *testing.T) {
			before := tree(t, dir)
			_, err := c.open(at(c.path), layout.Options{})
			wantError(t, err, c.kind, c.code, c.path)
			if diff := cmp.Diff(before, tree(t, dir)); diff != "" {
				t.Errorf("files (-before +after):\n%s", diff)
			}
		})
	}
	if s := create(t, at("empty")); len(check(t, s)) != 0 {
		t.Error("an empty directory can't become a layout")
	}
}

func TestFileWhereADirectoryShouldBe(t *testing.T) {
	path := filepath.Join(t.TempDir(), "l")
	create(t, path)
	if err := os.RemoveAll(filepath.Join(path, "blobs")); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(path, "blobs"), "")
	_, err := layout.Open(path, layout.Options{})
	wantError(t, err, recap.Unsafe, "not-a-directory", path, "blobs")
}

func TestLinkWhereTheBlobsShouldBe(t *testing.T) {
	path := filepath.Join(t.TempDir(), "l")
	create(t, path)
	if err := os.RemoveAll(filepath.Join(path, "blobs")); err != nil {
		t.Fatal(err)
	}
	replaceBySymlink(t, t.TempDir(), filepath.Join(path, "blobs"))
	_, err := layout.Open(path, layout.Options{})
	wantError(t, err, recap.Unsafe, "not-a-directory", path, "symbolic link")
}

func TestReadOnlyDirectory(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root may write everywhere")
	}
	path := filepath.Join(t.TempDir(), "l")
	s := create(t, path)
	m := newManifest(t, nil, "x")
	push(t, s, emptyConfig, m)
	tag(t, s, m, "v1")
	if err := os.Chmod(path, 0o555); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Chmod(path, 0o755) })
	s = open(t, path)
	if _, err := fetch(t, s, mustResolve(t, s, "v1")); err != nil {
		t.Errorf("reading: %v", err)
	}
	wantError(t, s.Tag(t.Context(), m.Descriptor, "v2"), recap.Local, "permission", path)
	i := newBlob("text/plain", "x")
	wantError(t, s.Push(t.Context(), i.Descriptor, bytes.NewReader(i.data)), recap.Local, "permission", path)
}
