// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

// Package rule says what a recap must be like: every rule of a check, with its
// code, its severity, the level at which it counts, and the words in which it is
// told; and what a recap breaks of those that need no file.
//
// Start with [Check]. [All] lists the rules. Those about texts, files and packs
// are described here and applied by pkg/source and pkg/pack; [Counted] says which
// problems stop a check at a [Level].
//
// Codes are stable. A rule is never given another's code, and a finding of a
// higher level only never stops a build.
package rule
