// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build windows

package folder

import "golang.org/x/sys/windows"

// freeSpace returns how many bytes this user may still write to the volume of
// dir, and whether that is known.
func freeSpace(dir string) (uint64, bool) {
	name, err := windows.UTF16PtrFromString(dir)
	if err != nil {
		return 0, false
	}
	var free uint64
	if err := windows.GetDiskFreeSpaceEx(name, &free, nil, nil); err != nil {
		return 0, false
	}
	return free, true
}

// mayWrite returns nil: only trying tells.
func mayWrite(string) error { return nil }
