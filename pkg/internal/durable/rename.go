// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package durable

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// Rename moves a file or directory and flushes both parents. A file that has
// the new name is replaced by a file; a directory, empty or not, never is, and
// the error is fs.ErrExist. The content of a directory isn't flushed: its files
// are, when they were written by this package. Of an error because the old name
// is a mount point, or the new one on another file system, [CannotMove] tells so.
func Rename(oldpath, newpath string) error {
	if err := rename(oldpath, newpath); err != nil {
		return err
	}
	return syncParents(newpath, oldpath)
}

// Exchange swaps two names in one step, so that each of them exists at every
// moment, and flushes both parents. Both must exist and be on one file system.
// Where the system or the file system has no such call, the error is
// errors.ErrUnsupported and nothing has changed: Linux has it on all common
// file systems, macOS on APFS, others have not.
func Exchange(a, b string) error {
	if err := step("exchange", nil); err != nil {
		return Explain(&os.LinkError{Op: "exchange", Old: a, New: b, Err: err})
	}
	err := exchange(a, b)
	if errors.Is(err, errors.ErrUnsupported) || errors.Is(err, syscall.ENOSYS) || errors.Is(err, syscall.EINVAL) {
		return &os.LinkError{Op: "exchange", Old: a, New: b, Err: errors.ErrUnsupported}
	}
	if err != nil {
		return Explain(&os.LinkError{Op: "exchange", Old: a, New: b, Err: err})
	}
	return syncParents(a, b)
}

// CannotMove reports whether err of [Rename] or [Exchange] means that the name
// itself can't be moved or replaced, whatever its content: it is a mount point,
// in use as one process's working directory where the system forbids that, or
// on another file system. What it holds can then only be moved entry by entry.
func CannotMove(err error) bool {
	if errors.Is(err, syscall.EXDEV) || errors.Is(err, syscall.EBUSY) {
		return true
	}
	return cannotMove(err)
}

func rename(oldpath, newpath string) error {
	if err := step("rename", nil); err != nil {
		return Explain(&os.LinkError{Op: "rename", Old: oldpath, New: newpath, Err: err})
	}
	return Explain(renamePatiently(func() error { return os.Rename(oldpath, newpath) }))
}

func syncParents(a, b string) error {
	parent, other := filepath.Dir(a), filepath.Dir(b)
	if err := SyncDir(parent); err != nil {
		return err
	}
	if parent == other {
		return nil
	}
	// Moved away together with the directory that held it: nothing to flush.
	if err := SyncDir(other); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
