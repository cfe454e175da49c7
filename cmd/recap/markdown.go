// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	east "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/text"
	"golang.org/x/text/width"
)

// The renderer is our own: the libraries for it bring syntax highlighters and
// sanitisers whose package initialisation alone takes three times as long as
// any verb that doesn't show a document, and terminal hyperlinks, which show
// one address and lead to another.

// renderMarkdown draws Markdown for a terminal of so many columns. The text
// must be printable already; the only escape sequences in the result are the
// colours asked for. What would take long to draw was refused when the document
// was parsed.
func renderMarkdown(source string, columns int, colours bool) string {
	src := []byte(source)
	root := goldmark.New(goldmark.WithExtensions(extension.Table, extension.Strikethrough, extension.TaskList)).
		Parser().Parse(text.NewReader(src))
	d := &drawing{src: src, colours: colours}
	d.blocks(root, "", columns)
	return strings.Trim(d.out.String(), "\n") + "\n"
}

// The styles, as SGR parameters.
const (
	styleNone     = ""
	styleHeading  = "1;36"
	styleStrong   = "1"
	styleEmphasis = "3"
	styleCode     = "33"
	styleAside    = "2"
)

type drawing struct {
	src     []byte
	out     strings.Builder
	colours bool
}

// word is a run of text without a space, with its style.
type word struct {
	text  string
	style string
	glued bool // no space before it
	brk   bool // a line ends after it
}

// line writes one line behind an indent.
func (d *drawing) line(indent, s string) {
	d.out.WriteString(strings.TrimRight(indent+s, " ") + "\n")
}

func (d *drawing) styled(s, style string) string {
	if !d.colours || style == styleNone || s == "" {
		return s
	}
	return "\x1b[" + style + "m" + s + "\x1b[0m"
}

// blocks draws the children of n one below the other, a line between them.
func (d *drawing) blocks(n ast.Node, indent string, columns int) {
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		d.block(c, indent, columns)
		if tight, ok := n.(*ast.ListItem); ok && isTight(tight) {
			continue
		}
		if c.NextSibling() != nil {
			d.line(strings.TrimRight(indent, " "), "")
		}
	}
}

func isTight(item *ast.ListItem) bool {
	list, ok := item.Parent().(*ast.List)
	return ok && list.IsTight
}

func (d *drawing) block(n ast.Node, indent string, columns int) {
	switch n := n.(type) {
	case *ast.Heading:
		if !d.colours { // nothing else would tell it from a paragraph
			d.out.WriteString(indent + strings.Repeat("#", n.Level) + " ")
			indent = ""
		}
		d.paragraph(n, indent, columns, styleHeading)
	case *ast.List:
		d.list(n, indent, columns)
	case *ast.Blockquote:
		d.blocks(n, indent+"│ ", columns)
	case *ast.ThematicBreak:
		d.line(indent, strings.Repeat("─", max(3, min(columns-cells(indent), 40))))
	case *ast.FencedCodeBlock, *ast.CodeBlock:
		d.raw(n, indent+"    ", styleCode)
	case *ast.HTMLBlock:
		d.raw(n, indent, styleAside)
	case *east.Table:
		d.table(n, indent)
	default:
		d.paragraph(n, indent, columns, styleNone)
	}
}

// raw draws lines as they are.
func (d *drawing) raw(n ast.Node, indent, style string) {
	lines := n.Lines()
	for i := range lines.Len() {
		segment := lines.At(i)
		d.line(indent, d.styled(strings.TrimRight(string(segment.Value(d.src)), "\n"), style))
	}
}

func (d *drawing) list(n *ast.List, indent string, columns int) {
	number := n.Start
	for item := n.FirstChild(); item != nil; item = item.NextSibling() {
		mark := "• "
		if n.IsOrdered() {
			mark = strconv.Itoa(number) + ". "
			number++
		}
		behind := indent + strings.Repeat(" ", cells(mark))
		body := &drawing{src: d.src, colours: d.colours}
		body.blocks(item, behind, columns)
		// The first line carries the mark where the others are indented.
		d.out.WriteString(indent + mark + strings.TrimPrefix(body.out.String(), behind))
		if !n.IsTight && item.NextSibling() != nil {
			d.line(strings.TrimRight(indent, " "), "")
		}
	}
}

// paragraph draws inline content.
func (d *drawing) paragraph(n ast.Node, indent string, columns int, style string) {
	d.wrap(d.words(n, style), indent, indent, columns)
}

// plain returns the words of a text without styles.
func plain(s string) []word {
	var words []word
	for _, field := range strings.Fields(s) {
		words = append(words, word{text: field})
	}
	return words
}

// wrap draws words, breaking at spaces where a line is full.
func (d *drawing) wrap(words []word, first, indent string, columns int) {
	room := max(columns-cells(indent), 20)
	var b strings.Builder
	used := 0
	flush := func() {
		d.line(first, b.String())
		b.Reset()
		first, used = indent, 0
	}
	for _, w := range words {
		size := cells(w.text)
		if used > 0 && !w.glued {
			if used+1+size > room {
				flush()
			} else {
				b.WriteByte(' ')
				used++
			}
		}
		b.WriteString(d.styled(w.text, w.style))
		used += size
		if w.brk {
			flush()
		}
	}
	if used > 0 {
		flush()
	}
}

// words flattens inline content.
func (d *drawing) words(n ast.Node, style string) []word {
	var words []word
	glue := false // the text before did not end in a space
	add := func(s, style string) {
		for i, part := range strings.FieldsFunc(s, unicode.IsSpace) {
			words = append(words, word{text: part, style: style, glued: i == 0 && glue && !startsWithSpace(s)})
		}
		if s != "" {
			glue = !endsWithSpace(s) && (glue || strings.TrimSpace(s) != "")
		}
	}
	var walk func(n ast.Node, style string)
	walk = func(n ast.Node, style string) {
		for c := n.FirstChild(); c != nil; c = c.NextSibling() {
			switch c := c.(type) {
			case *ast.Text:
				add(string(c.Segment.Value(d.src)), style)
				if c.HardLineBreak() && len(words) > 0 {
					words[len(words)-1].brk = true
				}
				if c.SoftLineBreak() || c.HardLineBreak() {
					glue = false
				}
			case *ast.String:
				add(string(c.Value), style)
			case *ast.CodeSpan:
				walk(c, styleCode)
			case *ast.Emphasis:
				if c.Level > 1 {
					walk(c, styleStrong)
				} else {
					walk(c, styleEmphasis)
				}
			case *ast.Link:
				walk(c, style)
				add(" ("+string(c.Destination)+")", styleAside)
			case *ast.Image:
				add("[image: ", styleAside)
				walk(c, styleAside)
				add("] ("+string(c.Destination)+")", styleAside)
			case *ast.AutoLink:
				add(string(c.URL(d.src)), style)
			case *ast.RawHTML:
				for i := range c.Segments.Len() {
					segment := c.Segments.At(i)
					add(string(segment.Value(d.src)), styleAside)
				}
			case *east.TaskCheckBox:
				add(map[bool]string{true: "[x] ", false: "[ ] "}[c.IsChecked], style)
			default:
				walk(c, style)
			}
		}
	}
	walk(n, style)
	return words
}

func startsWithSpace(s string) bool { return s != strings.TrimLeftFunc(s, unicode.IsSpace) }
func endsWithSpace(s string) bool   { return s != strings.TrimRightFunc(s, unicode.IsSpace) }

// table draws columns as wide as their widest cell; a terminal breaks what is
// too long better than we would.
func (d *drawing) table(n *east.Table, indent string) {
	var rows [][]string
	var widths []int
	for row := n.FirstChild(); row != nil; row = row.NextSibling() {
		var line []string
		for cell := row.FirstChild(); cell != nil; cell = cell.NextSibling() {
			var b strings.Builder
			for i, w := range d.words(cell, styleNone) {
				if i > 0 && !w.glued {
					b.WriteByte(' ')
				}
				b.WriteString(w.text)
			}
			line = append(line, b.String())
			if len(line) > len(widths) {
				widths = append(widths, 0)
			}
			widths[len(line)-1] = max(widths[len(line)-1], cells(b.String()))
		}
		rows = append(rows, line)
	}
	for i, row := range rows {
		var b strings.Builder
		for j, cell := range row {
			padded := cell + strings.Repeat(" ", widths[j]-cells(cell))
			if i == 0 {
				padded = d.styled(padded, styleStrong)
			}
			fmt.Fprintf(&b, "%s  ", padded)
		}
		d.line(indent, b.String())
		if i == 0 {
			var rule []string
			for _, w := range widths {
				rule = append(rule, strings.Repeat("─", w))
			}
			d.line(indent, strings.Join(rule, "  "))
		}
	}
}

// cells returns how many columns of a terminal s takes.
func cells(s string) int {
	n := 0
	for _, r := range s {
		switch {
		case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		case width.LookupRune(r).Kind() == width.EastAsianWide, width.LookupRune(r).Kind() == width.EastAsianFullwidth:
			n += 2
		default:
			n++
		}
	}
	return n
}
