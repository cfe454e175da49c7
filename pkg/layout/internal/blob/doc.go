// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

// Package blob is where the blobs of a layout lie: their names, the directory that
// holds them ([Directory]), and the quarantine for those that are damaged.
//
// It refuses what is no regular file in the place of one ([ErrIrregular]) without
// opening it, and a digest that no layout holds before a path is made of it
// ([CheckDigest]). It hashes nothing that it opens: who reads compares.
package blob
