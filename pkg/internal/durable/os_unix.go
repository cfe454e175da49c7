// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package durable

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
)

// syncDir flushes the directory that open opens.
func syncDir(open func() (*os.File, error)) error {
	dir, err := open()
	if err != nil {
		return err
	}
	defer dir.Close()
	if err := dir.Sync(); err != nil && !cannotSync(err) {
		return err
	}
	return nil
}

// cannotSync reports whether the file system has no way of flushing.
func cannotSync(err error) bool {
	return errors.Is(err, syscall.ENOTSUP) || errors.Is(err, syscall.EOPNOTSUPP) || errors.Is(err, syscall.EINVAL)
}

func renamePatiently(rename func() error) error { return rename() }

func cannotMove(error) bool { return false }

// onOtherDevice reports whether path is the root of another file system than
// the directory above it.
func onOtherDevice(path string) (bool, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return false, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return false, err
	}
	// Through the directory itself, as path may be a symbolic link to it.
	above, err := os.Stat(path + string(filepath.Separator) + "..")
	if err != nil {
		return false, err
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	statAbove, okAbove := above.Sys().(*syscall.Stat_t)
	if !ok || !okAbove {
		return false, nil
	}
	// The root of everything is its own parent.
	return stat.Dev != statAbove.Dev || stat.Ino == statAbove.Ino, nil
}
