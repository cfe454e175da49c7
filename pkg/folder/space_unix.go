// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build linux || darwin || freebsd

package folder

import "golang.org/x/sys/unix"

// freeSpace returns how many bytes this user may still write to the file
// system of dir, and whether that is known.
func freeSpace(dir string) (uint64, bool) {
	var stat unix.Statfs_t
	if err := unix.Statfs(dir, &stat); err != nil {
		return 0, false
	}
	if stat.Blocks == 0 { // some network and FUSE file systems don't tell
		return 0, false
	}
	return uint64(stat.Bavail) * uint64(stat.Bsize), true //nolint:unconvert,gosec // the types differ between systems, and are never negative
}

// mayWrite returns why nothing can be made in dir, as far as the system tells.
func mayWrite(dir string) error { return unix.Access(dir, unix.W_OK|unix.X_OK) }
