// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package layout_test

import (
	"os"
	"syscall"
	"testing"
)

func replaceByPipe(t *testing.T, path string) {
	t.Helper()
	os.Remove(path)
	if err := syscall.Mkfifo(path, 0o644); err != nil {
		t.Fatal(err)
	}
}

func replaceBySymlink(t *testing.T, to, path string) {
	t.Helper()
	os.Remove(path)
	if err := os.Symlink(to, path); err != nil {
		t.Fatal(err)
	}
}
