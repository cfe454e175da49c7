// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package durable

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

var errWouldBlock error = windows.ERROR_LOCK_VIOLATION

func openLock(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644) // #nosec G302 -- others may read who holds it
}

// alone turns a shared lock into an exclusive one, and reports false when
// others share it; then it is lost.
func alone(file *os.File) bool {
	at := lockedByte()
	return windows.UnlockFileEx(windows.Handle(file.Fd()), 0, 1, 0, &at) == nil && flock(file, exclusive) == nil
}

func lockedByte() windows.Overlapped { return windows.Overlapped{OffsetHigh: 1 << 30} }

// flock locks one byte far behind the end, so that who waits can read in the
// file who holds it: a lock on Windows forbids reading what is locked.
func flock(file *os.File, m mode) error {
	at, how := lockedByte(), uint32(windows.LOCKFILE_FAIL_IMMEDIATELY)
	if m == exclusive {
		how |= windows.LOCKFILE_EXCLUSIVE_LOCK
	}
	err := windows.LockFileEx(windows.Handle(file.Fd()), how, 0, 1, 0, &at)
	if errors.Is(err, windows.ERROR_NOT_SUPPORTED) || errors.Is(err, windows.ERROR_INVALID_FUNCTION) {
		return errors.ErrUnsupported
	}
	return err
}
