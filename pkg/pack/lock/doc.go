// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

// Package lock reads and writes pack.lock, which says what a pack was made from:
// each member with its digest and the digests of its files, and, of what came from
// a registry, who vouched for it.
//
// Start with [Parse]. [Lock.Drift] says in words what differs between what was and
// what would be. What can be read in two ways is refused: nobody knows what it
// pinned.
package lock
