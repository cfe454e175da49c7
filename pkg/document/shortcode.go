// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package document

import (
	"bytes"
	"strconv"

	"github.com/yuin/goldmark/ast"
)

// maxShortcode is how long a call of a template may be, in bytes. It keeps the
// search for ends that don't come from starting over at every brace.
const maxShortcode = 4096

// shortcodeDelimiters open and close calls of templates. Liquid's are not looked for in code: in a
// text about templates they are examples, and only Jekyll would run them.
var shortcodeDelimiters = []struct {
	open, close string
	inCode      bool
}{
	{"{{<", ">}}", true},
	{"{{%", "%}}", true},
	{"{%", "%}", false},
}

// findShortcodes finds the calls of templates in the body.
func (d *Document) findShortcodes() []Shortcode {
	code := d.codeRanges()
	var found []Shortcode
	for at := d.Body.Start; at < d.Body.End; {
		next := bytes.IndexByte(d.Text[at:d.Body.End], '{')
		if next < 0 {
			break
		}
		at += next
		for len(code) > 0 && code[0].End <= at {
			code = code[1:]
		}
		inCode := len(code) > 0 && code[0].Start <= at
		s, length := scanShortcode(d.Text[at:d.Body.End], inCode)
		if length == 0 {
			at++
			continue
		}
		if s.Name != "" {
			s.Range = Range{at, at + length}
			s.Line, s.Col = d.Position(at)
			found = append(found, s)
		}
		at += length
	}
	return found
}

// scanShortcode reads the call that text begins with and returns its length, or
// 0. One that is commented out has a length and no name.
func scanShortcode(text []byte, inCode bool) (Shortcode, int) {
	for _, delimiter := range shortcodeDelimiters {
		if !bytes.HasPrefix(text, []byte(delimiter.open)) || inCode && !delimiter.inCode {
			continue
		}
		inner := text[len(delimiter.open):min(len(text), maxShortcode)]
		end := bytes.Index(inner, []byte(delimiter.close))
		if end < 0 {
			return Shortcode{}, 0
		}
		length := len(delimiter.open) + end + len(delimiter.close)
		inner = bytes.TrimSpace(bytes.Trim(inner[:end], "-")) // Liquid trims white space by {%- -%}
		if bytes.HasPrefix(inner, []byte("/*")) {
			return Shortcode{}, length
		}
		return parseShortcode(inner), length
	}
	return Shortcode{}, 0
}

// parseShortcode reads the name and the parameters of a call.
func parseShortcode(inner []byte) Shortcode {
	var s Shortcode
	if rest, ok := bytes.CutPrefix(inner, []byte("/")); ok {
		s.Close = true
		inner = bytes.TrimSpace(rest)
	}
	name, rest := shortcodeWord(inner)
	s.Name = name
	for position := 0; ; {
		rest = bytes.TrimLeft(rest, " \t\r\n")
		if len(rest) == 0 || bytes.Equal(rest, []byte("/")) { // a call that closes itself
			return s
		}
		if s.Params == nil {
			s.Params = map[string]string{}
		}
		var key, value string
		key, rest = shortcodeWord(rest)
		if after, ok := bytes.CutPrefix(rest, []byte("=")); ok {
			value, rest = shortcodeWord(after)
		} else {
			key, value = strconv.Itoa(position), key
			position++
		}
		s.Params[key] = value
	}
}

// shortcodeWord takes a word, in quotes or not, from the left; at least a byte.
func shortcodeWord(text []byte) (word string, rest []byte) {
	if len(text) == 0 {
		return "", text
	}
	if quote := text[0]; quote == '"' || quote == '`' || quote == '\'' {
		for i := 1; i < len(text); i++ {
			switch {
			case text[i] == '\\' && quote == '"' && i+1 < len(text):
				i++
			case text[i] == quote:
				inner := text[1:i]
				if quote == '"' {
					inner = bytes.ReplaceAll(inner, []byte(`\"`), []byte(`"`))
				}
				return string(inner), text[i+1:]
			}
		}
	}
	end := bytes.IndexAny(text[1:], " \t\r\n=")
	if end < 0 {
		return string(text), nil
	}
	return string(text[:end+1]), text[end+1:]
}

// codeRanges returns where the body has code, in order.
func (d *Document) codeRanges() []Range {
	var ranges []Range
	_ = ast.Walk(d.root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n.Kind() {
		case ast.KindCodeBlock, ast.KindFencedCodeBlock:
			if r, ok := linesRange(n.Lines()); ok {
				ranges = append(ranges, r)
			}
		case ast.KindCodeSpan:
			for c := n.FirstChild(); c != nil; c = c.NextSibling() {
				if t, ok := c.(*ast.Text); ok {
					ranges = append(ranges, Range{t.Segment.Start, t.Segment.Stop})
				}
			}
		}
		return ast.WalkContinue, nil
	})
	return ranges
}
