// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package diff

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/recap-oci/recap/pkg/recap"
)

// WriteText writes the changes for a terminal, a line each, with everything
// escaped that a terminal would act on or not show, and the summary at the end.
// Who is compared with whom is for the caller to say first.
func (c *Changes) WriteText(w io.Writer) error {
	t := &textWriter{bufio.NewWriter(w)}
	t.groups("", c.groups())
	if r := c.Recap; r != nil {
		t.groups("", r.groups())
	}
	if m := c.Members; m != nil {
		for _, added := range m.Added {
			t.row("", added.Slug, member(Added, added))
		}
		for _, removed := range m.Removed {
			t.row("", removed.Slug, member(Removed, removed))
		}
		for _, moved := range m.Moved {
			t.row("", moved.Slug, member(Moved, moved))
		}
		for _, changed := range m.Changed {
			r := row{change: Changed, name: changed.Title}
			if changed.same() {
				r.details = []string{"packaged in another way"}
			}
			t.row("", changed.Slug, r)
			t.groups("    ", changed.groups())
		}
	}
	fmt.Fprintln(t.w, c.Summary())
	return t.w.Flush()
}

type textWriter struct{ w *bufio.Writer } // which remembers the first failed write

func (t *textWriter) groups(indent string, groups []group) {
	for _, g := range groups {
		fmt.Fprintf(t.w, "%s%s\n", indent, g.title)
		for _, r := range g.rows {
			t.row(indent+"  ", "", r)
		}
	}
}

func (t *textWriter) row(indent, label string, r row) {
	details := join("; ", r.details...)
	fmt.Fprintf(t.w, "%s%s %s\n", indent, sign(r.change), line(join(": ", label, r.name, details)))
	for _, l := range r.lines {
		fmt.Fprintf(t.w, "%s    %s %d  %s\n", indent, sign(l.Change), l.Line, recap.Printable(strings.ReplaceAll(l.Text, "\t", "    ")))
	}
}

// sign is a change as one character.
func sign(c Change) string {
	switch c {
	case Added:
		return "+"
	case Removed:
		return "-"
	case Moved, Renamed:
		return ">"
	}
	return "~"
}

// line puts a text on one line, printable.
func line(s string) string { return recap.Printable(strings.Join(strings.Fields(s), " ")) }
