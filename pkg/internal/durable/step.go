// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build !recapfailpoint

package durable

// step stands before every change to the disk. Under the tag recapfailpoint it
// is where a crash or a full disk is put; otherwise it is nothing.
func step(string, func()) error { return nil }
