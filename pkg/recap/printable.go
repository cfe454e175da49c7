// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package recap

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Printable returns s fit for one line of a terminal or a log: every control,
// bidirectional, zero-width, tag and private character, and every byte that is
// not UTF-8, is written as an escape. What a registry, an artifact, a
// certificate or a source directory says goes through here before a person
// sees it, so that it can't move the cursor, set a title, or forge a line.
func Printable(s string) string { return escape(s, false) }

// PrintableText is [Printable] for text of several lines: line feed and tab
// stay.
func PrintableText(s string) string { return escape(s, true) }

func escape(s string, lines bool) string {
	plain := func(r rune) bool { return IsPrintable(r) || lines && (r == '\n' || r == '\t') }
	if utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return !plain(r) }) {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, s[0])
		case plain(r):
			b.WriteRune(r)
		case r < 0x100:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r < 0x10000:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
		s = s[size:]
	}
	return b.String()
}

// IsPrintable reports whether r moves nothing and hides nothing. The joiner
// that emoji and some scripts are written with is harmless alone.
func IsPrintable(r rune) bool {
	if r == '\u200d' {
		return true
	}
	return !unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Zl, unicode.Zp)
}
