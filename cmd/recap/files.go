// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/recap-oci/recap/pkg/recap"
)

// isFile reports whether there is something at path.
func isFile(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// save writes a file that must not exist yet, or with replace whole in place of
// the one that does.
func save(path string, data []byte, replace bool) error {
	if !replace {
		if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
			return recap.Errorf(recap.Local, "exists", "%s exists", path).WithHint("add --force to replace it, or choose another name")
		}
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".recap-*")
	if err != nil {
		return recap.Errorf(recap.Local, "io", "writing %s: %w", path, err)
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(recap.Errorf(recap.Local, "io", "writing %s: %w", path, err), os.Remove(f.Name()))
	}
	return nil
}
