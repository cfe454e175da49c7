// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/recap-oci/recap/pkg/internal/tree"
	"github.com/recap-oci/recap/pkg/recap"
)

// kindDisclosure is the kind of the facts that no [recap.TargetKind] names.
const kindDisclosure = "disclosure"

// List returns the facts of a member: its event, then sessions, recommendations,
// topics, observations, announcements, quotations, media, what is upcoming,
// notes, disclosures and entities.
func (m *Source) List() []Fact {
	l := &lister{m: m, places: m.places(), ids: map[string]bool{}}
	facts := &m.Recap.Facts
	l.event("/recap/event", facts.Event, false)
	for i, s := range facts.Sessions {
		f := l.fact(recap.TargetSession, "sessions", i, s.Fact)
		f.Type, f.Name, f.Date = s.Kind, s.Title, cmp.Or(s.Day, s.StartDate)
		f.About, f.By = l.ids1(m.Names.Session(s.ID, s.Title), s.About), l.agents(s.Speakers)
		l.add(f)
	}
	for i, r := range facts.Recommendations {
		f := l.fact(recap.TargetRecommendation, "recommendations", i, r.Fact)
		f.List, f.Position, f.Strength, f.About = r.List, r.Position, r.Strength, l.refs(r.Session)
		f.Name = r.Session
		if t, ok := l.places.own.Resolve(r.Session); ok && t.Name != "" {
			f.Name = t.Name
		}
		l.add(f)
	}
	for i, t := range facts.Topics {
		f := l.fact(recap.TargetTopic, "topics", i, t.Fact)
		f.Type, f.Name, f.Position, f.Signal = t.Kind, t.Name, t.Position, t.Signal
		f.About = l.ids1(m.Names.Topic(t.ID, t.Name), t.About)
		l.add(f)
	}
	for i, o := range facts.Observations {
		l.add(l.observation(i, o))
	}
	for i, a := range facts.Announcements {
		f := l.fact(recap.TargetAnnouncement, "announcements", i, a.Fact)
		f.Type, f.Name, f.Date, f.Status, f.Version, f.Position = a.Kind, a.Title, a.Date, a.Status, a.Version, a.Position
		f.About, f.By, f.Recipients = l.refs(a.About...), l.refs(a.By...), l.refs(a.Recipients...)
		l.add(f)
	}
	for i, q := range facts.Quotations {
		f := l.fact(recap.TargetQuotation, "quotations", i, q.Fact)
		f.About, f.By = l.refs(q.Session), l.agents([]recap.Agent{q.Speaker})
		l.add(f)
	}
	for i, v := range facts.Media {
		f := l.fact(recap.TargetMedia, "media", i, v.Fact)
		f.Type, f.Name = v.Kind, cmp.Or(v.Caption, v.Alt, v.Src)
		f.About, f.By = l.refs(v.Sessions...), l.agents(v.Credit)
		if v.Unavailable {
			f.Status = "unavailable"
		}
		l.add(f)
	}
	for i, e := range facts.Upcoming {
		l.event(fmt.Sprintf("/recap/upcoming/%d", i), e, true)
	}
	for i, n := range facts.Notes {
		f := l.fact(recap.TargetNote, "notes", i, n.Fact)
		f.Type, f.About, f.By = n.Kind, l.refs(n.About...), l.agents(n.By)
		l.add(f)
	}
	for i, d := range facts.Disclosures {
		f := l.fact(kindDisclosure, "disclosures", i, recap.Fact{Text: d.Text, SourceLines: d.SourceLines})
		f.Type, f.About = d.Relation, l.refs(d.To...)
		l.add(f)
	}
	for _, id := range slices.Sorted(maps.Keys(facts.Entities)) {
		l.entity(id, facts.Entities[id])
	}
	return l.facts
}

// lister collects the facts of one member.
type lister struct {
	m      *Source
	places *places
	ids    map[string]bool
	facts  []Fact
}

func (l *lister) add(f Fact) { l.facts = append(l.facts, f) }

// fact returns what every fact has, of the i-th of a list.
func (l *lister) fact(kind recap.TargetKind, list string, i int, own recap.Fact) Fact {
	return l.at(kind, fmt.Sprintf("/recap/%s/%d", list, i), own)
}

func (l *lister) at(kind recap.TargetKind, pointer string, own recap.Fact) Fact {
	f := Fact{
		Kind: string(kind), Recap: l.m.Recap.Slug, RecapDigest: string(l.m.Digest), Pointer: pointer, Event: l.m.Names.Event(),
		Text: own.Text, Quote: own.Quote, Certainty: own.Certainty, SourceLines: own.SourceLines, URL: own.URL,
		Topics: l.refs(own.Topics...),
	}
	f.ID = l.id(own.ID, pointer)
	f.Path, f.Lines = l.places.find(own.Quote, pointer)
	return f
}

// id returns an id that no other fact of the member has.
func (l *lister) id(own, pointer string) string {
	id := recap.Identity(own)
	if id == "" || l.ids[id] {
		id = recap.Identity(strings.ReplaceAll(strings.TrimPrefix(pointer, "/recap/"), "/", "-"))
	}
	for n, start := 2, id; l.ids[id]; n++ {
		id = fmt.Sprintf("%s-%d", start, n)
	}
	l.ids[id] = true
	return l.m.Recap.Slug + "#" + id
}

func (l *lister) event(pointer string, e recap.Event, upcoming bool) {
	f := l.at(recap.TargetEvent, pointer, e.Fact)
	f.Name, f.Date, f.EndDate, f.Status, f.Upcoming = e.Name, e.StartDate, e.EndDate, e.Status, upcoming
	id := e.ID
	if id == "" {
		id = e.Name
	}
	f.About, f.By = l.refs(id), l.agents(e.Organizer)
	if p := e.Place; p != nil {
		parts := []string{p.Venue, p.City, p.Region, p.Country}
		f.Place = cmp.Or(strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), ", "), p.Text)
	}
	l.add(f)
	for i, sub := range e.SubEvents {
		l.event(fmt.Sprintf("%s/subEvents/%d", pointer, i), sub, upcoming)
	}
}

func (l *lister) observation(i int, o recap.Observation) Fact {
	f := l.fact(recap.TargetObservation, "observations", i, o.Fact)
	f.About, f.By, f.Date, f.Property = l.refs(o.About), l.refs(o.Attribution), o.ObservationDate, o.Property
	f.Value, f.TextValue, f.MinValue, f.MaxValue = o.Value, o.TextValue, o.MinValue, o.MaxValue
	f.ExclusiveMin, f.ExclusiveMax, f.Approximate = o.ExclusiveMin, o.ExclusiveMax, o.Approximate
	f.Unit, f.Share, f.AsWritten, f.Sic = o.Unit, o.Share, o.AsWritten, o.Sic
	return f
}

func (l *lister) entity(id string, e recap.Entity) {
	own := e.Fact
	own.ID = id
	f := l.at(recap.TargetEntity, "/recap/entities/"+tree.Escape(id), own)
	f.Type, f.Name, f.Status, f.Date = e.Kind, e.Name, e.Maturity, e.MaturityAsOf
	f.About = l.ids1(l.m.Names.Entity(id, e.Name), append([]string{e.Parent}, e.Affiliation...))
	l.add(f)
}

// refs returns what references mean in the pack.
func (l *lister) refs(refs ...string) []string { return l.ids1("", refs) }

// ids1 is refs behind an id that is one already.
func (l *lister) ids1(id string, refs []string) []string {
	var ids []string
	for _, ref := range refs {
		if _, known := l.m.Names.ID(ref); known != "" && known != id && !slices.Contains(ids, known) {
			ids = append(ids, known)
		}
	}
	if id != "" {
		ids = append([]string{id}, ids...)
	}
	return ids
}

func (l *lister) agents(agents []recap.Agent) []string {
	var refs []string
	for _, a := range agents {
		refs = append(refs, cmp.Or(a.ID, a.Name))
	}
	return l.refs(refs...)
}
