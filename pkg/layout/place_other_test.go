// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build !unix

package layout_test

import (
	"os"
	"testing"
)

func replaceByPipe(t *testing.T, _ string) { t.Skip("no pipes in the file system") }

func replaceBySymlink(t *testing.T, to, path string) {
	t.Helper()
	os.Remove(path)
	if err := os.Symlink(to, path); err != nil {
		t.Skip("links need a right that this user lacks:", err)
	}
}
