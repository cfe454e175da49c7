// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package diff

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/recap-oci/recap/pkg/internal/tree"
	"github.com/recap-oci/recap/pkg/recap"
)

// collect returns the facts of a recap, named, with their fields as the config
// has them.
func collect(r *recap.Recap, config object) *collection {
	c := &collection{own: r.Resolver(), config: config, facts: map[string][]fact{}}
	f := &r.Facts
	below, _ := config["recap"].(object)
	event, _ := below["event"].(object)
	c.event(string(recap.TargetEvent), "/recap/event", f.Event, event)
	for i, o := range f.Observations {
		figure := join(" ", o.Figure(), o.Unit)
		if o.Unit == "percent" && strings.HasSuffix(o.Figure(), "%") {
			figure = o.Figure()
		}
		key := join("\x00", c.name(o.About), o.Property, o.Unit, string(o.ObservationDate))
		c.add(recap.TargetObservation, "observations", i, o.ID, key, o.Property+" of "+c.name(o.About), figure).figure = o.Figure()
	}
	for i, s := range f.Sessions {
		c.add(recap.TargetSession, "sessions", i, s.ID, s.Title, cmp.Or(s.Title, s.Text, s.ID), join(" — ", list(c.people(s.Speakers)), s.Kind))
	}
	for i, p := range f.Recommendations {
		position := ""
		if p.Position > 0 {
			position = "number " + strconv.Itoa(p.Position)
		}
		c.add(recap.TargetRecommendation, "recommendations", i, p.ID, join("\x00", p.List, c.name(p.Session)), c.name(p.Session),
			join(" — ", join(" of ", position, p.List), p.Strength, p.Text))
	}
	for i, t := range f.Topics {
		c.add(recap.TargetTopic, "topics", i, t.ID, c.name(t.Name), c.name(t.Name), join(" — ", t.Signal, t.Text))
	}
	for i, a := range f.Announcements {
		c.add(recap.TargetAnnouncement, "announcements", i, a.ID, join("\x00", a.Kind, a.Title), a.Title,
			join(" — ", a.Kind, list(c.names(a.By)), list(c.names(a.Recipients)), a.Text))
	}
	for i, q := range f.Quotations {
		c.add(recap.TargetQuotation, "quotations", i, q.ID, q.Quote, list(c.people([]recap.Agent{q.Speaker})), quoted(q.Quote))
	}
	for i, m := range f.Media {
		place := cmp.Or(m.Src, m.URL, m.Original)
		c.add(recap.TargetMedia, "media", i, m.ID, cmp.Or(place, m.Caption), cmp.Or(m.Caption, m.Alt, place), join(" — ", m.Kind, place))
	}
	upcoming, _ := below["upcoming"].([]any)
	for i, e := range f.Upcoming {
		var fields object
		if i < len(upcoming) {
			fields, _ = upcoming[i].(object)
		}
		c.event(kindUpcoming, "/recap/upcoming/"+strconv.Itoa(i), e, fields)
	}
	for i, n := range f.Notes {
		c.add(recap.TargetNote, "notes", i, n.ID, n.Text, n.Text, join(" — ", n.Kind, list(c.people(n.By))))
	}
	for i, d := range f.Disclosures {
		c.add(kindDisclosure, "disclosures", i, "", join("\x00", d.Relation, list(d.To)), join(" ", d.Relation, list(c.names(d.To))), d.Text)
	}
	entities, _ := below["entities"].(object)
	for _, id := range slices.Sorted(maps.Keys(f.Entities)) {
		e := f.Entities[id]
		fields, _ := entities[id].(object)
		c.put(fact{
			kind: string(recap.TargetEntity), pointer: "/recap/entities/" + tree.Escape(id), id: id, key: e.Name,
			name: cmp.Or(e.Name, id), text: join(" — ", e.Kind, e.Text), fields: fields,
		})
	}
	for i, l := range f.Links {
		c.add(kindLink, "links", i, "", cmp.Or(l.URL, l.Text), cmp.Or(l.Text, l.URL), l.URL)
	}
	return c
}

// event adds an event and those within it.
func (c *collection) event(kind, pointer string, e recap.Event, fields object) {
	key := e.Name
	if pointer == "/recap/event" {
		key = "\x00" // there is one, whatever its name
	}
	c.put(fact{
		kind: kind, pointer: pointer, id: e.ID, key: key, name: cmp.Or(e.Name, e.ID), fields: fields,
		text: join(" — ", join(" to ", string(e.StartDate), string(e.EndDate)), place(e.Place), e.Text),
	})
	within, _ := fields["subEvents"].([]any)
	for i, sub := range e.SubEvents {
		var own object
		if i < len(within) {
			own, _ = within[i].(object)
		}
		c.event(kind, pointer+"/subEvents/"+strconv.Itoa(i), sub, own)
	}
}

// add adds the i-th fact of a list and returns it.
func (c *collection) add(kind recap.TargetKind, key string, i int, id, known, name, text string) *fact {
	below, _ := c.config["recap"].(object)
	items, _ := below[key].([]any)
	var fields object
	if i < len(items) {
		fields, _ = items[i].(object)
	}
	return c.put(fact{kind: string(kind), pointer: "/recap/" + key + "/" + strconv.Itoa(i), id: id, key: known, name: name, text: text, fields: fields})
}

func (c *collection) put(f fact) *fact {
	c.facts[f.kind] = append(c.facts[f.kind], f)
	return &c.facts[f.kind][len(c.facts[f.kind])-1]
}

func place(p *recap.Place) string {
	if p == nil {
		return ""
	}
	return cmp.Or(join(", ", p.Venue, p.City, p.Region, p.Country), p.Text)
}

func quoted(s string) string {
	if s == "" {
		return ""
	}
	return "“" + s + "”"
}

// list writes a list as people do.
func list(parts []string) string { return join(", ", parts...) }

// join joins what there is.
func join(separator string, parts ...string) string {
	return strings.Join(slices.DeleteFunc(slices.Clone(parts), func(s string) bool { return s == "" }), separator)
}
