// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package durable

import (
	"errors"
	"io/fs"
	"os"
	"path"
)

// RenameIn is [Rename] of names in a directory that is held: whatever links others put
// there meanwhile, nothing leaves it or comes from elsewhere.
func RenameIn(root *os.Root, oldname, newname string) error {
	return twice(root, "rename", oldname, newname, func() error {
		return renamePatiently(func() error { return root.Rename(oldname, newname) })
	})
}

// LinkIn gives a file a second name, in one step, in a directory that is held. A name
// that is there is never replaced: the error is fs.ErrExist. A symbolic link is refused:
// what would get the name, the link or what it leads to, systems differ about.
func LinkIn(root *os.Root, oldname, newname string) error {
	info, err := root.Lstat(oldname)
	if err != nil {
		return Explain(err)
	}
	if !info.Mode().IsRegular() {
		return &os.LinkError{Op: "link", Old: oldname, New: newname, Err: errors.ErrUnsupported}
	}
	return twice(root, "link", oldname, newname, func() error { return root.Link(oldname, newname) })
}

// twice does something about two names and flushes the directories that they are in.
func twice(root *os.Root, op, oldname, newname string, do func() error) error {
	if err := step(op, nil); err != nil {
		return Explain(&os.LinkError{Op: op, Old: oldname, New: newname, Err: err})
	}
	if err := do(); err != nil {
		return Explain(err)
	}
	if err := SyncIn(root, path.Dir(newname)); err != nil || path.Dir(newname) == path.Dir(oldname) {
		return err
	}
	return SyncIn(root, path.Dir(oldname))
}

// RemoveIn removes a file or an empty directory from a directory that is held. It
// doesn't flush: who removes many calls [SyncIn] once, after the last.
func RemoveIn(root *os.Root, name string) error {
	if err := step("remove", nil); err != nil {
		return Explain(&fs.PathError{Op: "remove", Path: name, Err: err})
	}
	return Explain(root.Remove(name))
}

// WriteIn makes the file called name in a directory that is held, whole or not at
// all, and replaces what had that name. Until it is whole it lies in the directory
// itself, where [Stale] finds what a killed process left.
func WriteIn(root *os.Root, name string, data []byte, perm fs.FileMode) error {
	temp := tempName()
	if err := step("create", nil); err != nil {
		return Explain(&fs.PathError{Op: "create", Path: name, Err: err})
	}
	f, err := root.OpenFile(temp, os.O_RDWR|os.O_CREATE|os.O_EXCL, perm)
	if err != nil {
		return Explain(err)
	}
	file := &File{file: f}
	_, err = file.Write(data)
	if err == nil {
		err = file.flush()
	}
	if err == nil {
		err = RenameIn(root, temp, name)
	}
	if err != nil {
		_ = f.Close()         // done already where it could be flushed
		_ = root.Remove(temp) // else Reap will
	}
	return err
}

// SyncIn is [SyncDir] of a directory in one that is held.
func SyncIn(root *os.Root, dir string) error {
	if err := step("syncdir", nil); err != nil {
		return Explain(&fs.PathError{Op: "sync", Path: dir, Err: err})
	}
	return Explain(syncDir(func() (*os.File, error) { return root.Open(dir) }))
}
