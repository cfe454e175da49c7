// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package document

import "errors"

// What [Parse] and [Split] refuse; errors.Is tells one from another.
var (
	ErrEncoding    = errors.New("not UTF-8 text")              // invalid UTF-8, or a NUL
	ErrFrontMatter = errors.New("front matter does not end")   // no closing fence
	ErrLimit       = errors.New("more than a reader can bear") // see Limit
)

// Error is a refusal, with the place that caused it.
type Error struct {
	Line int // from 1
	Col  int // from 1, in bytes
	Mend string
	Err  error // wraps one of the Err… values
}

// Error returns what was refused and why, without the place.
func (e *Error) Error() string { return e.Err.Error() }

// Unwrap returns the error that e places.
func (e *Error) Unwrap() error { return e.Err }
