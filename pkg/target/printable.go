// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package target

import (
	"unicode"
	"unicode/utf8"

	"github.com/recap-oci/recap/pkg/recap"
)

// printable reports whether r may stand in a reference. It is stricter than
// [recap.IsPrintable]: a person must be able to tell by sight what is typed, so
// there is no joiner, no replacement character and no space but the common one.
func printable(r rune) bool {
	return unicode.IsPrint(r) && r != utf8.RuneError
}

// quote returns s in double quotes, escaped, and short enough for one line.
func quote(s string) string { return `"` + recap.Printable(shorten(s, 200)) + `"` }

// shorten cuts s to at most n bytes at a rune boundary and marks the cut.
func shorten(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}
