// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package durable

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
)

// SyncDir flushes the directory path, so that names made, changed or removed
// in it last. Where directories can't be flushed it does nothing.
func SyncDir(path string) error {
	if err := step("syncdir", nil); err != nil {
		return Explain(&fs.PathError{Op: "sync", Path: path, Err: err})
	}
	return Explain(syncDir(func() (*os.File, error) { return os.Open(path) }))
}

// MkdirAll makes path and every missing directory above it, each flushed into
// the one that holds it. A directory that is there already is left as it is; after
// an error, none is left of those that were made.
func MkdirAll(path string, perm fs.FileMode) error {
	var made []string
	err := mkdirAll(filepath.Clean(path), perm, &made)
	if err != nil {
		for _, dir := range slices.Backward(made) {
			_ = os.Remove(dir) // stays where others have put something into it
		}
	}
	return err
}

// mkdirAll notes in made what it made, outer ones first.
func mkdirAll(path string, perm fs.FileMode, made *[]string) error {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return nil
	}
	if parent := filepath.Dir(path); parent != path {
		if err := mkdirAll(parent, perm, made); err != nil {
			return err
		}
	}
	if err := step("mkdir", nil); err != nil {
		return Explain(&fs.PathError{Op: "mkdir", Path: path, Err: err})
	}
	err := os.Mkdir(path, perm)
	if errors.Is(err, fs.ErrExist) {
		// Another process may have been quicker; a file in its place is an error.
		info, serr := os.Stat(path)
		if serr == nil && info.IsDir() {
			return nil
		}
		err = &fs.PathError{Op: "mkdir", Path: path, Err: syscall.ENOTDIR}
	}
	if err != nil {
		return Explain(err)
	}
	*made = append(*made, path)
	return SyncDir(filepath.Dir(path))
}

// MkdirTemp makes a new directory in dir whose name says that it is temporary
// and whose it is, so that [Reap] removes it and its content when this process
// dies before renaming it.
func MkdirTemp(dir string, perm fs.FileMode) (string, error) {
	if err := step("mkdir", nil); err != nil {
		return "", Explain(&fs.PathError{Op: "mkdir", Path: dir, Err: err})
	}
	for {
		path := filepath.Join(dir, tempName())
		err := os.Mkdir(path, perm)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return "", Explain(err)
		}
		return path, nil
	}
}
