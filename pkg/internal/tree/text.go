// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package tree

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"
)

// The classes of what keeps a text from being read as it looks.
const (
	Encoding Class = "encoding" // not UTF-8, or with a byte order mark
	Hidden   Class = "hidden"   // a character that doesn't show
)

// CheckText returns the first place where data is not text that shows what it
// says, or nil: a reader of the file must see what it means. shows tells which
// characters do, besides tabs and line ends.
func CheckText(data []byte, shows func(rune) bool) *Problem {
	start := Pos{Line: 1, Col: 1}
	switch {
	case bytes.HasPrefix(data, []byte("\xff\xfe")), bytes.HasPrefix(data, []byte("\xfe\xff")):
		return &Problem{Pos: start, Class: Encoding, Message: "the text is in UTF-16", Mend: "save it as UTF-8"}
	case bytes.HasPrefix(data, []byte("\xef\xbb\xbf")):
		return &Problem{Pos: start, Class: Encoding, Message: "the text begins with a byte order mark", Mend: "save it as UTF-8 without a byte order mark"}
	}
	for at, line, col := 0, 1, 1; at < len(data); {
		c, size := utf8.DecodeRune(data[at:])
		pos := Pos{Line: line, Col: col}
		switch {
		case c == utf8.RuneError && size == 1:
			return &Problem{Pos: pos, Class: Encoding, Message: "the text is not UTF-8 from here on", Mend: "save it as UTF-8"}
		case c == '\n':
			line, col = line+1, 0
		case c == '\t', c == '\r' && bytes.HasPrefix(data[at+1:], []byte("\n")), shows(c):
		default:
			return &Problem{Pos: pos, Class: Hidden, Message: fmt.Sprintf("a character that doesn't show (U+%04X) stands in the text", c), Mend: "delete it"}
		}
		at, col = at+size, col+size
	}
	return nil
}

// Cut takes the value at a JSON Pointer out of the tree. Items of lists keep
// their places: nothing stands in place of one.
func (n *Node) Cut(pointer string) {
	tokens := Tokens(pointer)
	if len(tokens) == 0 {
		*n = *NewMap(n.Pos)
		return
	}
	last := tokens[len(tokens)-1]
	parent := n.At(strings.TrimSuffix(pointer, "/"+Escape(last)))
	switch {
	case parent == nil:
	case parent.Kind == Map:
		parent.Delete(last)
	default:
		if item, _ := parent.Child(last); item != nil {
			*item = Node{Kind: Null, Pos: item.Pos}
		}
	}
}
