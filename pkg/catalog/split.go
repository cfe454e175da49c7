// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"iter"
	"strings"

	"github.com/recap-oci/recap/pkg/document"
)

// A chunk grows while it has fewer tokens than targetTokens, unless the next
// paragraph would make it longer than maxTokens.
const (
	targetTokens = 300
	maxTokens    = 400
)

// piece is a part of a section.
type piece struct {
	bytes document.Range
	text  string // without markup
}

// block is a paragraph, a list item or a table without markup, or some lines of
// it where it has very many.
type block struct {
	text        string
	first, last int  // lines of the file
	inner       bool // goes on with the block before it
}

// pieces cuts the text of doc into what will be chunks, and says which section
// each is of.
func pieces(doc *document.Document) iter.Seq2[document.Section, piece] {
	return func(yield func(document.Section, piece) bool) {
		starts := lineStarts(doc.Text)
		blocks := blocksOf(doc, starts)
		for _, section := range doc.Sections {
			if section.Content.Len() <= 0 {
				continue
			}
			lines := doc.LinesOf(section.Content)
			for len(blocks) > 0 && blocks[0].last < lines.First {
				blocks = blocks[1:] // the heading's
			}
			n := 0
			for n < len(blocks) && blocks[n].first <= lines.Last {
				n++
			}
			for _, p := range group(doc.Text, section.Content, blocks[:n], starts) {
				if !yield(section, p) {
					return
				}
			}
			blocks = blocks[n:]
		}
	}
}

// group joins the blocks of a section until they are long enough.
func group(text []byte, content document.Range, blocks []block, starts []int) []piece {
	var all []piece
	for i := 0; i < len(blocks); {
		words, tokens := strings.Builder{}, 0
		j := i
		for ; j < len(blocks); j++ {
			more := Tokens(blocks[j].text)
			if j > i && (tokens >= targetTokens || tokens+more > maxTokens) && blocks[j].first > blocks[j-1].last {
				break
			}
			if j > i {
				words.WriteByte('\n')
				if !blocks[j].inner {
					words.WriteByte('\n')
				}
			}
			words.WriteString(blocks[j].text)
			tokens += more
		}
		r := content
		if i > 0 {
			r.Start = starts[blocks[i].first-1]
		}
		if j < len(blocks) {
			r.End = starts[blocks[j].first-1]
		}
		all = append(all, piece{trim(text, r), words.String()})
		i = j
	}
	return all
}

// blocksOf returns the blocks of a text that have words, headings among them.
func blocksOf(doc *document.Document, starts []int) []block {
	plain := doc.Plain(doc.Body)
	code := map[int]bool{} // lines that fenced code begins on
	for _, c := range doc.CodeBlocks {
		code[c.Lines.First] = true
	}
	var blocks []block
	add := func(from, to int, inner bool) {
		text := strings.TrimRight(plain.Text[from:to], " \t\r\n")
		trimmed := strings.TrimLeft(text, "\n")
		if strings.TrimSpace(trimmed) == "" {
			return
		}
		from += len(text) - len(trimmed)
		b := block{text: trimmed, first: plain.Line(from), last: plain.Line(from + len(trimmed) - 1), inner: inner}
		if code[b.first] && isFence(doc.Text, starts, b.first-1) {
			b.first--
		}
		blocks = append(blocks, b)
	}
	for at := 0; at < len(plain.Text); {
		end := len(plain.Text)
		if i := strings.Index(plain.Text[at:], "\n\n"); i >= 0 {
			end = at + i
		}
		// A table of a thousand rows is cut between two of them.
		from, inner := at, false
		for end-from > 4*maxTokens {
			cut := strings.LastIndexByte(plain.Text[from:from+4*targetTokens], '\n')
			if cut <= 0 {
				if cut = strings.IndexByte(plain.Text[from:end], '\n'); cut <= 0 {
					break
				}
			}
			add(from, from+cut, inner)
			from, inner = from+cut+1, true
		}
		add(from, end, inner)
		at = end + len("\n\n")
	}
	return blocks
}

// lineStarts returns the offset of each line's first byte.
func lineStarts(text []byte) []int {
	starts := []int{0}
	for i, c := range text {
		if c == '\n' {
			starts = append(starts, i+1)
		}
	}
	return starts
}

// isFence reports whether a line opens a block of code.
func isFence(text []byte, starts []int, line int) bool {
	if line < 1 || line >= len(starts) {
		return false
	}
	opening := strings.TrimLeft(string(text[starts[line-1]:starts[line]]), " \t>-*+0123456789.)")
	return strings.HasPrefix(opening, "```") || strings.HasPrefix(opening, "~~~")
}

// trim leaves out lines without text at both ends, and the last line's end.
func trim(text []byte, r document.Range) document.Range {
	for r.Start < r.End {
		end := r.Start
		for end < r.End && (text[end] == ' ' || text[end] == '\t' || text[end] == '\r') {
			end++
		}
		if end < r.End && text[end] != '\n' {
			break
		}
		r.Start = min(end+1, r.End)
	}
	for r.Start < r.End && strings.IndexByte(" \t\r\n", text[r.End-1]) >= 0 {
		r.End--
	}
	return r
}
