// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package durable

import (
	"errors"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

var errWouldBlock error = unix.EWOULDBLOCK

// openLock opens without following a link or hanging on a pipe. A lock file
// that another user made can't be written, and can be locked all the same.
func openLock(path string) (*os.File, error) {
	const flags = os.O_CREATE | unix.O_NOFOLLOW | unix.O_NONBLOCK
	file, err := os.OpenFile(path, flags|os.O_RDWR, 0o644) // #nosec G302 -- others may read who holds it, and lock it in their turn
	if errors.Is(err, fs.ErrPermission) {
		if readable, e := os.OpenFile(path, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0); e == nil {
			return readable, nil
		}
	}
	return file, err
}

// alone turns a shared lock into an exclusive one, and reports false when
// others share it; then it may be lost.
func alone(file *os.File) bool { return flock(file, exclusive) == nil }

func flock(file *os.File, m mode) error {
	how := unix.LOCK_EX
	if m == shared {
		how = unix.LOCK_SH
	}
	for {
		err := unix.Flock(int(file.Fd()), how|unix.LOCK_NB)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case errors.Is(err, unix.ENOLCK), errors.Is(err, unix.ENOTSUP), errors.Is(err, unix.ENOSYS):
			return errors.ErrUnsupported
		}
		return err
	}
}
