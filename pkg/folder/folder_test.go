// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package folder_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/opencontainers/go-digest"

	"github.com/recap-oci/recap/pkg/folder"
	"github.com/recap-oci/recap/pkg/recap"
)

// texts are files by path, and the content of a folder.
type texts map[string]string

func (c texts) Open(_ context.Context, f folder.File) (io.ReadCloser, error) {
	text, ok := c[f.Path]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return io.NopCloser(strings.NewReader(text)), nil
}

func (texts) Mend(_ context.Context, _ folder.File, err error) error { return err }

const repository = "registry.example.com/team/event"

// receipt lists files as a pull of repository does.
func (c texts) receipt() folder.Receipt {
	r := folder.Receipt{
		APIVersion: recap.APIVersion, Kind: folder.KindReceipt, Reference: repository + ":1.0.0", Repository: repository,
		Digest: digest.FromString("root"),
	}
	for _, path := range slices.Sorted(maps.Keys(c)) {
		r.Files = append(r.Files, folder.File{Path: path, Digest: digest.FromString(c[path]), Size: int64(len(c[path]))})
	}
	return r
}

// install makes dir a folder of c.
func install(t *testing.T, dir string, receipt folder.Receipt, c folder.Content) (folder.Installed, error) {
	t.Helper()
	f, err := folder.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	opts := folder.Options{Repository: repository}
	if err := f.Check(t.Context(), opts); err != nil {
		t.Fatal(err)
	}
	return f.Install(t.Context(), receipt, c, opts)
}

// read returns the files below dir, without recap's own.
func read(t *testing.T, dir string) texts {
	t.Helper()
	found := texts{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case path == recap.StateDirectory:
			return fs.SkipDir
		case entry.IsDir():
			return nil
		}
		raw, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(path)))
		found[path] = string(raw)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func wantCode(t *testing.T, err error, kind recap.Kind, code string) {
	t.Helper()
	var known *recap.Error
	if !errors.As(err, &known) || known.Kind != kind || known.Code != code {
		t.Errorf("error %v, want %s of kind %s", err, code, kind)
	}
}

var (
	before = texts{"index.md": "# First\n", "images/a.png": "a picture", "empty.txt": ""}
	after  = texts{"index.md": "# Second\n", "images": "no directory any more"}
)

// A folder is made, exchanged for the next version, and known again.
func TestInstall(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "dir")
	for _, step := range []struct {
		files texts
		want  folder.Installed
	}{
		{before, folder.Installed{}},
		{before, folder.Installed{Replaced: true, Unchanged: true}},
		{after, folder.Installed{Replaced: true}},
	} {
		got, err := install(t, dir, step.files.receipt(), step.files)
		if err != nil {
			t.Fatal(err)
		}
		if got != step.want {
			t.Errorf("%+v, want %+v", got, step.want)
		}
		if diff := cmp.Diff(step.files, read(t, dir)); diff != "" {
			t.Errorf("files (-want +got):\n%s", diff)
		}
	}
}

// mending is content that is damaged until it is mended.
type mending struct {
	texts
	mu     sync.Mutex
	asked  map[string]int
	mended bool // whether mending helps
}

func (m *mending) Open(ctx context.Context, f folder.File) (io.ReadCloser, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if f.Path == "index.md" && (m.asked[f.Path] == 0 || !m.mended) {
		return io.NopCloser(strings.NewReader(strings.ToUpper(m.texts[f.Path]))), nil
	}
	return m.texts.Open(ctx, f)
}

func (m *mending) Mend(_ context.Context, f folder.File, err error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !errors.Is(err, recap.Integrity) {
		return err // of the files that it took along
	}
	m.asked[f.Path]++
	return nil
}

// What is written is what the receipt says, or nothing is.
func TestInstallVerifies(t *testing.T) {
	for _, mended := range []bool{true, false} {
		dir := filepath.Join(t.TempDir(), "dir")
		source := &mending{texts: before, asked: map[string]int{}, mended: mended}
		_, err := install(t, dir, before.receipt(), source)
		if diff := cmp.Diff(map[string]int{"index.md": 1}, source.asked); diff != "" {
			t.Errorf("asked to mend (-want +got):\n%s", diff)
		}
		if mended {
			if diff := cmp.Diff(before, read(t, dir)); diff != "" || err != nil {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
			continue
		}
		wantCode(t, err, recap.Integrity, "digest-mismatch")
		if entries, err := os.ReadDir(filepath.Dir(dir)); err != nil || len(entries) > 0 {
			t.Errorf("left behind: %v, %v", entries, err)
		}
	}
}

func TestStatus(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "dir")
	if _, err := install(t, dir, before.receipt(), before); err != nil {
		t.Fatal(err)
	}
	status := func(newer func(context.Context, folder.Receipt) (digest.Digest, error)) folder.StatusResult {
		t.Helper()
		result, err := folder.Status(t.Context(), dir, folder.StatusOptions{Newer: newer})
		if err != nil {
			t.Fatal(err)
		}
		return result
	}
	same, next := before.receipt().Digest, digest.FromString("next")
	for _, tt := range []struct {
		name  string
		newer func(context.Context, folder.Receipt) (digest.Digest, error)
		want  folder.StatusResult
	}{
		{"not asked", nil, folder.StatusResult{}},
		{"the same", func(_ context.Context, r folder.Receipt) (digest.Digest, error) { return r.Digest, nil }, folder.StatusResult{Current: same}},
		{"newer", func(context.Context, folder.Receipt) (digest.Digest, error) { return next, nil }, folder.StatusResult{Current: next, Newer: true}},
		{"unreachable", func(context.Context, folder.Receipt) (digest.Digest, error) { return "", errors.New("no network") }, folder.StatusResult{CheckError: "no network"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.want.Dir, tt.want.State, tt.want.Changes = dir, folder.Unchanged, []folder.Change{}
			if diff := cmp.Diff(tt.want, status(tt.newer), cmpopts.IgnoreFields(folder.StatusResult{}, "Receipt")); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
	for path, text := range map[string]string{"index.md": "mine", "new/file": "mine", "images/a.png": before["images/a.png"]} {
		write(t, filepath.Join(dir, path), text)
	}
	if err := os.Remove(filepath.Join(dir, "empty.txt")); err != nil {
		t.Fatal(err)
	}
	got := status(nil)
	want := []folder.Change{{Path: "empty.txt", State: "missing"}, {Path: "index.md", State: "modified"}, {Path: "new/", State: "added"}}
	if diff := cmp.Diff(want, got.Changes); diff != "" || got.State != folder.Modified {
		t.Errorf("%s (-want +got):\n%s", got.State, diff)
	}

	_, err := folder.Status(t.Context(), t.TempDir(), folder.StatusOptions{})
	wantCode(t, err, recap.NotFound, "not-a-pull")
	_, err = folder.Status(t.Context(), filepath.Join(t.TempDir(), "nowhere"), folder.StatusOptions{})
	wantCode(t, err, recap.NotFound, "not-found")
	write(t, filepath.Join(dir, ".recap/receipt.json"), `{"apiVersion":"recap/v1","kind":"Receipt","digest":"sha256:x"}`)
	_, err = folder.Status(t.Context(), dir, folder.StatusOptions{})
	wantCode(t, err, recap.Integrity, "bad-receipt")
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
