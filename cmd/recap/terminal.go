// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// safe returns s fit for one line of a terminal: every control, bidirectional,
// zero-width and tag character, and every byte that is not UTF-8, is written as
// an escape. What a registry, an artifact or a certificate says goes through
// here, so that it can't move the cursor, set a title or forge a line of ours.
func safe(s string) string { return escape(s, false) }

// safeText is safe for text of several lines: line feed and tab stay.
func safeText(s string) string { return escape(s, true) }

func escape(s string, lines bool) string {
	if clean(s, lines) {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, s[0])
		case lines && (r == '\n' || r == '\t'), harmless(r):
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

func clean(s string, lines bool) bool {
	for i, r := range s {
		if r == utf8.RuneError && !strings.HasPrefix(s[i:], "\uFFFD") {
			return false
		}
		if !harmless(r) && (!lines || r != '\n' && r != '\t') {
			return false
		}
	}
	return true
}

// harmless reports whether r moves nothing and hides nothing. Category Cf holds
// the bidirectional controls, the zero-width characters and the tags; the
// variation selectors and the joiner that emoji need are harmless alone.
func harmless(r rune) bool {
	switch r {
	case '\u200d': // zero width joiner: family emoji
		return true
	case '\u2028', '\u2029': // line and paragraph separators
		return false
	}
	return !unicode.Is(unicode.Cc, r) && !unicode.Is(unicode.Cf, r) && !unicode.Is(unicode.Co, r)
}

// size writes a number of bytes for people: 12 B, 3.4 KiB, 1.2 GiB.
func size(n int64) string {
	if n < 1024 {
		return fmt.Sprintf("%d B", n)
	}
	f, units := float64(n)/1024, "KMGTPE"
	for f >= 1023.95 && len(units) > 1 {
		f, units = f/1024, units[1:]
	}
	return fmt.Sprintf("%.1f %ciB", f, units[0])
}

// count writes a number with its noun: 1 file, 2 files.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
