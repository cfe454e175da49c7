// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

// Package safepath decides which names of files an artifact may carry: those
// that mean the same file, inside the directory they are written to, on every
// system that recap runs on.
//
// [Check] judges one path by itself, [CheckSet] the paths that will lie in one
// directory, and [Reserved] the names that decide whom a reader trusts. All
// three look at names only; what lies at a path on a disk is for whoever opens
// it to find out.
//
// The rules are the union of what Linux, macOS and Windows make special, plus
// what makes one name look like another. A name that is only unusual (spaces
// inside, accents, other scripts) is fine.
package safepath
