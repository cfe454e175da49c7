// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package diff

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/recap-oci/recap/pkg/diff/internal/align"
	"github.com/recap-oci/recap/pkg/document"
)

// SectionChange is a section whose text or place is another now. A section is
// what stands between two headings: a change below a heading further down is that
// one's.
type SectionChange struct {
	Change  Change   `json:"change"`
	Heading []string `json:"heading"`        // the headings above and its own; none before the first
	Was     []string `json:"was,omitempty"`  // likewise in A, where its own is another
	From    []int    `json:"from,omitempty"` // first and last line of index.md in A
	To      []int    `json:"to,omitempty"`   // likewise in B

	Added   int `json:"added"`   // lines
	Removed int `json:"removed"` // lines

	// Lines are those that changed, where they are asked for.
	Lines []LineChange `json:"lines,omitempty"`
}

// LineChange is a line that was added or removed.
type LineChange struct {
	Change Change `json:"change"`
	Line   int    `json:"line"` // of index.md, in B if added and in A if removed
	Text   string `json:"text"`
}

// section is a section to be compared.
type section struct {
	path   []string
	own    string // its level and heading
	key    string // path, and its number among those with the same
	text   string // everything below the heading, with the line ends of Unix
	lines  document.Lines
	first  int // line that text begins on
	parent int // index of the section that this is within; -1
}

// sections takes a document apart, but for its front matter.
func sections(doc *document.Document) []section {
	list := make([]section, len(doc.Sections))
	seen := map[string]int{}
	var above []int // the sections that are open, by their index
	for i, s := range doc.Sections {
		for len(above) > 0 && doc.Sections[above[len(above)-1]].Level >= s.Level {
			above = above[:len(above)-1]
		}
		parent := -1
		if len(above) > 0 {
			parent = above[len(above)-1]
		}
		above = append(above, i)
		key := strings.Join(s.Path, "\x00")
		seen[key]++
		first, _ := doc.Position(s.Content.Start)
		text := bytes.ReplaceAll(doc.Text[s.Content.Start:s.Content.End], []byte("\r\n"), []byte("\n"))
		trimmed := bytes.TrimLeft(text, "\n")
		list[i] = section{
			path: s.Path, own: strconv.Itoa(s.Level) + " " + s.Heading, key: key + "\x00" + strconv.Itoa(seen[key]),
			text: string(bytes.TrimRight(trimmed, " \t\n")), first: first + len(text) - len(trimmed),
			lines: s.Lines, parent: parent,
		}
	}
	return list
}

// compareSections compares two texts: sections of one path are one; what is left is
// the same under another heading where its text is, or most of it.
func compareSections(was, is *document.Document, withLines bool) []SectionChange {
	a, b := sections(was), sections(is)
	p := align.NewPairing(len(a), len(b))
	p.By(func(i int) string { return a[i].key }, func(j int) string { return b[j].key })
	p.By(func(i int) string { return a[i].text }, func(j int) string { return b[j].text })
	wordsA, wordsB := make([]align.Bag, len(a)), make([]align.Bag, len(b))
	p.Alike(func(i, j int) float64 {
		if wordsA[i] == nil {
			wordsA[i] = align.NewBag(a[i].own + " " + a[i].text)
		}
		if wordsB[j] == nil {
			wordsB[j] = align.NewBag(b[j].own + " " + b[j].text)
		}
		return wordsA[i].Likeness(wordsB[j])
	})
	// Within another section that was renamed, a path changed for that one's
	// reason; within one that is another, the section itself was moved.
	settled := func(i, j int) bool {
		return a[i].parent < 0 && b[j].parent < 0 || a[i].parent >= 0 && p.InB[a[i].parent] == b[j].parent
	}
	moved := p.Moved(func(i, j int) bool { return !settled(i, j) })

	var changes []SectionChange
	next := 0 // of a: what is gone is listed before what follows it there
	gone := func(until int) {
		for ; next < until; next++ {
			if p.InB[next] < 0 && !a[next].empty() {
				changes = append(changes, SectionChange{
					Change: Removed, Heading: heading(a[next].path), From: span(a[next].lines), Removed: countLines(a[next].text),
					Lines: whole(Removed, a[next], withLines),
				})
			}
		}
	}
	for j := range b {
		i := p.InA[j]
		if i < 0 {
			if !b[j].empty() {
				changes = append(changes, SectionChange{
					Change: Added, Heading: heading(b[j].path), To: span(b[j].lines), Added: countLines(b[j].text),
					Lines: whole(Added, b[j], withLines),
				})
			}
			continue
		}
		gone(i)
		c := SectionChange{Heading: heading(b[j].path), From: span(a[i].lines), To: span(b[j].lines)}
		if a[i].own != b[j].own || !settled(i, j) {
			c.Was = heading(a[i].path)
		}
		switch {
		case a[i].text != b[j].text:
			c.Change = Changed
			lines := compareLines(a[i], b[j])
			for _, l := range lines {
				if l.Change == Added {
					c.Added++
				} else {
					c.Removed++
				}
			}
			if withLines {
				c.Lines = lines
			}
		case a[i].own != b[j].own:
			c.Change = Renamed
		case moved[j] || !settled(i, j):
			c.Change = Moved
		default:
			continue
		}
		changes = append(changes, c)
	}
	gone(len(a))
	return changes
}

// empty reports whether a section is the one before the first heading, with
// nothing in it.
func (s *section) empty() bool { return len(s.path) == 0 && s.text == "" }

func span(l document.Lines) []int { return []int{l.First, l.Last} }

func heading(path []string) []string {
	short := make([]string, len(path))
	for i, h := range path {
		short[i] = cut(h)
	}
	return short
}

func countLines(text string) int {
	if text == "" {
		return 0
	}
	return strings.Count(text, "\n") + 1
}

// whole returns all lines of a section as changes.
func whole(change Change, s section, wanted bool) []LineChange {
	if !wanted || s.text == "" {
		return nil
	}
	var lines []LineChange
	for i, text := range strings.Split(s.text, "\n") {
		lines = append(lines, LineChange{change, s.first + i, cut(text)})
	}
	return lines
}
