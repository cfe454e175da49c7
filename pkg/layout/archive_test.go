// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package layout_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/recap-oci/recap/pkg/layout"
	"github.com/recap-oci/recap/pkg/recap"
)

// memberOf reads a file of a layout without the package under test.
func memberOf(t *testing.T, path, name string) []byte {
	t.Helper()
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		data, err := os.ReadFile(filepath.Join(path, filepath.FromSlash(name)))
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for tr := tar.NewReader(file); ; {
		hdr, err := tr.Next()
		if err != nil {
			t.Fatalf("%s in %s: %v", name, path, err)
		}
		if hdr.Name == name {
			data, err := io.ReadAll(tr)
			if err != nil {
				t.Fatal(err)
			}
			return data
		}
	}
}

func TestArchiveIsTheSameWhateverTheOrder(t *testing.T) {
	blobs := []item{newBlob("text/plain", "a"), newBlob("text/plain", "b"), emptyConfig}
	m := newManifest(t, nil, "x", blobs[:2]...)
	sigs := []item{newManifest(t, &m.Descriptor, "1"), newManifest(t, &m.Descriptor, "2"), newManifest(t, &m.Descriptor, "3")}
	var archives [][]byte
	for range 2 {
		path := filepath.Join(t.TempDir(), "x.tar")
		s := create(t, path)
		push(t, s, blobs...)
		push(t, s, m)
		push(t, s, sigs...)
		tag(t, s, m, "v1", "latest")
		commit(t, s)
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		archives = append(archives, data)
		slices.Reverse(blobs)
		slices.Reverse(sigs)
	}
	if !bytes.Equal(archives[0], archives[1]) {
		t.Error("two archives of the same content differ")
	}
	for tr := tar.NewReader(bytes.NewReader(archives[0])); ; {
		hdr, err := tr.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if hdr.ModTime.Unix() != 0 || hdr.Uid != 0 || hdr.Uname != "" || hdr.Mode != 0o644 && hdr.Typeflag == tar.TypeReg {
			t.Errorf("header %+v", hdr)
		}
	}
}

func TestUncommittedArchiveLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	s := create(t, filepath.Join(dir, "a", "b", "x.tar"))
	m := newManifest(t, nil, "x")
	push(t, s, emptyConfig, m)
	tag(t, s, m, "v1")
	mustResolve(t, s, "v1")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 0 {
		t.Errorf("left: %v, %v", entries, err)
	}
}

func TestArchiveIsUpdated(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x.tar")
	s := create(t, path)
	a := newManifest(t, nil, "a")
	push(t, s, emptyConfig, a)
	tag(t, s, a, "v1")
	commit(t, s)
	commit(t, s) // nothing new
	if diff := cmp.Diff([]string{"v1"}, tags(t, s)); diff != "" {
		t.Errorf("after Commit (-want +got):\n%s", diff)
	}

	b := newManifest(t, nil, "b")
	first, second := open(t, path), create(t, path)
	push(t, first, b)
	tag(t, first, b, "v2")
	tag(t, second, a, "stable") // no blob at all
	commit(t, second)
	commit(t, first)
	push(t, first, newBlob("text/plain", "never committed"))
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}

	s = open(t, path)
	if diff := cmp.Diff([]string{"stable", "v1", "v2"}, tags(t, s)); diff != "" {
		t.Errorf("both changes (-want +got):\n%s", diff)
	}
	if d := check(t, s); len(d) != 0 {
		t.Errorf("Check: %v", d)
	}
	if files := tree(t, dir); len(files) != 1 {
		t.Errorf("left beside the archive: %q", slices.Collect(keys(files)))
	}
}

func keys(m map[string]string) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// member is one of an archive made for a test.
type member struct {
	tar.Header
	data string
}

func file(name, data string) member {
	return member{tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o644}, data}
}

func pack(t testing.TB, path string, members ...member) {
	t.Helper()
	var out bytes.Buffer
	tw := tar.NewWriter(&out)
	for _, m := range members {
		m.Size = int64(len(m.data))
		if err := tw.WriteHeader(&m.Header); err != nil {
			t.Fatal(err)
		}
		if _, err := tw.Write([]byte(m.data)); err != nil {
			t.Fatal(err)
		}
	}
	if err := tw.Close(); err != nil {
		t.Fatal(err)
	}
	write(t, path, out.String())
}

func minimal(prefix string, more ...member) []member {
	return append([]member{
		file(prefix+"oci-layout", `{"imageLayoutVersion":"1.0.0"}`),
		file(prefix+"index.json", `{"schemaVersion":2,"manifests":[]}`),
	}, more...)
}

// As docker save and podman save write: ./ before the names, names that are full
// references, files that are nobody's.
func TestOthersArchives(t *testing.T) {
	m := newManifest(t, nil, "image")
	entry := `{"mediaType":"` + m.MediaType + `","digest":"` + m.Digest.String() + `","size":` + jsonNumber(m.Size) +
		`,"annotations":{"io.containerd.image.name":"docker.io/library/alpine:3.20","org.opencontainers.image.ref.name":"docker.io/library/alpine:3.20"},"x-own":{"kept":true}}`
	path := filepath.Join(t.TempDir(), "image.tar")
	pack(t, path,
		member{Header: tar.Header{Typeflag: tar.TypeDir, Name: "./", Mode: 0o755}},
		file("./oci-layout", `{"imageLayoutVersion":"1.0.0"}`),
		file("./manifest.json", `[]`),
		member{Header: tar.Header{Typeflag: tar.TypeDir, Name: "./blobs/sha256/", Mode: 0o755}},
		file("./"+blobName(m.Digest), string(m.data)),
		file("./"+blobName(emptyConfig.Digest), "{}"),
		file("./index.json", `{"schemaVersion":2,"manifests":[`+entry+`],"x-tool":"theirs"}`))
	s := open(t, path)
	for _, reference := range []string{"3.20", "docker.io/library/alpine:3.20", m.Digest.String()} {
		if got := mustResolve(t, s, reference); got.Digest != m.Digest || got.Annotations != nil {
			t.Errorf("Resolve(%q): got %+v", reference, got)
		}
	}
	if diff := cmp.Diff([]string{"3.20"}, tags(t, s)); diff != "" {
		t.Errorf("tags (-want +got):\n%s", diff)
	}
	if d := check(t, s); len(d) != 0 {
		t.Errorf("Check: %v", d)
	}
	tag(t, s, m, "mine")
	commit(t, s)
	index := string(memberOf(t, path, "index.json"))
	for _, theirs := range []string{`"x-tool":"theirs"`, `"x-own":{"kept":true}`, `"docker.io/library/alpine:3.20"`} {
		if !strings.Contains(index, theirs) {
			t.Errorf("index.json lost %s: %s", theirs, index)
		}
	}
}

func TestNamesOfSeveralImages(t *testing.T) {
	path := filepath.Join(t.TempDir(), "l")
	s := create(t, path)
	a, b := newManifest(t, nil, "a"), newManifest(t, nil, "b")
	push(t, s, emptyConfig, a, b)
	named := func(i item, name string) item {
		i.Annotations = map[string]string{"org.opencontainers.image.ref.name": name}
		return i
	}
	t.Run("one tag in two repositories", func(t *testing.T) {
		writeIndex(t, path, named(a, "example.com/a:v1").Descriptor, named(b, "example.com/b:v1").Descriptor)
		s := open(t, path)
		if diff := cmp.Diff([]string{"example.com/a:v1", "example.com/b:v1"}, tags(t, s)); diff != "" {
			t.Errorf("tags (-want +got):\n%s", diff)
		}
		if got := mustResolve(t, s, "example.com/b:v1").Digest; got != b.Digest {
			t.Errorf("got %s", got)
		}
		_, err := s.Resolve(t.Context(), "v1")
		wantError(t, err, recap.NotFound, "not-found", "v1")
	})
	t.Run("the tag itself goes first", func(t *testing.T) {
		writeIndex(t, path, named(a, "example.com/a:v1").Descriptor, named(b, "v1").Descriptor)
		if got := mustResolve(t, open(t, path), "v1").Digest; got != b.Digest {
			t.Errorf("got %s", got)
		}
	})
	t.Run("one tag twice", func(t *testing.T) {
		writeIndex(t, path, named(a, "v1").Descriptor, named(b, "v1").Descriptor)
		s := open(t, path)
		_, err := s.Resolve(t.Context(), "v1")
		wantError(t, err, recap.Integrity, "ambiguous-tag", "v1", a.Digest.String(), b.Digest.String())
		tag(t, s, a, "v1")
		if got := mustResolve(t, s, "v1").Digest; got != a.Digest {
			t.Errorf("after Tag: got %s", got)
		}
	})
}

func TestHostileArchive(t *testing.T) {
	header := func(h tar.Header) member { return member{Header: h} }
	sparse := tar.Header{Typeflag: tar.TypeReg, Name: "x", Mode: 0o644, Format: tar.FormatPAX,
		PAXRecords: map[string]string{"RECAP.x": "y"}}
	m := newManifest(t, nil, "x")
	for name, c := range map[string]struct {
		members []member
		kind    recap.Kind
		code    string
	}{
		"no oci-layout":        {[]member{file("index.json", `{"schemaVersion":2,"manifests":[]}`)}, recap.Integrity, "not-a-layout"},
		"no index.json":        {minimal("")[:1], recap.Integrity, "bad-index"},
		"index.json damaged":   {[]member{minimal("")[0], file("index.json", "{")}, recap.Integrity, "bad-index"},
		"index.json too large": {[]member{minimal("")[0], file("index.json", strings.Repeat(" ", layout.MaxIndexSize+1))}, recap.Unsafe, "too-large"},
		"oci-layout too large": {[]member{file("oci-layout", strings.Repeat(" ", 4097))}, recap.Unsafe, "too-large"},
		"blob twice":           {minimal("", file(blobName(m.Digest), string(m.data)), file("./"+blobName(m.Digest), "other")), recap.Integrity, "bad-archive"},
		"index.json twice":     {minimal("", file("./index.json", `{}`)), recap.Integrity, "bad-archive"},
		"absolute name":        {minimal("", file("/etc/passwd", "")), recap.Unsafe, "unsafe-path"},
		"name that leads out":  {minimal("", file("blobs/../../x", "")), recap.Unsafe, "unsafe-path"},
		"backslash":            {minimal("", file(`blobs\sha256\x`, "")), recap.Unsafe, "unsafe-path"},
		"long name":            {minimal("", file(strings.Repeat("a/", 2100)+"a", "")), recap.Unsafe, "unsafe-path"},
		"symbolic link":        {minimal("", header(tar.Header{Typeflag: tar.TypeSymlink, Name: blobName(m.Digest), Linkname: "/etc/passwd"})), recap.Unsafe, "unsupported-entry"},
		"hard link":            {minimal("", header(tar.Header{Typeflag: tar.TypeLink, Name: "x", Linkname: "index.json"})), recap.Unsafe, "unsupported-entry"},
		"device":               {minimal("", header(tar.Header{Typeflag: tar.TypeChar, Name: "x"})), recap.Unsafe, "unsupported-entry"},
		"pipe":                 {minimal("", header(tar.Header{Typeflag: tar.TypeFifo, Name: "x"})), recap.Unsafe, "unsupported-entry"},
		"global header":        {minimal("", header(tar.Header{Typeflag: tar.TypeXGlobalHeader, Name: "x", PAXRecords: map[string]string{"a": "b"}})), recap.Unsafe, "unsupported-entry"},
		"headers without end":  {minimal("", member{Header: withRecord(sparse, strings.Repeat("z", 70<<10))}), recap.Unsafe, "too-large"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "x.tar")
			pack(t, path, c.members...)
			_, err := layout.Open(path, layout.Options{})
			wantError(t, err, c.kind, c.code, path)
		})
	}
}

func withRecord(h tar.Header, value string) tar.Header {
	h.PAXRecords = map[string]string{"RECAP.x": value}
	return h
}

// archive/tar doesn't write sparse members; this one is put together by hand.
func TestSparseMember(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.tar")
	pack(t, path, append([]member{{Header: withRecord(tar.Header{Typeflag: tar.TypeReg, Name: "x", Mode: 0o644}, "GNU.sparse")}}, minimal("")...)...)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	record := []byte("22 RECAP.x=GNU.sparse\n")
	other := []byte("22 GNU.sparse.major=1\n")
	if !bytes.Contains(data, record) {
		t.Fatal("no such record in the header")
	}
	write(t, path, string(bytes.Replace(data, record, other, 1)))
	_, err = layout.Open(path, layout.Options{})
	if err == nil || !errors.Is(err, recap.Unsafe) && !errors.Is(err, recap.Integrity) {
		t.Errorf("got error %v", err)
	}
}

func TestCutOffArchive(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.tar")
	big := newBlob("text/plain", strings.Repeat("x", 4096))
	pack(t, path, minimal("", file(blobName(big.Digest), string(big.data)))...)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range []int{0, 100, 700, 2500, len(whole) - 1024 - 2000} {
		write(t, path, string(whole[:at]))
		_, err := layout.Open(path, layout.Options{})
		if !errors.Is(err, recap.Integrity) {
			t.Errorf("cut at %d: got error %v", at, err)
		}
	}
}

func TestCompressedArchive(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.tar")
	var out bytes.Buffer
	zw := gzip.NewWriter(&out)
	zw.Write([]byte("whatever"))
	zw.Close()
	write(t, path, out.String())
	_, err := layout.Open(path, layout.Options{})
	wantError(t, err, recap.Integrity, "compressed-archive", path, "gzip")
	var e *recap.Error
	if errors.As(err, &e); !strings.Contains(e.Hint, "gunzip") {
		t.Errorf("hint %q", e.Hint)
	}
}

func TestDamagedBlobInAnArchive(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.tar")
	i, m := newBlob("text/plain", "good"), newManifest(t, nil, "x")
	pack(t, path, minimal("", file(blobName(i.Digest), "evil"))...)
	s := open(t, path)
	_, err := fetch(t, s, i.Descriptor)
	wantError(t, err, recap.Integrity, "digest-mismatch", path, i.Digest.String())
	if got := codes(check(t, s)); got[blobName(i.Digest)] != "digest-mismatch" {
		t.Errorf("Check: %v", got)
	}
	push(t, s, emptyConfig, m)
	tag(t, s, m, "v1")
	before := tree(t, filepath.Dir(path))["x.tar"]
	wantError(t, s.Commit(t.Context()), recap.Integrity, "digest-mismatch", path, i.Digest.Encoded())
	if after := tree(t, filepath.Dir(path))["x.tar"]; after != before {
		t.Error("a commit that failed changed the archive")
	}
	push(t, s, i)
	commit(t, s)
	s = open(t, path)
	if got, err := fetch(t, s, i.Descriptor); err != nil || string(got) != "good" {
		t.Errorf("mended: got %q, %v", got, err)
	}
	if d := check(t, s); len(d) != 0 {
		t.Errorf("Check: %v", d)
	}
}

func TestArchiveThroughALink(t *testing.T) {
	dir := t.TempDir()
	real, link := filepath.Join(dir, "real.tar"), filepath.Join(dir, "link.tar")
	pack(t, real, minimal("")...)
	replaceBySymlink(t, real, link)
	s := open(t, link)
	m := newManifest(t, nil, "x")
	push(t, s, emptyConfig, m)
	tag(t, s, m, "v1")
	commit(t, s)
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Error("the link was replaced")
	}
	mustResolve(t, open(t, real), "v1")
}
