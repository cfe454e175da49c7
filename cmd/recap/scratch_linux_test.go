// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import "syscall"

// roomy reports whether a gigabyte fits into dir. A container has 64 MB of memory
// to write files to, unless it is given more.
func roomy(dir string) bool {
	var s syscall.Statfs_t
	return syscall.Statfs(dir, &s) == nil && s.Bavail >= 1<<30/uint64(s.Bsize)
}
