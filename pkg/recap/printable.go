// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package recap

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Printable returns s fit for one line of a terminal or a log: every control,
// bidirectional, zero-width, filler, tag and private character, and every byte
// that is not UTF-8, is written as an escape. What a registry, an artifact, a
// certificate or a source directory says goes through here before a person
// sees it, so that it can't move the cursor, set a title, or forge a line.
func Printable(s string) string { return escape(s, false) }

// PrintableText is [Printable] for text of several lines: line feed and tab
// stay.
func PrintableText(s string) string { return escape(s, true) }

// PrintableJSON is [PrintableText] for a JSON document: what JSON lets stand
// and a terminal would act on or not show is written as JSON's own escape, so
// that no value changes. data must be valid JSON; nothing in it is copied where
// nothing has to be escaped.
func PrintableJSON(data []byte) []byte {
	plain := func(r rune) bool { return IsPrintable(r) || r == '\n' || r == '\t' }
	if !bytes.ContainsFunc(data, func(r rune) bool { return !plain(r) }) {
		return data
	}
	var out []byte
	for _, r := range string(data) {
		switch {
		case plain(r):
			out = utf8.AppendRune(out, r)
		case r < 0x10000:
			out = fmt.Appendf(out, `\u%04x`, r)
		default:
			high, low := utf16.EncodeRune(r)
			out = fmt.Appendf(out, `\u%04x\u%04x`, high, low)
		}
	}
	return out
}

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
	return !unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Zl, unicode.Zp, unicode.Other_Default_Ignorable_Code_Point)
}
