// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package recap

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Printable returns s fit for one line of a terminal or a log: every control,
// bidirectional, zero-width, filler, tag and private character, every byte that
// is not UTF-8, and marks that are heaped on one letter are written as escapes.
// What a registry, an artifact, a
// certificate or a source directory says goes through here before a person
// sees it, so that it can't move the cursor, set a title, or forge a line.
func Printable(s string) string { return escape(s, false) }

// Quoted returns a name that somebody else gave [Printable], in quotes, and cut where
// it is longer than a person reads.
func Quoted(name string) string {
	const longest = 120
	if runes := []rune(name); len(runes) > longest {
		name = string(runes[:longest]) + "…"
	}
	return `"` + Printable(name) + `"`
}

// PrintableText is [Printable] for text of several lines: line feed and tab
// stay.
func PrintableText(s string) string { return escape(s, true) }

// PrintableJSON is [PrintableText] for a JSON document: what JSON lets stand
// and a terminal would act on or not show is written as JSON's own escape, so
// that no value changes. data must be valid JSON; nothing in it is copied where
// nothing has to be escaped.
func PrintableJSON(data []byte) []byte {
	if allPlain(string(data), true) {
		return data
	}
	var out []byte
	walk(string(data), true, func(part string, r rune, plain bool) {
		switch {
		case plain:
			out = append(out, part...)
		case r == '\r': // between values: a string can't hold one
			out = append(out, ' ')
		case r < 0x10000:
			out = fmt.Appendf(out, `\u%04x`, r)
		default:
			high, low := utf16.EncodeRune(r)
			out = fmt.Appendf(out, `\u%04x\u%04x`, high, low)
		}
	})
	return out
}

func escape(s string, lines bool) string {
	if allPlain(s, lines) {
		return s
	}
	var b strings.Builder
	walk(s, lines, func(part string, r rune, plain bool) {
		switch {
		case plain:
			b.WriteString(part)
		case r == utf8.RuneError: // the character itself is plain
			fmt.Fprintf(&b, `\x%02x`, part[0])
		case r < 0x100:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r < 0x10000:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
	})
	return b.String()
}

func allPlain(s string, lines bool) bool {
	all := true
	walk(s, lines, func(_ string, _ rune, plain bool) { all = all && plain })
	return all
}

// maxMarks is how many combining characters may stand on one letter: more than
// any script puts there, fewer than run over the lines above and below.
const maxMarks = 8

// walk visits each character of s, or byte that is none, and says whether it may
// stand as it is: alone, and where it is.
func walk(s string, lines bool, visit func(part string, r rune, plain bool)) {
	marks, joins := 0, false // of what was before, as it stands
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		var plain bool
		switch {
		case r < utf8.RuneSelf:
			plain = r >= ' ' && r < 0x7f || lines && (r == '\n' || r == '\t')
			marks, joins = 0, false
		case r == utf8.RuneError && size == 1:
			plain = false
		case r == joiner:
			next, _ := utf8.DecodeRuneInString(s[size:])
			plain = joins && isJoined(next)
			joins = false
		case unicode.In(r, unicode.Mn, unicode.Me):
			marks++
			plain = marks <= maxMarks && IsPrintable(r)
		default:
			plain = IsPrintable(r)
			marks, joins = 0, plain && isJoined(r)
		}
		if !plain {
			marks, joins = 0, false // of what is written instead
		}
		visit(s[:size], r, plain)
		s = s[size:]
	}
}

const joiner = '\u200d'

// isJoined reports whether r is of an emoji or a script that is written with the
// joiner. Between other letters it hides: a name with one looks like the name
// without.
func isJoined(r rune) bool {
	const hebrew = 0x590 // Latin, Greek and Cyrillic are before
	return r >= hebrew && r != utf8.RuneError && r != joiner && !unicode.In(r, unicode.Mn, unicode.Me) && IsPrintable(r)
}

// IsPrintable reports whether r by itself moves nothing and hides nothing. The
// joiner counts, which emoji and some scripts are written with; where it may
// stand, [Printable] knows.
func IsPrintable(r rune) bool {
	if r == joiner {
		return true
	}
	return !unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Zl, unicode.Zp, unicode.Other_Default_Ignorable_Code_Point)
}
