// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package durable

import (
	"errors"
	"os"
	"time"

	"golang.org/x/sys/windows"
)

// syncDir does nothing: NTFS journals names itself and offers no flush of a
// directory to an ordinary process.
func syncDir(open func() (*os.File, error)) error {
	dir, err := open()
	if err != nil {
		return err
	}
	return dir.Close()
}

func cannotSync(error) bool { return false }

// renamePatiently tries again while a virus scanner or an indexer has one of
// the files open, which Windows answers with these errors; it gives up after
// about a second.
func renamePatiently(rename func() error) error {
	wait := time.Millisecond
	for {
		err := rename()
		transient := errors.Is(err, windows.ERROR_ACCESS_DENIED) || errors.Is(err, windows.ERROR_SHARING_VIOLATION)
		if !transient || wait > 512*time.Millisecond {
			return err
		}
		time.Sleep(wait)
		wait *= 2
	}
}

func cannotMove(err error) bool {
	return errors.Is(err, windows.ERROR_NOT_SAME_DEVICE) || errors.Is(err, windows.ERROR_BUSY) ||
		errors.Is(err, windows.ERROR_SHARING_VIOLATION)
}

func exchange(_, _ string) error { return errors.ErrUnsupported }

// IsMountPoint reports whether path is a volume mounted in a directory, which
// can't be renamed or replaced.
func IsMountPoint(path string) (bool, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return false, Explain(err)
	}
	return info.Mode()&os.ModeIrregular != 0, nil
}
