// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package recap

import (
	"maps"
	"slices"
)

// TargetKind says what a reference leads to.
type TargetKind string

// What ids and names are given to.
const (
	TargetEvent          TargetKind = "event"
	TargetEntity         TargetKind = "entity"
	TargetSession        TargetKind = "session"
	TargetRecommendation TargetKind = "recommendation"
	TargetTopic          TargetKind = "topic"
	TargetObservation    TargetKind = "observation"
	TargetAnnouncement   TargetKind = "announcement"
	TargetQuotation      TargetKind = "quotation"
	TargetMedia          TargetKind = "media"
	TargetNote           TargetKind = "note"
)

// Target is what a reference leads to.
type Target struct {
	Kind    TargetKind
	ID      string // empty when it has none
	Name    string // display name or title; empty when it has none
	Pointer string // JSON Pointer into the normalised recap
}

// Resolve returns what a reference of this recap leads to: by id, else by name,
// alternative name or title, exactly as written. ok is false for the name of
// something that the recap says nothing more about, which is allowed, and for
// an id that nothing has, which R302 reports.
//
// It reads the whole recap; who resolves many references takes a [Resolver].
func (r *Recap) Resolve(ref string) (Target, bool) { return r.Resolver().Resolve(ref) }

// Resolver resolves the references of one recap. It isn't changed by use.
type Resolver struct {
	byID   map[string]Target
	byName map[string]Target
}

// Resolve is [Recap.Resolve].
func (n *Resolver) Resolve(ref string) (Target, bool) {
	if t, ok := n.byID[ref]; ok {
		return t, true
	}
	t, ok := n.byName[ref]
	return t, ok
}

// IDs returns all ids, sorted.
func (n *Resolver) IDs() []string { return slices.Sorted(maps.Keys(n.byID)) }

// Resolver reads the ids and names of r as they are now. Of two things with one
// id or name, it leads to the first.
func (r *Recap) Resolver() *Resolver {
	n := &Resolver{byID: map[string]Target{}, byName: map[string]Target{}}
	add := func(kind TargetKind, at Pointer, id string, names ...string) {
		t := Target{Kind: kind, ID: id, Pointer: string(at)}
		if len(names) > 0 {
			t.Name = names[0]
		}
		if _, taken := n.byID[id]; id != "" && !taken {
			n.byID[id] = t
		}
		for _, name := range names {
			if _, taken := n.byName[name]; name != "" && !taken {
				n.byName[name] = t
			}
		}
	}
	const root = Pointer("/recap")
	facts := &r.Facts
	r.EachEvent(func(at Pointer, e, _ *Event) {
		add(TargetEvent, at, e.ID, append([]string{e.Name}, e.AlternateName...)...)
	})
	r.EachEntity(func(at Pointer, id string, e Entity) {
		add(TargetEntity, at, id, append([]string{e.Name}, e.AlternateName...)...)
	})
	for i, s := range facts.Sessions {
		add(TargetSession, root.At("sessions", i), s.ID, s.Title)
	}
	for i, s := range facts.Recommendations {
		add(TargetRecommendation, root.At("recommendations", i), s.ID)
	}
	for i, a := range facts.Announcements {
		add(TargetAnnouncement, root.At("announcements", i), a.ID, a.Title)
	}
	for i, t := range facts.Topics {
		at := root.At("topics", i)
		add(TargetTopic, at, t.ID, t.Name)
		if IsID(t.Name) { // a topic's name may be its id
			add(TargetTopic, at, t.Name, t.Name)
		}
	}
	for i, o := range facts.Observations {
		add(TargetObservation, root.At("observations", i), o.ID)
	}
	for i, q := range facts.Quotations {
		add(TargetQuotation, root.At("quotations", i), q.ID)
	}
	for i, m := range facts.Media {
		add(TargetMedia, root.At("media", i), m.ID, m.Src)
	}
	for i, note := range facts.Notes {
		add(TargetNote, root.At("notes", i), note.ID)
	}
	return n
}

// Names returns every title and name that r states, without repetition, in the
// order of the fields. A text that is compared with another, word by word, may
// share them.
func (r *Recap) Names() []string {
	var names []string
	seen := map[string]bool{"": true}
	add := func(more ...string) {
		for _, name := range more {
			if !seen[name] {
				seen[name] = true
				names = append(names, name)
			}
		}
	}
	facts := &r.Facts
	add(r.Title)
	if facts.Source != nil {
		add(facts.Source.Title, facts.Source.Section, facts.Source.Publisher)
	}
	r.EachEvent(func(_ Pointer, e, _ *Event) {
		add(e.Name, e.Series, e.Edition)
		add(e.AlternateName...)
		if e.Place != nil {
			add(e.Place.Venue, e.Place.City, e.Place.Region, e.Place.Country)
		}
	})
	r.EachEntity(func(_ Pointer, _ string, e Entity) {
		add(e.Name, e.JobTitle, e.Parent)
		add(e.AlternateName...)
		add(e.Affiliation...)
		add(e.FormerAffiliation...)
	})
	r.EachAgent(func(_ Pointer, a Agent) { add(a.Name, a.Affiliation, a.JobTitle) })
	for _, s := range facts.Sessions {
		add(s.Title, s.Track)
	}
	for _, s := range facts.Recommendations {
		add(s.Session, s.List)
	}
	for _, t := range facts.Topics {
		add(t.Name)
	}
	for _, a := range facts.Announcements {
		add(a.Title, a.Version)
		add(a.By...)
		add(a.Recipients...)
	}
	for _, l := range facts.Links {
		add(l.Text)
	}
	return names
}
