// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package draft_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/recap-oci/recap/pkg/draft"
	"github.com/recap-oci/recap/pkg/recap"
)

func TestRewrite(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "post.md")
	const mode = 0o662 // of which every umask takes something
	if err := errors.Join(os.WriteFile(path, []byte("old"), mode), os.Chmod(path, mode)); err != nil {
		t.Fatal(err)
	}
	upper := func(old []byte) ([]byte, error) { return bytes.ToUpper(old), nil }
	for _, want := range []bool{true, false} {
		changed, err := draft.Rewrite(path, upper)
		if err != nil || changed != want {
			t.Fatalf("Rewrite = %t, %v; want %t", changed, err, want)
		}
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != "OLD" {
		t.Errorf("the file holds %q, %v", got, err)
	}
	if info, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != mode {
		t.Errorf("permissions are %v, %v; want %o", info.Mode(), err, mode)
	}
	refuse := errors.New("no")
	if _, err := draft.Rewrite(path, func([]byte) ([]byte, error) { return nil, refuse }); !errors.Is(err, refuse) {
		t.Errorf("error %v, want the change's own", err)
	}
	if _, err := draft.Rewrite(filepath.Join(dir, "absent.md"), upper); !errors.Is(err, recap.NotFound) {
		t.Errorf("absent file: %v, want not-found", err)
	}
	if _, err := draft.Rewrite(dir, upper); !errors.Is(err, recap.Unsafe) {
		t.Errorf("directory: %v, want unsafe", err)
	}
	large := filepath.Join(dir, "large.md")
	if err := os.WriteFile(large, make([]byte, recap.MaxDocumentSize+1), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := draft.Rewrite(large, upper); !errors.Is(err, recap.Unsafe) {
		t.Errorf("large file: %v, want unsafe", err)
	}
	link := filepath.Join(dir, "link.md")
	if err := os.Symlink(path, link); err == nil {
		if _, err := draft.Rewrite(link, upper); !errors.Is(err, recap.Unsafe) {
			t.Errorf("link: %v, want unsafe", err)
		}
	}
}

func TestCreate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "trip")
	files := map[string][]byte{"index.md": []byte("text"), "data/a.csv": []byte("a")}
	if err := draft.Create(dir, files); err != nil {
		t.Fatal(err)
	}
	for name, want := range files {
		if got, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name))); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s holds %q, %v", name, got, err)
		}
	}
	if err := draft.Create(dir, files); !errors.Is(err, recap.Local) {
		t.Errorf("a directory with files: %v, want local", err)
	}
}
