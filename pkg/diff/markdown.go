// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package diff

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"strings"
)

// WriteMarkdown writes the changes as release notes: what came, went and changed,
// under headings of level two and deeper. Nothing of what it quotes is markup
// there: no link, picture, HTML or heading, and on a forge no mention of anybody
// and no reference to an issue.
func (c *Changes) WriteMarkdown(w io.Writer) error {
	m := &markdownWriter{bufio.NewWriter(w)}
	fmt.Fprintf(m.w, "## %s\n\n", markdown(c.B.titled()))
	since := "Compared with " + markdown(c.A.titled())
	if c.A.Version != "" && c.A.Name == c.B.Name {
		since = "Changes since " + markdown(c.A.Version)
	}
	fmt.Fprintf(m.w, "%s: %s.\n", since, c.Summary())
	if r := c.Recap; r != nil {
		for _, g := range r.groups() {
			m.section(g.title, g.rows)
		}
	}
	if members := c.Members; members != nil {
		m.section("Added", rows(Added, members.Added, member))
		for i, changed := range members.Changed {
			if i == 0 {
				fmt.Fprint(m.w, "\n### Changed\n")
			}
			fmt.Fprintf(m.w, "\n#### %s\n\n", markdown(cmp.Or(changed.Title, changed.Slug)))
			if changed.same() {
				fmt.Fprint(m.w, "- The same content, packaged in another way\n")
			}
			for _, g := range changed.groups() {
				fmt.Fprintf(m.w, "- %s\n", g.title)
				for _, r := range g.rows {
					m.row("  ", r)
				}
			}
		}
		m.section("Removed", rows(Removed, members.Removed, member))
		m.section("Moved", rows(Moved, members.Moved, member))
	}
	for _, g := range c.groups() {
		m.section(g.title, g.rows)
	}
	fmt.Fprintf(m.w, "\n`%s` → `%s`\n", c.A.Digest, c.B.Digest)
	return m.w.Flush()
}

func rows[T any](change Change, list []T, of func(Change, T) row) []row {
	all := make([]row, len(list))
	for i, one := range list {
		all[i] = of(change, one)
	}
	return all
}

type markdownWriter struct{ w *bufio.Writer } // which remembers the first failed write

func (m *markdownWriter) section(title string, rows []row) {
	if len(rows) == 0 {
		return
	}
	fmt.Fprintf(m.w, "\n### %s\n\n", title)
	for _, r := range rows {
		m.row("", r)
	}
}

func (m *markdownWriter) row(indent string, r row) {
	fmt.Fprintf(m.w, "%s- %s: %s", indent, r.change, markdown(r.name))
	for i, d := range r.details {
		separator := "; "
		if i == 0 {
			separator = ": "
		}
		if d != "" {
			fmt.Fprintf(m.w, "%s%s", separator, markdown(d))
		}
	}
	fmt.Fprintln(m.w)
	if len(r.lines) == 0 {
		return
	}
	// Each line begins with its sign, so none can end the block.
	fmt.Fprintf(m.w, "\n%s  ```diff\n", indent)
	for _, l := range r.lines {
		fmt.Fprintf(m.w, "%s  %s%s\n", indent, sign(l.Change), line(l.Text))
	}
	fmt.Fprintf(m.w, "%s  ```\n\n", indent)
}

// markup is every character that can begin or end something within a line.
// Lists, headings and rules begin lines, which nothing quoted here does; a colon
// is what makes a bare address a link.
const markup = "\\`*_{}[]<>~|&$"

// sigils are what forges look for before names and numbers, in what is shown.
const sigils = "@#!%~$&["

// markdown escapes a text so that it reads the same and is nothing but text: what
// can be markup stands behind a backslash, and a break of no width parts a sigil
// from what would follow it.
func markdown(s string) string {
	var b strings.Builder
	text := []rune(line(s))
	for i, r := range text {
		var before, after rune
		if i > 0 {
			before = text[i-1]
		}
		if i+1 < len(text) {
			after = text[i+1]
		}
		switch {
		case strings.ContainsRune(markup, r), r == '#', r == ':' && after != ' ' && after != 0, r == '.' && (before == 'w' || before == 'W'):
			b.WriteByte('\\')
		}
		b.WriteRune(r)
		short := i > 1 && r == '-' && strings.EqualFold(string(text[i-2:i]), "gh") // GH-12
		if (short || strings.ContainsRune(sigils, r)) && after != 0 && after != ' ' {
			b.WriteString("&#8203;")
		}
	}
	return b.String()
}
