// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package folder

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/recap-oci/recap/pkg/recap"
)

// CheckSpace refuses a folder whose file system has no room for need
// bytes, where that can be known. It is asked before anything is fetched; the
// last word is the disk's.
func (d *Folder) CheckSpace(need int64) error {
	dir := d.path
	for {
		if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) || dir == filepath.Dir(dir) {
			break
		}
		dir = filepath.Dir(dir)
	}
	free, ok := freeSpace(dir)
	if !ok || need <= 0 || uint64(need) <= free {
		return nil
	}
	return recap.Errorf(recap.Local, "disk-full", "the files have %d bytes, and there is room for %d where %s is to be", need, free, d.name).
		WithHint("make room, name a directory on another disk with -o, or select fewer files with --include")
}
