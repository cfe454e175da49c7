// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package source_test

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/rule"
	"github.com/recap-oci/recap/pkg/source"
)

// TestRealDirectory refuses, without opening it, what only a real file system
// holds. A FIFO that was opened would hang the test.
func TestRealDirectory(t *testing.T) {
	const index = "---\ntitle: T\nrecap: {event: Registry Days}\n---\nText\n"
	for _, tt := range []struct {
		name string
		make func(t *testing.T, dir string) error
		code string
	}{
		{"link out", func(t *testing.T, dir string) error { return os.Symlink("/etc/passwd", filepath.Join(dir, "a.txt")) }, "symlink-in-source"},
		{"link in", func(t *testing.T, dir string) error { return os.Symlink("index.md", filepath.Join(dir, "a.txt")) }, "symlink-in-source"},
		{"link to a directory", func(t *testing.T, dir string) error { return os.Symlink("..", filepath.Join(dir, "up")) }, "symlink-in-source"},
		{"link loop", func(t *testing.T, dir string) error { return os.Symlink("a", filepath.Join(dir, "a")) }, "symlink-in-source"},
		{"dangling link", func(t *testing.T, dir string) error { return os.Symlink("nosuch", filepath.Join(dir, "a")) }, "symlink-in-source"},
		{"document is a link", func(t *testing.T, dir string) error {
			if err := os.Rename(filepath.Join(dir, "index.md"), filepath.Join(dir, "real.md")); err != nil {
				return err
			}
			return os.Symlink("real.md", filepath.Join(dir, "index.md"))
		}, "symlink-in-source"},
		{"FIFO", func(t *testing.T, dir string) error { return syscall.Mkfifo(filepath.Join(dir, "a.txt"), 0o666) }, "not-a-regular-file"},
		{"document is a FIFO", func(t *testing.T, dir string) error {
			if err := os.Remove(filepath.Join(dir, "index.md")); err != nil {
				return err
			}
			return syscall.Mkfifo(filepath.Join(dir, "index.md"), 0o666)
		}, "not-a-regular-file"},
		{"socket", func(t *testing.T, dir string) error {
			l, err := net.Listen("unix", filepath.Join(dir, "s"))
			if err == nil {
				t.Cleanup(func() { l.Close() })
			}
			return err
		}, "not-a-regular-file"},
		{"sparse file of 5 GiB", func(t *testing.T, dir string) error {
			f, err := os.Create(filepath.Join(dir, "a.bin"))
			if err != nil {
				return err
			}
			defer f.Close()
			return f.Truncate(5 << 30)
		}, "too-large"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir, err := os.MkdirTemp("", "recap") // a socket's path must be short
			if err != nil {
				t.Fatal(err)
			}
			defer os.RemoveAll(dir)
			if err := os.WriteFile(filepath.Join(dir, "index.md"), []byte(index), 0o666); err != nil {
				t.Fatal(err)
			}
			if err := tt.make(t, dir); err != nil {
				t.Skipf("not to be had here: %v", err)
			}
			root, err := os.OpenRoot(dir)
			if err != nil {
				t.Fatal(err)
			}
			defer root.Close()
			s, problems, err := source.Load(root.FS(), ".", source.Options{})
			if err != nil {
				t.Fatal(err)
			}
			var e *recap.Error
			if err := s.Err(rule.LevelValid); !errors.As(err, &e) || e.Kind != recap.Unsafe || e.Code != tt.code {
				t.Errorf("Err = %v, want unsafe %s; problems %v", err, tt.code, problems)
			}
		})
	}
}

func TestUnreadableFile(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("root reads everything")
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "index.md"), []byte("x"), 0); err != nil {
		t.Fatal(err)
	}
	_, _, err := source.Load(os.DirFS(dir), ".", source.Options{})
	var e *recap.Error
	if !errors.As(err, &e) || e.Kind != recap.Local || e.Code != "unreadable" {
		t.Errorf("Load = %v, want local unreadable", err)
	}
}
