// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package durable

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/recap-oci/recap/pkg/recap"
)

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

func wantLocal(t *testing.T, err error, code string) {
	t.Helper()
	var e *recap.Error
	if !errors.As(err, &e) || e.Kind != recap.Local || e.Code != code {
		t.Errorf("got error %v, want one of kind local, code %s", err, code)
	}
}

func TestWriteFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	for _, text := range []string{"one", "", "three"} {
		if err := WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := read(t, path); got != text {
			t.Errorf("got %q, want %q", got, text)
		}
	}
	if info, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && info.Mode() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if got := names(t, dir); len(got) != 1 {
		t.Errorf("left: %q", got)
	}
}

func TestWriteFileReplacesALink(t *testing.T) {
	dir := t.TempDir()
	outside := filepath.Join(t.TempDir(), "outside")
	if err := os.WriteFile(outside, []byte("theirs"), 0o644); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "f")
	if err := os.Symlink(outside, path); err != nil {
		t.Skip("links need a right that this user lacks:", err)
	}
	if err := WriteFile(path, []byte("ours"), 0o644); err != nil {
		t.Fatal(err)
	}
	if read(t, outside) != "theirs" || read(t, path) != "ours" {
		t.Errorf("outside %q, inside %q", read(t, outside), read(t, path))
	}
}

func TestAbort(t *testing.T) {
	dir := t.TempDir()
	f, err := Create(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if got := names(t, dir); len(got) != 1 || !strings.HasPrefix(got[0], TempPrefix) {
		t.Errorf("while open: %q", got)
	}
	f.Abort()
	f.Abort()
	if got := names(t, dir); len(got) != 0 {
		t.Errorf("left: %q", got)
	}
	if err := f.Commit(filepath.Join(dir, "f")); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("Commit after Abort: got error %v", err)
	}
}

func TestCommitThatFailsLeavesTheOldFile(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "d", "sub"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := WriteFile(filepath.Join(dir, "d"), []byte("x"), 0o644); !errors.Is(err, recap.Local) {
		t.Errorf("over a directory: got error %v", err)
	}
	if got := names(t, dir); len(got) != 1 {
		t.Errorf("left: %q", got)
	}
}

func TestErrorsAreForPeople(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	err := WriteFile(filepath.Join(dir, "absent", "f"), nil, 0o644)
	if wantLocal(t, err, "io"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got error %v, want ErrNotExist in it", err)
	}
	if runtime.GOOS == "windows" {
		return // which has no such error
	}
	wantLocal(t, MkdirAll(filepath.Join(file, "d"), 0o755), "not-a-directory")
	wantLocal(t, WriteFile(filepath.Join(file, "f"), nil, 0o644), "not-a-directory")
	wantLocal(t, WriteFile(filepath.Join(dir, strings.Repeat("x", 300)), nil, 0o644), "name-too-long")
}

func TestMkdirAll(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a", "b", "c")
	for range 2 {
		if err := MkdirAll(path, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if info, err := os.Stat(path); err != nil || !info.IsDir() {
		t.Errorf("got %v, %v", info, err)
	}
	t.Chdir(dir)
	if err := MkdirAll(filepath.Join("x", "y"), 0o755); err != nil {
		t.Errorf("relative: %v", err)
	}
}

func TestRenameOfADirectory(t *testing.T) {
	dir := t.TempDir()
	staged, err := MkdirTemp(dir, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	if err := WriteFile(filepath.Join(staged, "f"), []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := MkdirAll(filepath.Join(dir, "to"), 0o755); err != nil {
		t.Fatal(err)
	}
	target := filepath.Join(dir, "to", "final")
	if err := Rename(staged, target); err != nil {
		t.Fatal(err)
	}
	if got := read(t, filepath.Join(target, "f")); got != "x" {
		t.Errorf("got %q", got)
	}
	for name, old := range map[string]string{"a directory": filepath.Join(dir, "to"), "a file": filepath.Join(target, "f")} {
		empty := filepath.Join(dir, "empty")
		if err := MkdirAll(empty, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := Rename(old, empty); !errors.Is(err, fs.ErrExist) && runtime.GOOS != "windows" {
			t.Errorf("%s onto a directory: got error %v", name, err)
		}
	}
	err = Rename(filepath.Join(dir, "absent"), target)
	if !errors.Is(err, fs.ErrNotExist) || CannotMove(err) {
		t.Errorf("of nothing: got error %v", err)
	}
}

func TestExchange(t *testing.T) {
	dir := t.TempDir()
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	for _, path := range []string{a, b} {
		if err := MkdirAll(path, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := WriteFile(filepath.Join(path, "f"), []byte(filepath.Base(path)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	err := Exchange(a, b)
	if errors.Is(err, errors.ErrUnsupported) {
		t.Skip("not on this file system:", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	if x, y := read(t, filepath.Join(a, "f")), read(t, filepath.Join(b, "f")); x != "b" || y != "a" {
		t.Errorf("got %q and %q", x, y)
	}
	if err := Exchange(a, filepath.Join(dir, "absent")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("with nothing: got error %v", err)
	}
}

func TestIsMountPoint(t *testing.T) {
	dir := t.TempDir()
	if got, err := IsMountPoint(dir); got || err != nil {
		t.Errorf("a plain directory: got %v, %v", got, err)
	}
	if _, err := IsMountPoint(filepath.Join(dir, "absent")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("nothing: got error %v", err)
	}
	if runtime.GOOS != "windows" {
		if got, err := IsMountPoint("/"); !got || err != nil {
			t.Errorf("/: got %v, %v", got, err)
		}
	}
	if runtime.GOOS == "linux" {
		if got, err := IsMountPoint("/proc"); !got || err != nil {
			t.Errorf("/proc: got %v, %v", got, err)
		}
	}
}

func TestCannotMove(t *testing.T) {
	file := filepath.Join(t.TempDir(), "f")
	if err := WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	other, err := os.MkdirTemp("/dev/shm", "")
	if err != nil {
		t.Skip("no other file system at hand:", err)
	}
	defer os.RemoveAll(other)
	err = Rename(file, filepath.Join(other, "f"))
	if err == nil {
		t.Skip("the other file system is the same one")
	}
	if !CannotMove(err) {
		t.Errorf("CannotMove(%v) is false", err)
	}
}

func TestMkdirAllOrNone(t *testing.T) {
	dir := t.TempDir()
	wantLocal(t, MkdirAll(filepath.Join(dir, "a", "b", strings.Repeat("x", 300), "c"), 0o755), "name-too-long")
	if got := names(t, dir); len(got) != 0 {
		t.Errorf("left: %q", got)
	}
	if err := MkdirAll(filepath.Join(dir, "a"), 0o755); err != nil {
		t.Fatal(err)
	}
	wantLocal(t, MkdirAll(filepath.Join(dir, "a", "b", strings.Repeat("x", 300)), 0o755), "name-too-long")
	if got := names(t, dir); len(got) != 1 {
		t.Errorf("what was there before: %q", got)
	}
}
