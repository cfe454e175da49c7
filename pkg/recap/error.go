// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package recap

import (
	"fmt"
)

// Kind classes an error by what its receiver can do about it. The command
// maps each kind to one exit code; a library caller tests for it with
// errors.Is(err, recap.Unavailable).
type Kind string

// The kinds, in the order of their exit codes.
const (
	Negative    Kind = "negative"    // the answer is no: check found errors, status found changes
	Usage       Kind = "usage"       // the caller asked for something that makes no sense
	NotFound    Kind = "not-found"   // there is no such thing
	Denied      Kind = "denied"      // not authenticated, or not allowed
	Unavailable Kind = "unavailable" // network or registry; worth retrying
	Integrity   Kind = "integrity"   // bytes that don't match, or an artifact with no single meaning
	Untrusted   Kind = "untrusted"   // nobody the caller trusts vouches for it
	Unsafe      Kind = "unsafe"      // content that must not be written, or a limit exceeded
	Stale       Kind = "stale"       // older than, or other than, what was accepted before
	Local       Kind = "local"       // disk, permission, lock, a directory that isn't ours
)

// Error makes a Kind a target for errors.Is.
func (k Kind) Error() string { return string(k) }

// Error is an error that a person will read: what happened, about which
// object, and what to type next. Errors that a caller can do something about
// are made with [Errorf]; everything else is wrapped with %w on its way up.
type Error struct {
	Kind Kind
	Code string // stable name in kebab-case, such as digest-mismatch
	Hint string // what to type next; empty where there is nothing to say
	Err  error  // what, about which object
}

// Errorf returns an *Error whose text is made as fmt.Errorf makes it, %w
// included.
func Errorf(kind Kind, code, format string, args ...any) *Error {
	return &Error{Kind: kind, Code: code, Err: fmt.Errorf(format, args...)}
}

// WithHint sets what the reader should type next and returns e.
func (e *Error) WithHint(format string, args ...any) *Error {
	e.Hint = fmt.Sprintf(format, args...)
	return e
}

// Error returns the text alone; code and hint are data for whoever prints it.
func (e *Error) Error() string { return e.Err.Error() }

// Unwrap returns the error that e describes.
func (e *Error) Unwrap() error { return e.Err }

// Is reports whether target is the kind of e.
func (e *Error) Is(target error) bool {
	kind, ok := target.(Kind)
	return ok && kind == e.Kind
}
