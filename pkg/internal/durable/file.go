// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package durable

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// WriteFile replaces the content of path by data, or makes the file: the old
// content is there, or all of the new. perm is for the file that is written,
// before umask; the mode of a file that was there before isn't kept. A path
// that is a symbolic link is replaced, not followed. What killed processes left
// beside it is removed, see [Reap].
func WriteFile(path string, data []byte, perm fs.FileMode) error {
	return writeFile(path, data, perm, func(*File) {})
}

// RewriteFile is [WriteFile] for a file that is there and keeps its mode: perm is
// what it has then, whatever umask is, where the file system knows modes.
func RewriteFile(path string, data []byte, perm fs.FileMode) error {
	return writeFile(path, data, perm, func(f *File) {
		if info, err := f.file.Stat(); err == nil && info.Mode().Perm() != perm {
			_ = f.file.Chmod(perm) // else fewer may read it, and none is lost
		}
	})
}

func writeFile(path string, data []byte, perm fs.FileMode, made func(*File)) error {
	_, _ = Reap(filepath.Dir(path)) // best effort: what is left over does no harm
	f, err := create(filepath.Dir(path), perm)
	if err != nil {
		return err
	}
	defer f.Abort()
	made(f)
	if _, err := f.Write(data); err != nil {
		return err
	}
	return f.Commit(path)
}

// File is a file that has no final name yet. It isn't safe for concurrent use.
type File struct {
	file *os.File
	done bool
}

// Create opens a new temporary file in dir, readable by everyone and writable
// by its owner, before umask. It ends with Commit or Abort; deferring Abort
// after Create is right, as it does nothing after Commit.
func Create(dir string) (*File, error) { return create(dir, 0o644) }

func create(dir string, perm fs.FileMode) (*File, error) {
	if err := step("create", nil); err != nil {
		return nil, Explain(&fs.PathError{Op: "create", Path: dir, Err: err})
	}
	for {
		file, err := os.OpenFile(filepath.Join(dir, tempName()), os.O_RDWR|os.O_CREATE|os.O_EXCL, perm)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return nil, Explain(err)
		}
		return &File{file: file}, nil
	}
}

// Name returns the temporary path.
func (f *File) Name() string { return f.file.Name() }

// Write appends to the file.
func (f *File) Write(p []byte) (int, error) {
	torn := 0
	if err := step("write", func() { torn, _ = f.file.Write(p[:len(p)/2]) }); err != nil {
		return torn, Explain(&fs.PathError{Op: "write", Path: f.Name(), Err: err})
	}
	n, err := f.file.Write(p)
	return n, Explain(err)
}

// Commit flushes the file and gives it its name, replacing what had that name.
// path must be on the file system of the directory that the file was created
// in. After an error the temporary file is gone and path is as it was, with one
// exception: when flushing the directory fails, path may already have the new
// content.
func (f *File) Commit(path string) error {
	if f.done {
		return Explain(&fs.PathError{Op: "commit", Path: path, Err: fs.ErrClosed})
	}
	defer f.Abort()
	if err := f.flush(); err != nil {
		return err
	}
	if err := rename(f.Name(), path); err != nil {
		return err
	}
	f.done = true
	return SyncDir(filepath.Dir(path))
}

// flush makes what was written outlast a power cut, and closes the file.
func (f *File) flush() error {
	if err := step("sync", nil); err != nil {
		return Explain(&fs.PathError{Op: "sync", Path: f.Name(), Err: err})
	}
	if err := f.file.Sync(); err != nil && !cannotSync(err) {
		return Explain(err)
	}
	// A network file system may report a failed write as late as this.
	return Explain(f.file.Close())
}

// Abort closes and removes the file unless it has been committed.
func (f *File) Abort() {
	if f.done {
		return
	}
	f.done = true
	// Closed already when Commit failed late. What can't be removed, Reap will.
	_ = f.file.Close()
	_ = os.Remove(f.Name())
}
