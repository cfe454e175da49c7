// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"bytes"
	"unicode"
	"unicode/utf8"

	"github.com/recap-oci/recap/pkg/internal/tree"
	"github.com/recap-oci/recap/pkg/rule"
)

// position returns the place of a byte of text.
func position(path string, text []byte, offset int) tree.Pos {
	before := text[:offset]
	return tree.Pos{
		Path: path,
		Line: bytes.Count(before, []byte{'\n'}) + 1,
		Col:  offset - bytes.LastIndexByte(before, '\n'),
	}
}

// checkEncoding reports whether text can be read at all. What it refuses is
// read differently by editors, site generators and parsers.
func (l *loader) checkEncoding(path string, text []byte) bool {
	start := tree.Pos{Path: path, Line: 1, Col: 1}
	switch {
	case bytes.HasPrefix(text, []byte("\xff\xfe")), bytes.HasPrefix(text, []byte("\xfe\xff")):
		l.report(rule.Encoding, start, "save it as UTF-8", "the text is in UTF-16")
		return false
	case bytes.HasPrefix(text, []byte("\xef\xbb\xbf")):
		l.report(rule.Encoding, start, "save it as UTF-8 without a byte order mark", "the text begins with a byte order mark")
		return false
	case !utf8.Valid(text):
		l.report(rule.Encoding, position(path, text, invalidAt(text)), "save it as UTF-8", "the text is not UTF-8 from here on")
		return false
	case bytes.IndexByte(text, 0) >= 0:
		l.report(rule.Encoding, position(path, text, bytes.IndexByte(text, 0)), "remove it", "a zero byte stands in the text")
		return false
	case bytes.IndexByte(text, '\r') >= 0 && bytes.IndexByte(text, '\n') < 0:
		l.report(rule.Encoding, start, "save it with LF or CRLF line ends", "lines end in a lone carriage return")
		return false
	}
	return true
}

// invalidAt returns the offset of the first byte that is not UTF-8.
func invalidAt(text []byte) int {
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return len(text)
}

// maxInvisible is how many hidden characters are reported one by one in a text.
const maxInvisible = 20

// checkInvisible reports characters that don't show, with their places, and
// returns the lines that hold one. A run of them is one finding.
func (l *loader) checkInvisible(path string, text []byte) map[int]bool {
	found := map[int]bool{}
	reported, inRun := 0, false
	var before rune
	for i, line, col := 0, 1, 1; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		code, name := hidden(before, r, text[i+size:])
		if code != "" {
			found[line] = true
			if !inRun {
				reported++
				if reported <= maxInvisible {
					l.report(code, tree.Pos{Path: path, Line: line, Col: col}, "delete it", "%s (U+%04X) stands in the text", name, r)
				}
			}
		}
		inRun = code != ""
		before = r
		i += size
		col += size
		if r == '\n' {
			line, col = line+1, 1
		}
	}
	if reported > maxInvisible {
		l.report(rule.Control, tree.Pos{Path: path}, "delete them", "%d more hidden characters stand in the text", reported-maxInvisible)
	}
	return found
}

// checkHidden does the same for values whose spelling hides such a character in
// an escape.
func (l *loader) checkHidden(n *tree.Node, seen map[int]bool) {
	if n.Kind == tree.String && !seen[n.Pos.Line] {
		var before rune
		for i, r := range n.Text {
			code, name := hidden(before, r, []byte(n.Text[i+utf8.RuneLen(r):]))
			if code != "" {
				l.report(code, n.Pos, "delete it", "%s (U+%04X) stands in this value", name, r)
				break
			}
			before = r
		}
	}
	for _, item := range n.Items {
		l.checkHidden(item, seen)
	}
	for _, e := range n.Entries {
		l.checkHidden(e.Key, seen)
		l.checkHidden(e.Value, seen)
	}
}

// hidden returns the code of the rule that r breaks between its neighbours, and what r is;
// or nothing. Joiners are needed to write several languages and some emoji, and
// tag characters to write three flags: there they stay.
func hidden(before, r rune, after []byte) (code, name string) {
	switch {
	case r == '\n', r == '\t':
		return "", ""
	case r == '\r':
		if len(after) > 0 && after[0] == '\n' {
			return "", ""
		}
		return rule.Control, "a carriage return"
	case r == 0x1b:
		return rule.Control, "an escape character"
	case unicode.IsControl(r), r == '\u2028', r == '\u2029':
		return rule.Control, "a control character"
	case r >= '\u202a' && r <= '\u202e', r >= '\u2066' && r <= '\u2069':
		return rule.Control, "a character that changes the direction of the text"
	case r >= 0xe0000 && r <= 0xe007f:
		if before == 0x1f3f4 || before >= 0xe0020 && before <= 0xe007f && endsTag(after, r) {
			return "", ""
		}
		return rule.Control, "a tag character"
	case r == '\u200c', r == '\u200d':
		if joins(before) {
			return "", ""
		}
		return rule.Invisible, "a zero-width joiner"
	case r == '\u200b', r == '\u2060', r == '\ufeff', r == '\u180e', r >= '\u2061' && r <= '\u2064', r == '\u00ad',
		r == '\u3164', r == '\uffa0', r == '\u115f', r == '\u1160':
		return rule.Invisible, "an invisible character"
	case r >= 0xe0100 && r <= 0xe01ef, r >= '\ufff9' && r <= '\ufffb':
		return rule.Invisible, "an invisible character"
	}
	return "", ""
}

// endsTag reports whether the run of tag characters that r belongs to ends as
// that of a flag does, within the seven characters that one has.
func endsTag(after []byte, r rune) bool {
	for range 7 {
		if r == 0xe007f {
			return true
		}
		next, size := utf8.DecodeRune(after)
		if next < 0xe0020 || next > 0xe007f {
			return false
		}
		r, after = next, after[size:]
	}
	return false
}

// joins reports whether a joiner makes sense after r.
func joins(r rune) bool {
	return unicode.In(r, unicode.So, unicode.Sk, unicode.Mn, unicode.Mc,
		unicode.Arabic, unicode.Syriac, unicode.Mongolian, unicode.Nko,
		unicode.Devanagari, unicode.Bengali, unicode.Gurmukhi, unicode.Gujarati, unicode.Oriya,
		unicode.Tamil, unicode.Telugu, unicode.Kannada, unicode.Malayalam, unicode.Sinhala,
		unicode.Khmer, unicode.Myanmar, unicode.Tibetan) || r == '\ufe0f'
}
