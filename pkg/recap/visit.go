// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package recap

import (
	"maps"
	"slices"
)

// EachEvent calls f for each event, those within others included, with its place
// and the event that it is part of, which is nil for the recap's own and for
// upcoming ones.
//
// This and the visitors below go by the order of the fields; entities, which have
// none, come by id.
func (r *Recap) EachEvent(f func(at Pointer, e, super *Event)) {
	visitEvent("/recap/event", &r.Facts.Event, nil, f)
	for i := range r.Facts.Upcoming {
		visitEvent(Pointer("/recap").At("upcoming", i), &r.Facts.Upcoming[i], nil, f)
	}
}

func visitEvent(at Pointer, e, super *Event, f func(at Pointer, e, super *Event)) {
	f(at, e, super)
	for i := range e.SubEvents {
		visitEvent(at.At("subEvents", i), &e.SubEvents[i], e, f)
	}
}

// EachEntity calls f for each entity with its place and its id.
func (r *Recap) EachEntity(f func(at Pointer, id string, e Entity)) {
	for _, id := range slices.Sorted(maps.Keys(r.Facts.Entities)) {
		f(Pointer("/recap/entities").To(id), id, r.Facts.Entities[id])
	}
}

// EachFact calls f for everything that has what a [Fact] has.
func (r *Recap) EachFact(f func(at Pointer, fact *Fact)) {
	const root = Pointer("/recap")
	facts := &r.Facts
	r.EachEvent(func(at Pointer, e, _ *Event) { f(at, &e.Fact) })
	r.EachEntity(func(at Pointer, _ string, e Entity) { f(at, &e.Fact) })
	for i := range facts.Sessions {
		f(root.At("sessions", i), &facts.Sessions[i].Fact)
	}
	for i := range facts.Recommendations {
		f(root.At("recommendations", i), &facts.Recommendations[i].Fact)
	}
	for i := range facts.Topics {
		f(root.At("topics", i), &facts.Topics[i].Fact)
	}
	for i := range facts.Observations {
		f(root.At("observations", i), &facts.Observations[i].Fact)
	}
	for i := range facts.Announcements {
		f(root.At("announcements", i), &facts.Announcements[i].Fact)
	}
	for i := range facts.Quotations {
		f(root.At("quotations", i), &facts.Quotations[i].Fact)
	}
	for i := range facts.Media {
		f(root.At("media", i), &facts.Media[i].Fact)
	}
	for i := range facts.Notes {
		f(root.At("notes", i), &facts.Notes[i].Fact)
	}
}

// EachAgent calls f for every person and organisation in a role.
func (r *Recap) EachAgent(f func(at Pointer, a Agent)) {
	const root = Pointer("/recap")
	list := func(at Pointer, name string, agents []Agent) {
		for i, a := range agents {
			f(at.At(name, i), a)
		}
	}
	facts := &r.Facts
	list("", "authors", r.Authors)
	r.EachEvent(func(at Pointer, e, _ *Event) { list(at, "organizer", e.Organizer) })
	if facts.Source != nil {
		list(root.To("source"), "author", facts.Source.Author)
	}
	for i, s := range facts.Sessions {
		list(root.At("sessions", i), "speakers", s.Speakers)
	}
	for i, q := range facts.Quotations {
		if q.Speaker != (Agent{}) {
			f(root.At("quotations", i).To("speaker"), q.Speaker)
		}
	}
	for i, m := range facts.Media {
		list(root.At("media", i), "credit", m.Credit)
	}
	for i, n := range facts.Notes {
		list(root.At("notes", i), "by", n.By)
	}
}
