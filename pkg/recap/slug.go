// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package recap

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// MaxSlugLength is the length of the longest slug, in bytes. A slug is the
// name of a directory wherever a recap is pulled to.
const MaxSlugLength = 80

// Slug makes a slug from a title, the same on every machine: Latin letters
// without their accents, digits, and one hyphen for anything between them.
// Apostrophes vanish ("That's" is thats). It is at most [MaxSlugLength] bytes
// long, cut between two words where that loses less than half.
//
// A title in another script leaves nothing of itself or only its digits; the
// slug then ends in the first 12 hex digits of the title's SHA-256, so that two
// such titles stay two. Slug never returns a name that [CheckSlug] refuses:
// catalog becomes catalog-recap.
func Slug(title string) string {
	var b strings.Builder
	gap := false     // something that isn't kept stands before the next letter
	latin := false   // a letter was kept
	foreign := false // a letter was not
	for _, r := range norm.NFKD.String(strings.ToValidUTF8(title, "\uFFFD")) {
		kept := foldRune(r)
		switch {
		case kept != "":
			if gap && b.Len() > 0 {
				b.WriteByte('-')
			}
			gap = false
			b.WriteString(kept)
			latin = latin || kept[0] > '9'
		case unicode.Is(unicode.Mn, r) || isApostrophe(r):
			// An accent of the letter before, or a contraction: no gap.
		default:
			gap = true
			foreign = foreign || unicode.IsLetter(r)
		}
	}
	slug := cutSlug(b.String(), MaxSlugLength)
	if !latin && (foreign || slug == "") {
		sum := sha256.Sum256([]byte(norm.NFC.String(title)))
		hash := hex.EncodeToString(sum[:6])
		if slug = cutSlug(slug, MaxSlugLength-len(hash)-1); slug == "" {
			slug = "recap"
		}
		slug += "-" + hash
	}
	if reservedSlug(slug) {
		slug += "-recap"
	}
	return slug
}

// CheckSlug returns an error when s can't be a slug: when it is empty, longer
// than [MaxSlugLength] bytes, has other characters than a-z, 0-9 and single
// inner hyphens, or is a name that means something else: catalog, which a pack
// has a directory of, or a Windows device such as con and lpt1. The error is an
// [Error] of kind [Usage] with code bad-slug.
func CheckSlug(s string) error {
	bad := func(format string, args ...any) error {
		e := Errorf(Usage, "bad-slug", format, args...)
		if mend := Slug(s); s != "" && mend != s {
			e = e.WithHint("slug: %s", mend)
		}
		return e
	}
	switch {
	case s == "":
		return bad("slug is empty")
	case len(s) > MaxSlugLength:
		return bad("slug of %d bytes is longer than %d", len(s), MaxSlugLength)
	case !IsID(s):
		return bad("slug %q has other characters than a-z, 0-9 and single hyphens between them", s)
	case reservedSlug(s):
		return bad("slug %q is a reserved name", s)
	}
	return nil
}

// IsID reports whether s is written as slugs and ids are: a-z, 0-9 and single
// hyphens between them. [CheckSlug] has more to say of a slug.
func IsID(s string) bool {
	hyphen := true // as if before the first character
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9':
			hyphen = false
		case c == '-' && !hyphen:
			hyphen = true
		default:
			return false
		}
	}
	return !hyphen
}

// reservedSlug reports whether s names what a directory can't be named: the
// pack's own directory, and the devices that Windows has in every directory.
func reservedSlug(s string) bool {
	switch s {
	case "catalog", "con", "prn", "aux", "nul":
		return true
	}
	if rest, ok := strings.CutPrefix(s, "com"); ok || strings.HasPrefix(s, "lpt") {
		if !ok {
			rest = s[len("lpt"):]
		}
		return len(rest) == 1 && '0' <= rest[0] && rest[0] <= '9'
	}
	return false
}

// cutSlug shortens s to at most n bytes.
func cutSlug(s string, n int) string {
	if len(s) <= n {
		return s
	}
	cut := s[:n]
	if s[n] != '-' {
		if i := strings.LastIndexByte(cut, '-'); i >= n/2 {
			cut = cut[:i]
		}
	}
	return strings.TrimRight(cut, "-")
}

// foldRune returns what a slug keeps of r, which is decomposed already.
func foldRune(r rune) string {
	switch {
	case 'a' <= r && r <= 'z', '0' <= r && r <= '9':
		return string(r)
	case 'A' <= r && r <= 'Z':
		return string(r + 'a' - 'A')
	}
	// Latin letters that Unicode doesn't decompose.
	switch unicode.ToLower(r) {
	case 'ß':
		return "ss"
	case 'æ':
		return "ae"
	case 'œ':
		return "oe"
	case 'ø':
		return "o"
	case 'đ', 'ð':
		return "d"
	case 'ħ':
		return "h"
	case 'ı':
		return "i"
	case 'ł':
		return "l"
	case 'ŋ':
		return "n"
	case 'ŧ':
		return "t"
	case 'þ':
		return "th"
	}
	return ""
}

func isApostrophe(r rune) bool {
	return r == '\'' || r == '’' || r == '‘' || r == 'ʼ'
}
