// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package pack

import (
	"bytes"
	"unicode/utf8"

	"github.com/recap-oci/recap/pkg/internal/tree"
	"github.com/recap-oci/recap/pkg/recap"
)

// checkText reports whether data is text that shows what it says.
func (r *reader) checkText(data []byte) bool {
	start := tree.Pos{Line: 1, Col: 1}
	switch {
	case len(data) > maxFileSize:
		r.fail(start, ruleEncoding, "make two packs of it", "pack.yaml has more than %d bytes", maxFileSize)
		return false
	case bytes.HasPrefix(data, []byte("\xff\xfe")), bytes.HasPrefix(data, []byte("\xfe\xff")):
		r.fail(start, ruleEncoding, "save it as UTF-8", "the text is in UTF-16")
		return false
	case bytes.HasPrefix(data, []byte("\xef\xbb\xbf")):
		r.fail(start, ruleEncoding, "save it as UTF-8 without a byte order mark", "the text begins with a byte order mark")
		return false
	}
	for at, line, col := 0, 1, 1; at < len(data); {
		c, size := utf8.DecodeRune(data[at:])
		pos := tree.Pos{Line: line, Col: col}
		switch {
		case c == utf8.RuneError && size == 1:
			r.fail(pos, ruleEncoding, "save it as UTF-8", "the text is not UTF-8 from here on")
			return false
		case c == '\n':
			line, col = line+1, 0
		case c == '\t', c == '\r' && bytes.HasPrefix(data[at+1:], []byte("\n")), shows(c):
		default:
			r.fail(pos, ruleControl, "delete it", "a character that doesn't show (U+%04X) stands in the text", c)
			return false
		}
		at, col = at+size, col+size
	}
	return true
}

// checkValues refuses values that an escape hides such a character in.
func (r *reader) checkValues(n *tree.Node) bool {
	ok := true
	for _, c := range n.Text {
		if !shows(c) && c != '\n' && c != '\t' {
			r.fail(n.Pos, ruleControl, "delete it", "a character that doesn't show (U+%04X) stands in this value", c)
			return false
		}
	}
	for _, item := range n.Items {
		ok = r.checkValues(item) && ok
	}
	for _, e := range n.Entries {
		ok = r.checkValues(e.Key) && r.checkValues(e.Value) && ok
	}
	return ok
}

// shows reports whether people can see c, or, of the joiners that some scripts
// and emoji need, what it does.
func shows(c rune) bool { return recap.IsPrintable(c) || c == '\u200c' || c == '\u200d' }
