// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package durable

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

func exchange(a, b string) error {
	return unix.Renameat2(unix.AT_FDCWD, a, unix.AT_FDCWD, b, unix.RENAME_EXCHANGE)
}

// IsMountPoint reports whether something is mounted at the directory path, so
// that it can't be renamed or replaced. Bind mounts count.
func IsMountPoint(path string) (bool, error) {
	var stat unix.Statx_t
	err := unix.Statx(unix.AT_FDCWD, path, 0, unix.STATX_BASIC_STATS, &stat)
	if err == nil && stat.Attributes_mask&unix.STATX_ATTR_MOUNT_ROOT != 0 {
		return stat.Attributes&unix.STATX_ATTR_MOUNT_ROOT != 0, nil
	}
	if err != nil && !errors.Is(err, unix.ENOSYS) && !errors.Is(err, unix.EPERM) {
		return false, Explain(&os.PathError{Op: "statx", Path: path, Err: err})
	}
	// Before Linux 5.8, or where a sandbox hides the call.
	other, err := onOtherDevice(path)
	return other, Explain(err)
}
