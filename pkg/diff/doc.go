// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

// Package diff tells two recaps, or two packs, apart: which recaps came, went,
// moved or changed, and in each of those the sections, facts, files, licence and
// metadata; and who signed.
//
// Start with [Between], which takes two readers of what somebody vouched for.
// What has the same digest isn't fetched to find out that nothing changed.
//
// [Changes] holds somebody else's text. [Changes.WriteText] and
// [Changes.WriteMarkdown] print it so that it stays text, in a terminal and on a
// page; who prints the fields otherwise has to see to that.
package diff
