// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

// Package document reads one Markdown text: its front matter, sections, links,
// images, raw HTML, code blocks and shortcodes, each with its place in the
// file.
//
// Start with [Parse], or with [Split] where only the front matter matters.
// Both are pure: bytes in, places out; nothing is rendered, fetched or decoded.
//
// The dialect is CommonMark with the tables, strikethrough and task lists of
// GitHub. A bare web address is text; a footnote is the paragraph that it is in
// CommonMark, so the links in it are found.
//
// Every offset and line is of the whole file, front matter and byte order mark
// included: what a citation or an editor needs. Lines end at a line feed and
// count from 1; columns count bytes from 1.
//
// Markdown can be written so that a parser takes minutes for a hundred
// kilobytes. Parse refuses such a text before the parser sees it, by counting:
// [MaxNesting] and its neighbours say what, and why.
package document
