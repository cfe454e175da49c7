// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package document

import (
	"bytes"
	"sort"
)

// lineIndex holds the offset at which each line begins.
type lineIndex []int

func indexLines(text []byte) lineIndex {
	index := make(lineIndex, 1, 1+bytes.Count(text, []byte{'\n'}))
	for i, c := range text {
		if c == '\n' && i+1 < len(text) {
			index = append(index, i+1)
		}
	}
	return index
}

// position returns the line and column of offset.
func (l lineIndex) position(offset int) (line, col int) {
	line = sort.Search(len(l), func(i int) bool { return l[i] > offset })
	return line, offset - l[line-1] + 1
}

// lines returns the lines that r touches.
func (l lineIndex) lines(r Range) Lines {
	first, _ := l.position(r.Start)
	last, _ := l.position(max(r.Start, r.End-1))
	return Lines{First: first, Last: last}
}

// Position returns the line and the column, in bytes, of an offset of the text;
// an offset outside the text is taken for its nearest end.
func (d *Document) Position(offset int) (line, col int) {
	return d.lines.position(min(max(offset, 0), len(d.Text)))
}

// LinesOf returns the lines that r touches.
func (d *Document) LinesOf(r Range) Lines {
	return d.lines.lines(Range{min(max(r.Start, 0), len(d.Text)), min(max(r.End, 0), len(d.Text))})
}
