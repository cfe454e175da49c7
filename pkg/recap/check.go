// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package recap

import (
	"fmt"
	"maps"
	"slices"
)

// Check applies every rule that needs no file, in the order of their codes. It
// doesn't change r, and takes a config from anywhere: what the schema would
// have refused is at worst not looked at.
//
// What needs the text of the recap or of its original is in [Recap.CheckQuotes]
// and [Recap.CheckSourceLines].
func (r *Recap) Check() []Finding {
	c := checker{recap: r}
	c.dates()
	c.identities()
	c.licenses()
	c.values()
	c.links()
	c.media()
	c.pointers()
	return c.findings
}

// checker collects the findings about one recap.
type checker struct {
	recap    *Recap
	findings []Finding
}

// report adds a finding of the rule with the given code. mend empty means the
// rule's own.
func (c *checker) report(code string, at pointer, mend, format string, args ...any) {
	rule, _ := LookupRule(code)
	if mend == "" {
		mend = rule.Mend
	}
	c.findings = append(c.findings, Finding{
		Pointer:  string(at),
		Severity: rule.Severity,
		Rule:     code,
		Message:  at.field() + ": " + fmt.Sprintf(format, args...),
		Mend:     mend,
	})
}

// The visitors below call their function for each item with its place, in the
// order of the fields; entities, which have no order, by id.

func (r *Recap) eachEvent(f func(at pointer, e, super *Event)) {
	visitEvent("/recap/event", &r.Facts.Event, nil, f)
	for i := range r.Facts.Upcoming {
		visitEvent(pointer("/recap").at("upcoming", i), &r.Facts.Upcoming[i], nil, f)
	}
}

func visitEvent(at pointer, e, super *Event, f func(at pointer, e, super *Event)) {
	f(at, e, super)
	for i := range e.SubEvents {
		visitEvent(at.at("subEvents", i), &e.SubEvents[i], e, f)
	}
}

func (r *Recap) eachEntity(f func(at pointer, id string, e Entity)) {
	for _, id := range slices.Sorted(maps.Keys(r.Facts.Entities)) {
		f(pointer("/recap/entities").to(id), id, r.Facts.Entities[id])
	}
}

// eachFact visits everything that has what a [Fact] has.
func (r *Recap) eachFact(f func(at pointer, fact *Fact)) {
	const root = pointer("/recap")
	facts := &r.Facts
	r.eachEvent(func(at pointer, e, _ *Event) { f(at, &e.Fact) })
	r.eachEntity(func(at pointer, _ string, e Entity) { f(at, &e.Fact) })
	for i := range facts.Sessions {
		f(root.at("sessions", i), &facts.Sessions[i].Fact)
	}
	for i := range facts.Recommendations {
		f(root.at("recommendations", i), &facts.Recommendations[i].Fact)
	}
	for i := range facts.Topics {
		f(root.at("topics", i), &facts.Topics[i].Fact)
	}
	for i := range facts.Observations {
		f(root.at("observations", i), &facts.Observations[i].Fact)
	}
	for i := range facts.Announcements {
		f(root.at("announcements", i), &facts.Announcements[i].Fact)
	}
	for i := range facts.Quotations {
		f(root.at("quotations", i), &facts.Quotations[i].Fact)
	}
	for i := range facts.Media {
		f(root.at("media", i), &facts.Media[i].Fact)
	}
	for i := range facts.Notes {
		f(root.at("notes", i), &facts.Notes[i].Fact)
	}
}

// eachAgent visits every person and organisation in a role.
func (r *Recap) eachAgent(f func(at pointer, a Agent)) {
	const root = pointer("/recap")
	list := func(at pointer, name string, agents []Agent) {
		for i, a := range agents {
			f(at.at(name, i), a)
		}
	}
	facts := &r.Facts
	list("", "authors", r.Authors)
	r.eachEvent(func(at pointer, e, _ *Event) { list(at, "organizer", e.Organizer) })
	if facts.Source != nil {
		list(root.to("source"), "author", facts.Source.Author)
	}
	for i, s := range facts.Sessions {
		list(root.at("sessions", i), "speakers", s.Speakers)
	}
	for i, q := range facts.Quotations {
		if q.Speaker != (Agent{}) {
			f(root.at("quotations", i).to("speaker"), q.Speaker)
		}
	}
	for i, m := range facts.Media {
		list(root.at("media", i), "credit", m.Credit)
	}
	for i, n := range facts.Notes {
		list(root.at("notes", i), "by", n.By)
	}
}
