// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package safepath

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/recap-oci/recap/pkg/recap"
)

// Check reports why p is not a portable relative path: slash-separated
// components in Unicode NFC, none of which is empty, "." or "..", is special to
// a system or a shell, or holds what can't be seen, within the limits
// [recap.MaxPathLength], [recap.MaxPathComponent] and [recap.MaxPathDepth].
//
// The error is a [recap.Unsafe] one with code unsafe-path and names p escaped.
func Check(p string) error {
	why := fault(p)
	if why == "" {
		return nil
	}
	return recap.Errorf(recap.Unsafe, "unsafe-path", "path %.120q %s", p, why).
		WithHint("rename the file: letters, digits, dots, hyphens and single spaces are safe everywhere")
}

// fault says what is wrong with p, or nothing.
func fault(p string) string {
	switch {
	case p == "":
		return "is empty"
	case len(p) > recap.MaxPathLength:
		return fmt.Sprintf("is longer than %d bytes", recap.MaxPathLength)
	case !utf8.ValidString(p):
		return "is not UTF-8"
	case p[0] == '/':
		return "is absolute"
	}
	for _, r := range p {
		if why := badRune(r); why != "" {
			return fmt.Sprintf("holds %s (U+%04X)", why, r)
		}
	}
	if !norm.NFC.IsNormalString(p) {
		return "is not in Unicode NFC, so systems differ about which file it names"
	}
	components := strings.Split(p, "/")
	if len(components) > recap.MaxPathDepth {
		return fmt.Sprintf("is deeper than %d components", recap.MaxPathDepth)
	}
	for _, c := range components {
		if why := badComponent(c); why != "" {
			return why
		}
	}
	return ""
}

// badRune says what r is, where r may stand nowhere in a path.
func badRune(r rune) string {
	switch {
	case r == '\\':
		return "a backslash, which separates on Windows"
	case r == ':':
		return "a colon, which names a drive or a stream on Windows"
	case strings.ContainsRune(`<>"|?*`, r):
		return "a character that Windows refuses"
	case unicode.IsControl(r), r == '\u2028', r == '\u2029':
		return "a control character"
	case unicode.Is(unicode.Cf, r), unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r), unicode.Is(unicode.Variation_Selector, r):
		// Zero-width, bidirectional and tag characters among them.
		return "a character that can't be seen"
	case unicode.Is(unicode.Co, r), unicode.Is(unicode.Noncharacter_Code_Point, r):
		return "a character without a meaning of its own"
	default:
		return ""
	}
}

// badComponent says why no file may be called c.
func badComponent(c string) string {
	switch {
	case c == "":
		return "has an empty component"
	case c == ".", c == "..":
		return fmt.Sprintf("has a component %q", c)
	case len(c) > recap.MaxPathComponent:
		return fmt.Sprintf("has a component longer than %d bytes", recap.MaxPathComponent)
	case strings.HasSuffix(c, "."):
		return fmt.Sprintf("has a component %q that ends in a dot, which Windows drops", c)
	}
	first, _ := utf8.DecodeRuneInString(c)
	last, _ := utf8.DecodeLastRuneInString(c)
	switch {
	case unicode.IsSpace(first), unicode.IsSpace(last):
		return fmt.Sprintf("has a component %q with a space at its end or start", c)
	case strings.ContainsRune("-~$", first):
		return fmt.Sprintf("has a component %q that a command would take for an option or expand", c)
	case isDevice(c):
		return fmt.Sprintf("has a component %q, a device on Windows", c)
	case isShortName(c):
		return fmt.Sprintf("has a component %q in the form of a short name, another file's on Windows", c)
	case isRepository(c):
		return fmt.Sprintf("has a component %q, from which version control runs commands", c)
	default:
		return ""
	}
}

// isDevice reports whether Windows opens a device for c, whatever extension
// follows. Its superscript digits count as digits.
func isDevice(c string) bool {
	base, _, _ := strings.Cut(c, ".")
	base = strings.ToUpper(strings.TrimRight(base, " "))
	switch base {
	case "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", "CLOCK$":
		return true
	}
	digit, ok := strings.CutPrefix(base, "COM")
	if !ok {
		digit, ok = strings.CutPrefix(base, "LPT")
	}
	return ok && utf8.RuneCountInString(digit) == 1 && strings.Contains("0123456789¹²³", digit)
}

// isShortName reports whether c looks like the second name that Windows gives a
// file on FAT and NTFS, such as RECAP~1: by it a reserved name could be reached.
func isShortName(c string) bool {
	base, ext, _ := strings.Cut(c, ".")
	stem, digits, ok := strings.Cut(base, "~")
	return ok && stem != "" && len(base) <= 8 && len(ext) <= 3 && !strings.Contains(ext, ".") &&
		digits != "" && strings.Trim(digits, "0123456789") == ""
}

// isRepository reports whether c is a directory whose configuration makes git or
// hg run what it says as soon as somebody works beside it.
func isRepository(c string) bool {
	folded := fold(c)
	return folded == ".git" || folded == ".hg"
}
