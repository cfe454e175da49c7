// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package near

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/recap-oci/recap/pkg/recap"
)

// Names are what a member calls things, for the comparison with other members.
type Names []named

// named is one thing that a member names.
type named struct {
	kind  string // of aliases that could join it with another: people, events …
	group string // event, entity or topic: only within one can two be the same
	id    string // across the pack
	own   string // what the member calls it: its id or, without one, its name
	name  string // as it is shown
	event *edition
}

// edition tells events apart that have similar names.
type edition struct {
	series, city string
	start        recap.Date
}

// NamesOf returns what r names.
func NamesOf(r *recap.Recap, glossary *recap.Glossary) Names {
	all, own := Names{}, glossary.Names(r)
	add := func(n named) {
		if n.id != "" && n.name != "" {
			all = append(all, n)
		}
	}
	var event func(e recap.Event)
	event = func(e recap.Event) {
		ref := cmp.Or(e.ID, e.Name)
		_, id := own.ID(ref)
		edition := &edition{start: e.StartDate}
		if e.Series != "" {
			_, edition.series = own.ID(e.Series)
		}
		if e.Place != nil {
			edition.city = strings.ToLower(e.Place.City)
		}
		add(named{"events", "event", id, ref, e.Name, edition})
		for _, sub := range e.SubEvents {
			event(sub)
		}
	}
	event(r.Facts.Event)
	for _, e := range r.Facts.Upcoming {
		event(e)
	}
	for _, id := range slices.Sorted(maps.Keys(r.Facts.Entities)) {
		e := r.Facts.Entities[id]
		add(named{aliasesOf(e.Kind), "entity", own.Entity(id, e.Name), id, e.Name, nil})
	}
	for _, t := range r.Facts.Topics {
		add(named{"topics", "topic", own.Topic(t.ID, t.Name), t.Name, t.Name, nil})
	}
	agents := func(list []recap.Agent) {
		for _, a := range list {
			if _, declared := r.Resolve(a.Name); !declared {
				_, id := own.ID(a.Name)
				add(named{"people", "entity", id, a.Name, a.Name, nil})
			}
		}
	}
	agents(r.Authors)
	for _, s := range r.Facts.Sessions {
		agents(s.Speakers)
	}
	for _, q := range r.Facts.Quotations {
		agents([]recap.Agent{q.Speaker})
	}
	return all
}

// aliasesOf returns the list of aliases that an entity of that kind goes into.
func aliasesOf(kind string) string {
	switch kind {
	case "person":
		return "people"
	case "organization", "group":
		return "organizations"
	case "topic":
		return "topics"
	}
	return "projects"
}
