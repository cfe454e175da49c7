// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

// Package index is index.json, the list of what a layout holds and calls by a name:
// read strictly ([Parse]), changed, and written so that the same list is the same
// bytes ([Index.Marshal]). Where the file is and who may write it is for package
// layout.
//
// An [Index] that others may see isn't changed; [Index.Clone] makes one that may be.
package index
