// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package artifact_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/recap-oci/recap/pkg/artifact"
	"github.com/recap-oci/recap/pkg/recap"
)

// What lies in a real directory and is no file is refused without being opened:
// a FIFO would hold us up for ever, a link would lead out.
func TestBuildBundleRealDirectory(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "passwd")
	if err := os.WriteFile(outside, []byte("root"), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		make func(path string) error
		code string
	}{
		{"FIFO", func(path string) error { return syscall.Mkfifo(path, 0o600) }, "not-a-regular-file"},
		{"link out", func(path string) error { return os.Symlink(outside, path) }, "symlink-in-source"},
		{"link to a file beside it", func(path string) error { return os.Symlink("index.md", path) }, "symlink-in-source"},
		{"link to nothing", func(path string) error { return os.Symlink("absent", path) }, "symlink-in-source"},
		{"directory", func(path string) error { return os.Mkdir(path, 0o700) }, "not-a-regular-file"},
		{"device", func(path string) error { return os.Symlink("/dev/zero", path) }, "symlink-in-source"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "index.md"), []byte("x"), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := tt.make(filepath.Join(dir, "a.png")); err != nil {
				t.Fatal(err)
			}
			r := &recap.Recap{Title: "T", Slug: "t", Files: []recap.File{
				{Path: "index.md", MediaType: "text/markdown", Role: recap.RoleDocument},
				{Path: "a.png", MediaType: "image/png", Role: recap.RoleImage},
			}}
			_, err := artifact.BuildBundle(t.Context(), r, os.DirFS(dir), artifact.BuildOptions{})
			wantError(t, err, recap.Unsafe, tt.code, `"a.png"`)
		})
	}
}
