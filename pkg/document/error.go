// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package document

import (
	"errors"
	"fmt"
)

// What [Parse] and [Split] refuse; errors.Is tells one from another.
var (
	ErrEncoding    = errors.New("not UTF-8 text")
	ErrFrontMatter = errors.New("front matter does not end")
	ErrLimit       = errors.New("over a limit")
)

// Error is a refusal and the place that caused it. It wraps ErrEncoding,
// ErrFrontMatter or ErrLimit.
type Error struct {
	Line int    // from 1
	Col  int    // from 1, in bytes
	Code string // stable name in kebab-case, such as nested-too-deep
	Mend string // what to do about it, in the imperative

	kind error
	text string
}

func newError(kind error, code string, line, col int, format string, args ...any) *Error {
	return &Error{Line: line, Col: col, Code: code, kind: kind, text: fmt.Sprintf(format, args...)}
}

func (e *Error) mend(mend string) *Error {
	e.Mend = mend
	return e
}

// Error returns what was refused and why, without the place.
func (e *Error) Error() string { return e.text }

// Unwrap returns the kind of refusal.
func (e *Error) Unwrap() error { return e.kind }
