// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package document

import (
	"sort"
	"strings"

	"github.com/yuin/goldmark/ast"
	east "github.com/yuin/goldmark/extension/ast"
)

// Plain is text without its markup, for search and for quotes. It knows where
// each part of it stands in the file.
type Plain struct {
	Text string

	spans []span
	doc   *Document
}

// span says that Text[at:] comes from offset source of the file, up to the next
// span.
type span struct{ at, source int }

// Line returns the line of the file that the byte at offset of p.Text is from.
func (p Plain) Line(offset int) int {
	i := sort.Search(len(p.spans), func(i int) bool { return p.spans[i].at > offset })
	if i == 0 {
		return 0
	}
	line, _ := p.doc.Position(p.spans[i-1].source)
	return line
}

// Plain returns the text of the blocks that begin in r without its markup: words
// of links, alternative texts of images and code are kept, HTML and the targets
// of links are not. An empty line stands between blocks, a line end between the
// lines of a paragraph and a tab between the cells of a table.
func (d *Document) Plain(r Range) Plain {
	var p plainBuilder
	p.blocks(d.Text, d.root, r)
	return Plain{Text: p.text.String(), spans: p.spans, doc: d}
}

// plainBuilder collects plain text.
type plainBuilder struct {
	text  strings.Builder
	spans []span
}

func (p *plainBuilder) write(s string, source int) {
	if s == "" {
		return
	}
	p.spans = append(p.spans, span{p.text.Len(), source})
	p.text.WriteString(s)
}

// gap ends what is there with s, which is line ends.
func (p *plainBuilder) gap(s string) {
	for have := p.text.String(); have != "" && !strings.HasSuffix(have, s); have = p.text.String() {
		p.text.WriteByte('\n')
	}
}

// blocks writes the leaves under n that begin in r.
func (p *plainBuilder) blocks(source []byte, n ast.Node, r Range) {
	_ = ast.Walk(n, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering || n.Type() == ast.TypeInline {
			return ast.WalkContinue, nil
		}
		lines := n.Lines()
		if lines == nil || lines.Len() == 0 || n.Kind() == ast.KindHTMLBlock || n.Kind() == ast.KindLinkReferenceDefinition {
			return ast.WalkContinue, nil
		}
		if start := lines.At(0).Start; start < r.Start || start >= r.End {
			return ast.WalkContinue, nil
		}
		switch {
		case n.Kind() == east.KindTableCell && n.PreviousSibling() != nil:
			p.text.WriteByte('\t')
		case n.Kind() == east.KindTableCell && n.Parent().PreviousSibling() != nil:
			p.gap("\n")
		default:
			p.gap("\n\n")
		}
		if !n.IsRaw() {
			p.inline(source, n)
			return ast.WalkSkipChildren, nil
		}
		for i := range lines.Len() {
			segment := lines.At(i)
			p.write(string(segment.Value(source)), segment.Start)
		}
		return ast.WalkContinue, nil
	})
}

// inline writes the words of the inlines under n.
func (p *plainBuilder) inline(source []byte, n ast.Node) {
	_ = ast.Walk(n, func(c ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering || c == n {
			return ast.WalkContinue, nil
		}
		switch c := c.(type) {
		case *ast.Text:
			value := c.Segment.Value(source)
			if c.IsRaw() {
				p.write(string(value), c.Segment.Start)
			} else {
				p.write(resolve(value), c.Segment.Start)
			}
			if c.SoftLineBreak() || c.HardLineBreak() {
				p.text.WriteByte('\n')
			}
		case *ast.String:
			p.text.Write(c.Value)
		case *ast.AutoLink:
			p.write(string(c.Label(source)), max(c.Pos(), 0))
		}
		return ast.WalkContinue, nil
	})
}
