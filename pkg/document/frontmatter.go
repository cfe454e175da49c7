// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package document

import (
	"bytes"
	"unicode/utf8"
)

// Format is the language of a front matter.
type Format string

// The formats. A text without front matter has FormatNone.
const (
	FormatNone Format = ""
	FormatYAML Format = "yaml" // between two lines of ---
	FormatTOML Format = "toml" // between two lines of +++
	FormatJSON Format = "json" // an object that begins with the text
)

// FrontMatter is where the metadata of a text stands in it.
type FrontMatter struct {
	Format Format
	Block  Range // with fences, and the line end after the last one
	Data   Range // what a decoder is given: without fences, a JSON object with its braces
	Line   int   // the line on which Data begins; 0 without front matter
}

// byteOrderMark is what some editors put before UTF-8.
const byteOrderMark = "\uFEFF"

// Split finds the front matter of text, which begins with its first line, after
// a byte order mark if there is one. The body is what follows Block.
//
// A fence is a line of exactly three hyphens or plus signs, spaces and tabs
// after them aside. A text that begins with a brace has JSON front matter when
// the brace opens an object; {{< and {% are a template's and begin the body.
//
// Split refuses a text that isn't UTF-8 or holds a NUL (ErrEncoding), a front
// matter without an end (ErrFrontMatter), and what is longer than [MaxText] or
// [MaxFrontMatter] (ErrLimit), each as an *Error. It doesn't look into the data.
func Split(text []byte) (FrontMatter, error) {
	if err := checkText(text); err != nil {
		return FrontMatter{}, err
	}
	start := 0
	if bytes.HasPrefix(text, []byte(byteOrderMark)) {
		start = len(byteOrderMark)
	}
	fm, err := splitAt(text, start)
	if err != nil {
		return FrontMatter{}, err
	}
	if fm.Data.Len() > MaxFrontMatter {
		return FrontMatter{}, newError(ErrLimit, "front-matter-too-large", 1, 1,
			"front matter of %d bytes is longer than %d", fm.Data.Len(), MaxFrontMatter).
			mend("move long facts to recap.yaml or into the text")
	}
	return fm, nil
}

// splitAt finds the front matter that begins at start.
func splitAt(text []byte, start int) (FrontMatter, error) {
	switch {
	case isFence(text[start:], '-'):
		return splitFenced(text, start, FormatYAML, '-')
	case isFence(text[start:], '+'):
		return splitFenced(text, start, FormatTOML, '+')
	case opensObject(text[start:]):
		return splitJSON(text, start)
	}
	return FrontMatter{Block: Range{start, start}, Data: Range{start, start}}, nil
}

func splitFenced(text []byte, start int, format Format, sign byte) (FrontMatter, error) {
	data := start + lineLength(text[start:])
	for at := data; at < len(text); at += lineLength(text[at:]) {
		if isFence(text[at:], sign) {
			return FrontMatter{
				Format: format,
				Block:  Range{start, at + lineLength(text[at:])},
				Data:   Range{data, at},
				Line:   2,
			}, nil
		}
	}
	fence := string([]byte{sign, sign, sign})
	return FrontMatter{}, newError(ErrFrontMatter, "front-matter-unclosed", 1, 1,
		"front matter begins with %s and no second line of %s ends it", fence, fence).
		mend("put a line of " + fence + " after it; a text that begins with a rule writes it as ***")
}

// splitJSON finds the end of the object that begins at start by counting
// braces outside strings, to any depth.
func splitJSON(text []byte, start int) (FrontMatter, error) {
	depth, quoted := 0, false
	for i := start; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			depth--
		}
		if depth > 0 {
			continue
		}
		end := i + 1
		line := text[end : end+lineLength(text[end:])]
		if len(bytes.TrimSpace(line)) > 0 {
			first, col := indexLines(text).position(end)
			return FrontMatter{}, newError(ErrFrontMatter, "front-matter-unclosed", first, col,
				"the object of the front matter ends within a line").
				mend("begin the text on a line of its own")
		}
		return FrontMatter{
			Format: FormatJSON,
			Block:  Range{start, end + len(line)},
			Data:   Range{start, end},
			Line:   1,
		}, nil
	}
	return FrontMatter{}, newError(ErrFrontMatter, "front-matter-unclosed", 1, 1,
		"front matter begins with { and its object does not end").
		mend("close the object; a text that begins with a brace writes it as \\{")
}

// isFence reports whether the first line of text is three signs.
func isFence(text []byte, sign byte) bool {
	if len(text) < 3 || text[0] != sign || text[1] != sign || text[2] != sign {
		return false
	}
	line := text[:lineLength(text)]
	return len(bytes.Trim(line[3:], " \t\r\n")) == 0
}

// opensObject reports whether text begins with a JSON object.
func opensObject(text []byte) bool {
	if len(text) == 0 || text[0] != '{' {
		return false
	}
	rest := bytes.TrimLeft(text[1:], " \t\r\n")
	return len(rest) == 0 || rest[0] == '"' || rest[0] == '}'
}

// lineLength returns the length of the first line of text, line end included.
func lineLength(text []byte) int {
	if i := bytes.IndexByte(text, '\n'); i >= 0 {
		return i + 1
	}
	return len(text)
}

// checkText refuses what is no text, or too long.
func checkText(text []byte) error {
	if len(text) > MaxText {
		return newError(ErrLimit, "text-too-large", 1, 1, "text of %d bytes is longer than %d", len(text), MaxText).
			mend("split it into several recaps")
	}
	at := bytes.IndexByte(text, 0)
	what := "a NUL character"
	if !utf8.Valid(text) {
		for i := 0; i < len(text); {
			r, size := utf8.DecodeRune(text[i:])
			if r == utf8.RuneError && size == 1 {
				if at < 0 || i < at {
					at, what = i, "bytes that are not UTF-8"
				}
				break
			}
			i += size
		}
	}
	if at < 0 {
		return nil
	}
	line, col := indexLines(text).position(at)
	return newError(ErrEncoding, "not-text", line, col, "the text holds %s", what).mend("save it as UTF-8")
}
