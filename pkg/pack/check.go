// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package pack

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/recap-oci/recap/pkg/artifact"
	"github.com/recap-oci/recap/pkg/catalog"
	"github.com/recap-oci/recap/pkg/internal/fit"
	"github.com/recap-oci/recap/pkg/internal/tree"
	"github.com/recap-oci/recap/pkg/internal/words"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/rule"
)

// fail adds an error about a place of pack.yaml.
func (b *builder) fail(pointer, rule, mend, format string, args ...any) {
	b.reportAt(pointer, recap.SeverityError, rule, mend, format, args...)
}

func (b *builder) reportAt(pointer string, severity recap.Severity, rule, mend, format string, args ...any) {
	pos, _ := b.root.Find(pointer)
	b.problems = append(b.problems, recap.Problem{
		Path: FileName, Line: pos.Line, Col: pos.Col, Severity: severity, Rule: rule, Message: fmt.Sprintf(format, args...), Mend: mend,
	})
}

// checkSlugs reports two members in one directory.
func (b *builder) checkSlugs() {
	first := map[string]*member{}
	for _, m := range b.members {
		if m.slug == "" {
			continue
		}
		other, taken := first[m.slug]
		if !taken {
			first[m.slug] = m
			continue
		}
		m.fail(rule.ID, "set slug: in the front matter of one of them, or list it once",
			"the slug %s is that of %s already", m.slug, other.name)
	}
}

// checkAliases reports aliases of what no member has.
func (b *builder) checkAliases() {
	bySlug := map[string]*member{}
	skipped := false
	for _, m := range b.members {
		bySlug[m.slug] = m
		skipped = skipped || m.skipped
	}
	for _, kind := range kindsOfAliases(&b.file.Pack.Aliases) {
		for _, e := range b.root.At("/aliases/" + kind.name).Map() {
			for i, alias := range (*kind.to)[e.Key.Text] {
				slug, id, ok := strings.Cut(alias, "#")
				if !ok {
					continue
				}
				at := fmt.Sprintf("/aliases/%s/%s/%d", kind.name, tree.Escape(e.Key.Text), i)
				what := fmt.Sprintf("aliases.%s.%s: %q", kind.name, e.Key.Text, words.Clip(alias))
				m, member := bySlug[slug]
				switch {
				case !member && skipped: // of a reference that nobody opened
				case !member:
					b.fail(at, rule.Reference, b.meant(slug, bySlug), "%s: no member has the slug %q", what, words.Clip(slug))
				case !m.has(id):
					b.fail(at, rule.Reference, "name what stands in that recap under id", "%s: nothing in %s has the id %q", what, slug, words.Clip(id))
				}
			}
		}
	}
}

func (b *builder) meant(slug string, bySlug map[string]*member) string {
	var slugs []string
	for s := range bySlug {
		slugs = append(slugs, s)
	}
	slices.Sort(slugs)
	if near := fit.Nearest(slug, slugs); near != "" {
		return fmt.Sprintf("did you mean %s?", near)
	}
	return "write the slug of a member before the #"
}

// checkConflicts reports what members contradict each other about, and what is
// accepted and no conflict.
func (b *builder) checkConflicts(conflicts []catalog.Conflict) {
	bySlug := map[string]*member{}
	complete := true
	for _, m := range b.members {
		bySlug[m.slug] = m
		complete = complete && m.built
	}
	real := map[string]bool{}
	for _, c := range conflicts {
		real[c.ID] = true
		if c.Accepted || c.Internal {
			continue // R503 is about what one recap says twice
		}
		var sides []string
		for _, side := range c.Sides {
			claim := side.Claims[0]
			sides = append(sides, fmt.Sprintf("%s (%s)", words.Clip(side.Figure), claim.Recap))
		}
		claim := c.Sides[len(c.Sides)-1].Claims[0]
		p := recap.Problem{
			Path: FileName, Severity: recap.SeverityWarning, Rule: rule.Contradiction,
			Message: fmt.Sprintf("%s of %s: %s", words.Clip(c.Property), words.Clip(c.About), strings.Join(sides, ", ")),
			Mend:    fmt.Sprintf("mend one of them, or add to conflicts.accepted in %s: {id: %s, note: why it stays}", FileName, c.ID),
		}
		if m := bySlug[claim.Recap]; m != nil && m.entry.Kind != EntryReference && claim.Path != "" {
			p.Path = m.document
			if claim.Path != recap.DocumentPath {
				p.Path = path.Join(m.name, claim.Path)
			}
			if len(claim.Lines) > 0 {
				p.Line, p.Col = claim.Lines[0], 1
			}
		}
		b.problems = append(b.problems, p)
	}
	if !complete {
		return // with the rest there may be others
	}
	for i, a := range b.file.Pack.Conflicts.Accepted {
		if !real[a.ID] {
			b.reportAt(fmt.Sprintf("/conflicts/accepted/%d", i), recap.SeverityWarning, rule.Nothing, b.conflictMeant(a.ID, real),
				"conflicts.accepted[%d]: no members contradict each other about %q", i, words.Clip(a.ID))
		}
	}
}

func (b *builder) conflictMeant(id string, real map[string]bool) string {
	var ids []string
	for id := range real {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	if near := fit.Nearest(id, ids); near != "" {
		return fmt.Sprintf("did you mean %s?", near)
	}
	return "remove it"
}

// checkSize holds the pack to checks.maxBytes.
func (b *builder) checkSize(g *artifact.Graph) error {
	most := b.file.Checks.MaxBytes
	if most == 0 {
		return nil
	}
	var total int64
	for _, desc := range g.Nodes() {
		total += desc.Size
	}
	if total <= most {
		return nil
	}
	b.fail("/checks/maxBytes", rule.PackCheck, "take something out, or raise maxBytes", "the pack has %d bytes; checks.maxBytes allows %d", total, most)
	return b.stopped()
}

// knows returns what reports whether the pack says what a name means.
func knows(p *recap.Pack) func(ref string) bool {
	known := map[string]bool{}
	for id, e := range p.Events {
		known[id], known[e.Name] = true, true
		for _, name := range e.AlternateName {
			known[name] = true
		}
	}
	for id, e := range p.Entities {
		known[id], known[e.Name] = true, true
		for _, name := range e.AlternateName {
			known[name] = true
		}
	}
	for _, kind := range kindsOfAliases(&p.Aliases) {
		for id, others := range *kind.to {
			known[id] = true
			for _, name := range others {
				known[name] = true
			}
		}
	}
	return func(ref string) bool { return known[ref] }
}
