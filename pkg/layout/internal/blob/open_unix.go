// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package blob

import "syscall"

// openFlags keep a file that is replaced between the look and the opening from
// leading elsewhere or hanging.
const openFlags = syscall.O_NOFOLLOW | syscall.O_NONBLOCK
