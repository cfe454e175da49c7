// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

// Package archive is a layout in a .tar: [Read] finds its members, without reading
// what is in them, and [Write] writes one.
//
// It refuses what isn't a plain file or directory, names that lead out of the archive,
// members that are there twice or cut off, headers without end, and what is compressed.
package archive
