// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package document

import (
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/yuin/goldmark/ast"
)

// findSections cuts the body at its headings.
func (d *Document) findSections() []Section {
	var sections []Section
	var path []Section // the headings that the current one stands under
	if d.Body.Len() == 0 {
		return nil
	}
	open := Section{Range: d.Body, Content: d.Body}
	finish := func(end int) {
		open.Range.End, open.Content.End = end, end
		if open.Range.Len() > 0 {
			open.Lines = d.LinesOf(open.Range)
			sections = append(sections, open)
		}
	}
	for n := d.root.FirstChild(); n != nil; n = n.NextSibling() {
		heading, ok := n.(*ast.Heading)
		if !ok {
			continue
		}
		r := d.headingRange(heading)
		finish(r.Start)
		title := d.headingText(heading)
		path = slices.DeleteFunc(path, func(s Section) bool { return s.Level >= heading.Level })
		open = Section{Heading: title, Level: heading.Level, Range: r, Content: Range{Start: r.End}}
		for _, above := range path {
			open.Path = append(open.Path, above.Heading)
		}
		open.Path = append(open.Path, title)
		path = append(path, open)
	}
	finish(d.Body.End)
	return sections
}

// headingRange returns the whole lines of a heading, with the line under it
// where that makes it one.
func (d *Document) headingRange(h *ast.Heading) Range {
	at := h.Pos()
	end := at
	if r, ok := linesRange(h.Lines()); ok {
		at = min(at, r.Start)
		end = r.End
	}
	start := max(d.lineStart(at), d.Body.Start) // a byte order mark is no part of the line
	underlined := !strings.HasPrefix(strings.TrimLeft(string(d.Text[start:d.lineEnd(start)]), " "), "#")
	end = d.lineEnd(max(end-1, start))
	if underlined && end < d.Body.End {
		end = d.lineEnd(end)
	}
	return Range{start, end}
}

// lineStart returns the offset at which the line of offset begins.
func (d *Document) lineStart(offset int) int {
	line, _ := d.Position(offset)
	return d.lines[line-1]
}

// lineEnd returns the offset after the line end of the line of offset.
func (d *Document) lineEnd(offset int) int {
	line, _ := d.Position(offset)
	if line == len(d.lines) {
		return len(d.Text)
	}
	return d.lines[line]
}

// headingAttributes are what site generators allow at the end of a heading:
// ## Title {#id .class key=value}.
var headingAttributes = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`[ \t]*\{[#.][^{}]*\}[ \t]*$`) })

func (d *Document) headingText(h *ast.Heading) string {
	return strings.TrimSpace(headingAttributes().ReplaceAllString(d.plainInline(h), ""))
}
