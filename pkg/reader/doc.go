// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

// Package reader reads what somebody vouched for: the facts, the document and
// the files of a recap, and the recaps of a pack, from wherever their blobs lie.
//
// Start with [Open]. It takes a [trust.Admitted], so code that forgot to verify
// doesn't compile, and it refuses nil and the zero value. No byte is handed out
// before all of its blob was found to match the digest that was admitted:
// damage, and a source that lies, come out as errors of recap.Integrity instead
// of content. Who vouches for a pack vouches for what it lists: [Reader.Member]
// opens a recap of it by that word, and fetches nothing of the others.
//
// What this package returns is somebody else's text all the same. It is genuine,
// not harmless: printing and rendering it safely is its reader's business.
package reader
