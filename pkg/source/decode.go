// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"slices"
	"strings"

	"github.com/recap-oci/recap/pkg/internal/fit"
	"github.com/recap-oci/recap/pkg/internal/front"
	"github.com/recap-oci/recap/pkg/internal/tree"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/rule"
)

// checkRecap turns the front matter into l.recap and applies the rules that
// need no file.
func (l *loader) checkRecap() {
	l.validate()
	if l.full() {
		return
	}
	files := l.recap.Files
	r, root, err := front.Read(l.front, func(pos tree.Pos, code, mend, format string, args ...any) {
		l.report(code, pos, mend, format, args...)
	})
	if err != nil {
		// What the schema let through has no place in the types, or what was cut
		// out of a broken front matter left a hole.
		if !l.broken {
			l.report(rule.Value, root.Pos, "report this as a bug", "the facts can't be kept: %s", err)
		}
		return
	}
	r.Files = files
	l.recap = r
	l.normalised = root
	for _, f := range rule.Check(r) {
		l.finding(f)
	}
}

// finding reports what a rule found at the place where the author wrote it.
// Where something did not fit the schema, nothing is said about what only
// seems to be missing because of that.
func (l *loader) finding(f rule.Finding) {
	pos, exact := l.normalised.Find(f.Pointer)
	if l.broken && (f.Rule == "R302" || f.Rule == "R801" || !exact && l.wasCut(f.Pointer)) {
		return
	}
	if f.Rule == "R302" && l.named(f.Pointer) {
		return
	}
	l.add(recap.Problem{
		Path: pos.Path, Line: pos.Line, Col: pos.Col,
		Severity: f.Severity, Rule: f.Rule, Message: f.Message, Mend: f.Mend,
	})
}

// named reports whether a reference that leads to nothing in the recap names
// something that the pack declares.
func (l *loader) named(pointer string) bool {
	ref := l.normalised.At(pointer)
	if l.opts.Names == nil || ref == nil {
		return false
	}
	_, own := l.recap.Resolve(ref.Text)
	return !own && l.opts.Names(ref.Text)
}

// wasCut reports whether a field that a rule misses was there and did not fit,
// or follows from one that lacks.
func (l *loader) wasCut(pointer string) bool {
	switch pointer {
	case "/authors":
		return slices.Contains(l.cuts, "/authors") || slices.Contains(l.cuts, "/author")
	case "/slug":
		return slices.Contains(l.cuts, "/slug") || l.recap.Title == ""
	case "/recap/event/id", "/recap/event/name", "/recap/event":
		return true // it has one unless it was reported
	}
	if strings.HasPrefix(pointer, "/recap/") && !l.front.Has(front.Key) {
		return true
	}
	return slices.Contains(l.cuts, pointer)
}

// validate checks the front matter against its schema, reports what doesn't
// fit, and cuts that out, so that the rest can be understood.
func (l *loader) validate() {
	l.cuts = append(l.cuts, front.Fit(l.front, func(m fit.Misfit) bool {
		l.broken = true
		if l.full() {
			return false // what is left is of no use
		}
		l.report(front.RuleOf(m), m.Pos, m.Mend, "%s", m.Message)
		return true
	})...)
}
