// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package durable

import "golang.org/x/sys/unix"

func exchange(a, b string) error {
	return unix.RenamexNp(a, b, unix.RENAME_SWAP)
}

// IsMountPoint reports whether something is mounted at the directory path, so
// that it can't be renamed or replaced.
func IsMountPoint(path string) (bool, error) {
	other, err := onOtherDevice(path)
	return other, Explain(err)
}
