// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

// Package fit checks what a person wrote (pkg/internal/tree) against a schema
// (pkg/internal/shape) and says in plain words what doesn't fit, in which line,
// and how to mend it. Nothing of a schema's machinery shows.
//
// Start with [Form.Check]. What only one kind of file needs, such as the words
// for its patterns, is part of its [Form].
//
// # What a schema may look like
//
// Alternatives are told apart, so that one of them can be meant: those of a
// oneOf each take other types, or each require other fields and say nothing
// else; those of an anyOf require fields and say nothing else. A test of the
// schema holds it.
package fit
