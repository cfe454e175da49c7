// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package artifact_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/recap-oci/recap/pkg/artifact"
	"github.com/recap-oci/recap/pkg/recap"
)

// goldenRoot is the digest of the fixture's manifest, computed by another
// program. If it has to change here, the format has changed.
const goldenRoot = "sha256:c62644e08eefcdf15a05c7c05df53aefccf6b7977c7688ed1d57f680a9d22c2b"

func TestBuildBundleGolden(t *testing.T) {
	g := build(t)
	if g.Root.Digest != goldenRoot {
		t.Errorf("root is %s, want %s", g.Root.Digest, goldenRoot)
	}
	if g.Root.MediaType != ocispec.MediaTypeImageManifest || g.Root.ArtifactType != recap.ArtifactTypeBundle {
		t.Errorf("root is %+v", g.Root)
	}
	for _, golden := range []struct {
		file string
		desc ocispec.Descriptor
	}{
		{"testdata/bundle.manifest.json", g.Root},
		{"testdata/bundle.config.json", g.Bundle().Node.Manifest.Config},
	} {
		want, err := os.ReadFile(golden.file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(fetch(t, g, golden.desc))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", golden.file, diff)
		}
	}
}

// What lies around the content makes no difference: how it is stored, in which
// order, when, with which modes, in which directory, how it is opened, and how
// many goroutines there are.
func TestBuildBundleSame(t *testing.T) {
	_, files := fixture()
	names := slices.Sorted(func(yield func(string) bool) {
		for name := range files {
			if !yield(name) {
				return
			}
		}
	})
	backwards := slices.Clone(names)
	slices.Reverse(backwards)
	write := func(t *testing.T, names []string, mode fs.FileMode, mtime time.Time) string {
		dir := filepath.Join(t.TempDir(), fmt.Sprintf("some dir %o", mode))
		for _, name := range names {
			path := filepath.Join(dir, filepath.FromSlash(name))
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, files[name].Data, mode); err != nil {
				t.Fatal(err)
			}
			if err := os.Chtimes(path, mtime, mtime); err != nil {
				t.Fatal(err)
			}
		}
		return dir
	}
	root := func(t *testing.T, dir string) fs.FS {
		r, err := os.OpenRoot(dir)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { r.Close() })
		return r.FS()
	}
	tests := []struct {
		name  string
		files func(t *testing.T) fs.FS
	}{
		{"in memory", func(*testing.T) fs.FS { return files }},
		{"directory", func(t *testing.T) fs.FS { return os.DirFS(write(t, names, 0o644, time.Unix(1, 0))) }},
		{"other order, modes and times", func(t *testing.T) fs.FS { return os.DirFS(write(t, backwards, 0o755, time.Unix(1<<31, 0))) }},
		{"opened as a root", func(t *testing.T) fs.FS { return root(t, write(t, backwards, 0o600, time.Now())) }},
		{"no links known", func(*testing.T) fs.FS { return struct{ fs.FS }{files} }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, _ := fixture()
			for range len(r.Files) { // each row in each place once
				r.Files = append(r.Files[1:], r.Files[0])
				g, err := artifact.BuildBundle(t.Context(), r, tt.files(t), artifact.BuildOptions{})
				if err != nil {
					t.Fatal(err)
				}
				if g.Root.Digest != goldenRoot {
					t.Fatalf("root is %s, want %s", g.Root.Digest, goldenRoot)
				}
			}
		})
	}
}

func TestBuildBundleLeavesRecapAlone(t *testing.T) {
	r, files := fixture()
	before, _ := fixture()
	g, err := artifact.BuildBundle(t.Context(), r, files, artifact.BuildOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, r); diff != "" {
		t.Errorf("the recap changed:\n%s", diff)
	}
	got := g.Recap()
	for _, f := range got.Files {
		if f.Digest == "" || (f.Size == 0) != (f.Path == "notes/empty.txt") {
			t.Errorf("row %+v", f)
		}
	}
	got.Files = before.Files
	if diff := cmp.Diff(before, got); diff != "" {
		t.Errorf("Recap (-want +got):\n%s", diff)
	}
}

func TestBuildBundleAnnotations(t *testing.T) {
	epoch := time.Date(2020, 2, 3, 4, 5, 6, 7, time.FixedZone("", 3600))
	const created = ocispec.AnnotationCreated
	tests := []struct {
		name   string
		change func(r *recap.Recap)
		epoch  *time.Time
		want   map[string]string
	}{
		{"nothing stated", func(*recap.Recap) {}, nil, nil},
		{"day", func(r *recap.Recap) { r.Date = "2024-03-27" }, &epoch, map[string]string{created: "2024-03-27T00:00:00Z"}},
		{"time with a zone", func(r *recap.Recap) { r.Date = "2024-03-27T23:30:00-02:00" }, &epoch, map[string]string{created: "2024-03-28T01:30:00Z"}},
		{"month is no day", func(r *recap.Recap) { r.Date = "2024-03" }, nil, nil},
		{"month, and an epoch", func(r *recap.Recap) { r.Date = "2024-03" }, &epoch, map[string]string{created: "2020-02-03T03:05:06Z"}},
		{"epoch", func(*recap.Recap) {}, &epoch, map[string]string{created: "2020-02-03T03:05:06Z"}},
		{"licence", func(r *recap.Recap) { r.Facts.License = "MIT" }, nil, map[string]string{ocispec.AnnotationLicenses: "MIT"}},
		{"description", func(r *recap.Recap) { r.Description = "d" }, nil, map[string]string{ocispec.AnnotationDescription: "d"}},
		{"url", func(r *recap.Recap) { r.Facts.Source = &recap.Source{URL: "https://x"} }, nil, map[string]string{ocispec.AnnotationURL: "https://x"}},
		{"source without url", func(r *recap.Recap) { r.Facts.Source = &recap.Source{Title: "x"} }, nil, nil},
		{
			"authors by name and by entity",
			func(r *recap.Recap) {
				r.Authors = []recap.Agent{{Name: "A"}, {Name: "b"}, {Name: "c"}, {}}
				r.Facts.Entities = map[string]recap.Entity{"b": {Name: "Bob"}, "c": {}}
			},
			nil, map[string]string{ocispec.AnnotationAuthors: "A, Bob, c"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := &recap.Recap{Title: "T", Slug: "t", Files: []recap.File{{Path: "index.md", MediaType: "text/markdown", Role: recap.RoleDocument}}}
			tt.change(r)
			g, err := artifact.BuildBundle(t.Context(), r, fstest.MapFS{"index.md": {Data: []byte("x")}}, artifact.BuildOptions{SourceDateEpoch: tt.epoch})
			if err != nil {
				t.Fatal(err)
			}
			want := map[string]string{ocispec.AnnotationTitle: "T"}
			for k, v := range tt.want {
				want[k] = v
			}
			if diff := cmp.Diff(want, g.Bundle().Node.Annotations()); diff != "" {
				t.Errorf("annotations (-want +got):\n%s", diff)
			}
		})
	}
}

func TestBuildBundleVersion(t *testing.T) {
	r, files := fixture()
	digests := map[digest.Digest]string{}
	for _, version := range []string{"", "1.2.3", "1.2.4-rc.1"} {
		g, err := artifact.BuildBundle(t.Context(), r, files, artifact.BuildOptions{Version: version})
		if err != nil {
			t.Fatal(err)
		}
		if other, ok := digests[g.Root.Digest]; ok {
			t.Errorf("versions %q and %q have one digest", other, version)
		}
		digests[g.Root.Digest] = version
		bundle, err := artifact.Open(t.Context(), g, g.Root)
		if err != nil {
			t.Fatal(err)
		}
		if got := bundle.Version(); got != version {
			t.Errorf("built with version %q, opened with %q", version, got)
		}
		if got, stated := bundle.Node.Annotations()[ocispec.AnnotationVersion]; got != version || stated != (version != "") {
			t.Errorf("built with version %q, the annotation is %q, there: %t", version, got, stated)
		}
	}
	for _, version := range []string{"v1.2.3", "1.2", "1.2.3+build", "latest", "1.2.3\n"} {
		guarded := &countingFS{MapFS: files}
		_, err := artifact.BuildBundle(t.Context(), r, guarded, artifact.BuildOptions{Version: version})
		var e *recap.Error
		if !errors.As(err, &e) || e.Kind != recap.Usage || e.Code != "bad-version" {
			t.Errorf("version %q: got %v, want Usage bad-version", version, err)
		}
		if len(guarded.opened) > 0 {
			t.Errorf("version %q: %v was opened", version, guarded.opened)
		}
	}
}

func TestBuildBundleRefuses(t *testing.T) {
	png := func(path string) recap.File {
		return recap.File{Path: path, MediaType: "image/png", Role: recap.RoleImage}
	}
	tests := []struct {
		name   string
		change func(r *recap.Recap, files fstest.MapFS)
		kind   recap.Kind
		code   string
		want   string
	}{
		{"no title", func(r *recap.Recap, _ fstest.MapFS) { r.Title = "" }, recap.Usage, "bad-recap", "no title"},
		{"no slug", func(r *recap.Recap, _ fstest.MapFS) { r.Slug = "" }, recap.Usage, "bad-slug", "slug"},
		{"slug that climbs", func(r *recap.Recap, _ fstest.MapFS) { r.Slug = ".." }, recap.Usage, "bad-slug", ".."},
		{"slug of the catalog", func(r *recap.Recap, _ fstest.MapFS) { r.Slug = "catalog" }, recap.Usage, "bad-slug", "catalog"},
		{"no files", func(r *recap.Recap, _ fstest.MapFS) { r.Files = nil }, recap.Usage, "bad-recap", "no index.md"},
		{"no document", func(r *recap.Recap, _ fstest.MapFS) { r.Files = r.Files[:2] }, recap.Usage, "bad-recap", "no index.md"},
		{"empty document", func(_ *recap.Recap, f fstest.MapFS) { f["index.md"].Data = nil }, recap.Usage, "bad-recap", "index.md is empty"},
		{"text that isn't UTF-8", func(r *recap.Recap, _ fstest.MapFS) { r.Description = "\xff" }, recap.Usage, "bad-recap", "not UTF-8"},
		{
			"entities that differ by case",
			func(r *recap.Recap, _ fstest.MapFS) { r.Facts.Entities["ABlock"] = recap.Entity{Name: "x"} },
			recap.Usage, "bad-recap", "differ only by case",
		},
		{"media type with a parameter", func(r *recap.Recap, _ fstest.MapFS) { r.Files[1].MediaType = "text/csv; charset=utf-8" }, recap.Usage, "bad-recap", "images.csv"},
		{"media type in upper case", func(r *recap.Recap, _ fstest.MapFS) { r.Files[1].MediaType = "text/CSV" }, recap.Usage, "bad-recap", "media type"},
		{"no media type", func(r *recap.Recap, _ fstest.MapFS) { r.Files[1].MediaType = "" }, recap.Usage, "bad-recap", "media type"},
		{"no role", func(r *recap.Recap, _ fstest.MapFS) { r.Files[1].Role = "" }, recap.Usage, "bad-recap", "role"},
		{"two documents", func(r *recap.Recap, _ fstest.MapFS) { r.Files[1].Role = recap.RoleDocument }, recap.Usage, "bad-recap", "index.md alone"},
		{"document of another role", func(r *recap.Recap, _ fstest.MapFS) { r.Files[3].Role = recap.RoleAttachment }, recap.Usage, "bad-recap", "index.md alone"},
		{"document of another type", func(r *recap.Recap, _ fstest.MapFS) { r.Files[3].MediaType = "text/plain" }, recap.Usage, "bad-recap", "text/markdown"},
		{"path that climbs", func(r *recap.Recap, _ fstest.MapFS) { r.Files[1].Path = "../x" }, recap.Unsafe, "unsafe-path", `"../x"`},
		{"two paths of one file", func(r *recap.Recap, _ fstest.MapFS) { r.Files = append(r.Files, png("Images/stage.png")) }, recap.Unsafe, "path-collision", "Images"},
		{"path twice", func(r *recap.Recap, _ fstest.MapFS) { r.Files = append(r.Files, r.Files[0]) }, recap.Unsafe, "path-collision", "twice"},
		{"policy", func(r *recap.Recap, _ fstest.MapFS) { r.Files = append(r.Files, png("a/recap.policy.yaml")) }, recap.Unsafe, "reserved-name", "recap.policy.yaml"},
		{"receipt", func(r *recap.Recap, _ fstest.MapFS) { r.Files = append(r.Files, png(".recap/receipt.json")) }, recap.Unsafe, "reserved-name", "receipt"},
		{"missing file", func(_ *recap.Recap, f fstest.MapFS) { delete(f, "images.csv") }, recap.NotFound, "not-found", "images.csv"},
		{"missing directory", func(_ *recap.Recap, f fstest.MapFS) { delete(f, "images/stage.png") }, recap.NotFound, "not-found", "images"},
		{"symbolic link", func(_ *recap.Recap, f fstest.MapFS) { f["images.csv"].Mode = fs.ModeSymlink }, recap.Unsafe, "symlink-in-source", "images.csv"},
		{
			"directory that is a symbolic link",
			func(_ *recap.Recap, f fstest.MapFS) {
				f["images"] = &fstest.MapFile{Mode: fs.ModeSymlink, Data: []byte("elsewhere")}
				f["elsewhere/stage.png"] = &fstest.MapFile{Data: []byte("x")}
			},
			recap.Unsafe, "symlink-in-source", `"images" is a symbolic link`,
		},
		{"directory", func(_ *recap.Recap, f fstest.MapFS) { f["images.csv"].Mode = fs.ModeDir }, recap.Unsafe, "not-a-regular-file", "images.csv"},
		{"FIFO", func(_ *recap.Recap, f fstest.MapFS) { f["images.csv"].Mode = fs.ModeNamedPipe }, recap.Unsafe, "not-a-regular-file", "images.csv"},
		{"device", func(_ *recap.Recap, f fstest.MapFS) { f["images.csv"].Mode = fs.ModeDevice | fs.ModeCharDevice }, recap.Unsafe, "not-a-regular-file", "images.csv"},
		{"socket", func(_ *recap.Recap, f fstest.MapFS) { f["images.csv"].Mode = fs.ModeSocket }, recap.Unsafe, "not-a-regular-file", "images.csv"},
		{"metadata over the limit", func(r *recap.Recap, _ fstest.MapFS) { r.Description = strings.Repeat("x", recap.MaxConfigSize) }, recap.Unsafe, "too-large", "metadata"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, files := fixture()
			tt.change(r, files)
			// Nothing that is refused for what it is may be opened.
			guarded := &countingFS{MapFS: files}
			_, err := artifact.BuildBundle(t.Context(), r, guarded, artifact.BuildOptions{})
			wantError(t, err, tt.kind, tt.code, tt.want)
			if n := len(guarded.opened); n > 0 && (tt.code == "not-a-regular-file" || tt.code == "symlink-in-source") {
				t.Errorf("%d files were opened", n)
			}
		})
	}
}

// countingFS tells which files were opened.
type countingFS struct {
	fstest.MapFS
	mu     sync.Mutex
	opened []string
}

func (c *countingFS) Open(name string) (fs.File, error) {
	c.mu.Lock()
	c.opened = append(c.opened, name)
	c.mu.Unlock()
	return c.MapFS.Open(name)
}

func TestBuildBundleLimits(t *testing.T) {
	tests := []struct {
		name   string
		change func(r *recap.Recap, files fstest.MapFS)
		limit  int64
		want   string // empty where it is built
	}{
		{"file at the limit", func(*recap.Recap, fstest.MapFS) {}, 42, ""},
		{"file over the limit", func(*recap.Recap, fstest.MapFS) {}, 41, `"index.md" has 42 bytes, more than the 41 allowed`},
		{"document at its limit", func(_ *recap.Recap, f fstest.MapFS) { f["index.md"].Data = make([]byte, recap.MaxDocumentSize) }, 0, ""},
		{
			"document over its limit", func(_ *recap.Recap, f fstest.MapFS) { f["index.md"].Data = make([]byte, recap.MaxDocumentSize+1) },
			recap.MaxFileSize, "allowed of a document",
		},
		{"files at the limit", manyFiles(recap.MaxLayers), 0, ""},
		{"files over the limit", manyFiles(recap.MaxLayers + 1), 0, "1001 files, more than the 1000 allowed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, files := fixture()
			tt.change(r, files)
			guarded := &countingFS{MapFS: files}
			_, err := artifact.BuildBundle(t.Context(), r, guarded, artifact.BuildOptions{MaxFileSize: tt.limit})
			if tt.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			wantError(t, err, recap.Unsafe, "too-large", tt.want)
			if len(guarded.opened) > 0 {
				t.Errorf("%v was opened", guarded.opened)
			}
		})
	}
	r, files := fixture()
	_, err := artifact.BuildBundle(t.Context(), r, files, artifact.BuildOptions{MaxFileSize: -1})
	wantError(t, err, recap.Usage, "bad-recap", "-1")
}

// manyFiles makes a recap of n files.
func manyFiles(n int) func(*recap.Recap, fstest.MapFS) {
	return func(r *recap.Recap, files fstest.MapFS) {
		for i := len(r.Files); i < n; i++ {
			name := fmt.Sprintf("data/%d.csv", i)
			r.Files = append(r.Files, recap.File{Path: name, MediaType: "text/csv", Role: recap.RoleDataset})
			files[name] = &fstest.MapFile{Data: []byte(name)}
		}
	}
}

// lyingFS yields other content than its sizes promise.
type lyingFS struct {
	fstest.MapFS
	name string
	data []byte
	err  error
}

func (l *lyingFS) Open(name string) (fs.File, error) {
	f, err := l.MapFS.Open(name)
	if err != nil || name != l.name {
		return f, err
	}
	return &lyingFile{f, io.MultiReader(bytes.NewReader(l.data), &failing{l.err})}, nil
}

type lyingFile struct {
	fs.File
	r io.Reader
}

func (l *lyingFile) Read(p []byte) (int, error) { return l.r.Read(p) }

type failing struct{ err error }

func (f *failing) Read([]byte) (int, error) {
	if f.err == nil {
		return 0, io.EOF
	}
	return 0, f.err
}

func TestBuildBundleFileThatChanges(t *testing.T) {
	tests := []struct {
		name string
		data []byte
		err  error
		kind recap.Kind
		code string
	}{
		{"shrinks", []byte("image"), nil, recap.Integrity, "file-changed"},
		{"grows", make([]byte, 33), nil, recap.Integrity, "file-changed"},
		{"has no end", make([]byte, 1<<20), nil, recap.Integrity, "file-changed"},
		{"can't be read", []byte("image"), &fs.PathError{Op: "read", Path: "/home/me/images.csv", Err: errors.New("input/output error")}, recap.Local, "unreadable"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, files := fixture()
			_, err := artifact.BuildBundle(t.Context(), r, &lyingFS{files, "images.csv", tt.data, tt.err}, artifact.BuildOptions{})
			wantError(t, err, tt.kind, tt.code, `"images.csv"`)
			if strings.Contains(err.Error(), "/home/me") {
				t.Errorf("error %q names the place of the recap", err)
			}
		})
	}
}

// deniedFS opens nothing.
type deniedFS struct{ fstest.MapFS }

func (deniedFS) Open(name string) (fs.File, error) {
	return nil, &fs.PathError{Op: "open", Path: "/home/me/" + name, Err: fs.ErrPermission}
}

func TestBuildBundleDenied(t *testing.T) {
	r, files := fixture()
	_, err := artifact.BuildBundle(t.Context(), r, deniedFS{files}, artifact.BuildOptions{})
	wantError(t, err, recap.Local, "unreadable", "permission denied")
	if !errors.Is(err, fs.ErrPermission) || strings.Contains(err.Error(), "/home/me") {
		t.Errorf("error %v", err)
	}
}

// The error is that of the first file in the table, whichever was read first.
func TestBuildBundleSameError(t *testing.T) {
	for range 20 {
		r, files := fixture()
		for name, f := range files {
			if name != "index.md" {
				f.Mode = fs.ModeNamedPipe
			}
		}
		_, err := artifact.BuildBundle(t.Context(), r, files, artifact.BuildOptions{})
		wantError(t, err, recap.Unsafe, "not-a-regular-file", `"Zebra.png"`)
	}
}

func TestBuildBundleCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r, files := fixture()
	if _, err := artifact.BuildBundle(ctx, r, files, artifact.BuildOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("BuildBundle = %v, want %v", err, context.Canceled)
	}
}
