// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

// Package shard cuts the recaps of a pack into groups that stay what they are when
// others come and go ([Cut]), and makes of their lines a blob, and lines of a blob
// that somebody else made ([Compress], [Decompress], [Lines]).
//
// What it returns is part of the format: the same members are always cut in the
// same places, and the same lines are the same bytes.
package shard
