// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package target

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// printable reports whether r changes nothing on a terminal but the cell it is
// drawn in. Control, format (bidirectional, zero-width, tag) and private
// characters aren't, nor is any space but the common one.
func printable(r rune) bool {
	return unicode.IsPrint(r) && r != utf8.RuneError
}

// escape returns s with everything else spelt as an escape sequence.
func escape(s string) string {
	clean := true
	for _, r := range s {
		if !printable(r) {
			clean = false
			break
		}
	}
	if clean {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if printable(r) {
			b.WriteRune(r)
		} else {
			q := strconv.QuoteToASCII(s[i : i+n])
			b.WriteString(q[1 : len(q)-1])
		}
		i += n
	}
	return b.String()
}

// quote returns s in double quotes, escaped, and short enough for one line.
func quote(s string) string { return `"` + escape(shorten(s, 200)) + `"` }

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
