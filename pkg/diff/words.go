// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package diff

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/recap-oci/recap/pkg/internal/words"
	"github.com/recap-oci/recap/pkg/recap"
)

// What changed is put into words once, for terminals and for release notes. The
// words of a row are somebody else's until a writer has escaped them.

// group is what changed in one respect.
type group struct {
	title string
	rows  []row
}

// row is one thing that changed.
type row struct {
	change  Change
	name    string
	details []string
	lines   []LineChange
}

// groups puts the changes to a recap into words.
func (c *RecapChange) groups() []group {
	groups := []group{{title: "Metadata", rows: metadata(c.License, c.Metadata)}, {title: "Text"}, {title: "Facts"}, {title: "Files"}}
	for _, s := range c.Sections {
		groups[1].rows = append(groups[1].rows, s.row())
	}
	for _, f := range c.Facts {
		groups[2].rows = append(groups[2].rows, f.row())
	}
	explained := len(c.Sections)+len(c.Facts)+len(c.Metadata) > 0 || c.License != nil
	for _, f := range c.Files {
		// That the document has other bytes goes without saying where it is
		// said what is new in it.
		if explained && f.Change == Changed && isDocument(f) && c.Unparsed == "" {
			continue
		}
		r := f.row()
		if isDocument(f) {
			r.details = append(r.details, cmp.Or(c.Unparsed, "neither in its text nor in its facts"))
		}
		groups[3].rows = append(groups[3].rows, r)
	}
	return present(groups)
}

// groups puts what changed beside the members of a pack into words.
func (c *Changes) groups() []group {
	groups := []group{{title: "Metadata", rows: metadata(c.License, c.Metadata)}, {title: "Signatures"}}
	if c.Signers != nil {
		for _, s := range c.Signers.Added {
			groups[1].rows = append(groups[1].rows, s.row(Added))
		}
		for _, s := range c.Signers.Removed {
			groups[1].rows = append(groups[1].rows, s.row(Removed))
		}
	}
	return present(groups)
}

func present(groups []group) []group {
	var list []group
	for _, g := range groups {
		if len(g.rows) > 0 {
			list = append(list, g)
		}
	}
	return list
}

func metadata(license *ValueChange, fields []FieldChange) []row {
	var rows []row
	if license != nil {
		rows = append(rows, FieldChange{Field: "licence", From: license.From, To: license.To}.row())
	}
	for _, f := range fields {
		rows = append(rows, f.row())
	}
	return rows
}

func (c FieldChange) row() row {
	switch {
	case c.From == "":
		return row{change: Added, name: c.Field, details: []string{c.To}}
	case c.To == "":
		return row{change: Removed, name: c.Field, details: []string{c.From}}
	}
	return row{change: Changed, name: c.Field, details: []string{c.From + " → " + c.To}}
}

// noHeading is what the text before the first heading is called.
const noHeading = "before the first heading"

func (c SectionChange) row() row {
	r := row{change: c.Change, name: cmp.Or(strings.Join(c.Heading, " › "), noHeading), lines: c.Lines}
	if c.Was != nil {
		r.details = append(r.details, "was "+cmp.Or(strings.Join(c.Was, " › "), noHeading))
	}
	lines := c.To
	if lines == nil {
		lines = c.From
	}
	if len(lines) == 2 {
		r.details = append(r.details, fmt.Sprintf("lines %d-%d", lines[0], lines[1]))
	}
	if c.Change == Changed {
		r.details = append(r.details, fmt.Sprintf("%s added, %d removed", words.Count(c.Added, "line"), c.Removed))
	}
	return r
}

func (c FactChange) row() row {
	r := row{change: c.Change, name: kindWord(c.Kind) + " " + c.Name}
	if c.Text != "" {
		r.details = append(r.details, c.Text)
	}
	for _, f := range c.Fields {
		inside := f.row()
		if f.Field == "figure" {
			r.details = append(r.details, inside.details[0])
			continue
		}
		switch inside.change {
		case Added:
			r.details = append(r.details, "now "+inside.name+" "+inside.details[0])
		case Removed:
			r.details = append(r.details, "no more "+inside.name+" "+inside.details[0])
		default:
			r.details = append(r.details, inside.name+" "+inside.details[0])
		}
	}
	return r
}

// kindWord is what people call a kind of facts.
func kindWord(kind string) string {
	switch kind {
	case string(recap.TargetObservation):
		return "figure:"
	case kindUpcoming:
		return "upcoming event:"
	case string(recap.TargetQuotation):
		return "quotation of"
	}
	return kind + ":"
}

func (c FileChange) row() row {
	r := row{change: c.Change, name: c.Path}
	if c.Was != "" {
		r.details = append(r.details, "was "+c.Was)
	}
	f, was := c.To, c.From
	if f == nil {
		f = was
	}
	if was == nil || c.To == nil || was.MediaType == f.MediaType {
		r.details = append(r.details, f.MediaType)
	} else {
		r.details = append(r.details, was.MediaType+" → "+f.MediaType)
	}
	switch {
	case c.Change != Changed:
		r.details = append(r.details, size(f.Size))
	case was.Digest != f.Digest:
		r.details = append(r.details, size(was.Size)+" → "+size(f.Size))
	}
	if c.From != nil && c.To != nil {
		for _, v := range []FieldChange{{Field: "licence", From: was.License, To: f.License}, {Field: "role", From: string(was.Role), To: string(f.Role)}} {
			if v.From != v.To {
				r.details = append(r.details, v.Field+" "+cmp.Or(v.From, "none")+" → "+cmp.Or(v.To, "none"))
			}
		}
	}
	return r
}

func (s Signer) row(change Change) row {
	r := row{change: change, name: s.Identity}
	if s.Authority != "" && s.Authority != s.Identity {
		r.details = append(r.details, s.Authority)
	}
	if s.Issuer != "" {
		r.details = append(r.details, "says "+s.Issuer)
	}
	return r
}

// member puts a recap that came, went or moved into words.
func member(change Change, m recap.PackMember) row {
	r := row{change: change, name: m.Title}
	if m.Version != "" {
		r.details = append(r.details, "version "+m.Version)
	}
	if m.Event != "" {
		r.details = append(r.details, "about "+m.Event)
	}
	if change == Moved {
		r.details = []string{"elsewhere in the reading order"}
	}
	return r
}

// titled names a side with its version.
func (s Side) titled() string { return join(" ", cmp.Or(s.Title, s.Name), s.Version) }

// size writes a number of bytes for people.
func size(n int64) string {
	const units = "KMGT"
	if n < 1024 {
		return fmt.Sprintf("%d B", n)
	}
	f, unit := float64(n)/1024, 0
	for f >= 1023.95 && unit < len(units)-1 {
		f, unit = f/1024, unit+1
	}
	return fmt.Sprintf("%.1f %ciB", f, units[unit])
}

// Summary says in one line how much changed.
func (c *Changes) Summary() string {
	switch {
	case c.A.Digest == c.B.Digest && c.Same:
		return "identical"
	case c.Same:
		return "the same content, packaged in two ways"
	}
	var parts []string
	add := func(n int, what string) {
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, what))
		}
	}
	if m := c.Members; m != nil {
		add(len(m.Added), "added")
		add(len(m.Removed), "removed")
		add(len(m.Changed), "changed")
		add(len(m.Moved), "moved")
		if len(parts) > 0 {
			parts = []string{"recaps: " + list(parts) + fmt.Sprintf(", %d unchanged", m.Unchanged)}
		}
	}
	if r := c.Recap; r != nil {
		for _, g := range r.groups() {
			parts = append(parts, strings.ToLower(g.title)+": "+words.Count(len(g.rows), "change"))
		}
	}
	for _, g := range c.groups() {
		parts = append(parts, strings.ToLower(g.title)+": "+words.Count(len(g.rows), "change"))
	}
	return strings.Join(parts, "; ")
}
