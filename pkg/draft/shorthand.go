// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package draft

import (
	"strings"

	"github.com/recap-oci/recap/pkg/internal/tree"
	"github.com/recap-oci/recap/pkg/recap"
)

// shorten writes what can be said in a word in a word. What has comments stays
// as it is: they would have nowhere to stand.
func shorten(facts *tree.Node) {
	event := facts.Get("event")
	about := ""
	if event != nil && event.Kind == tree.Map {
		if id := event.Get("id"); id != nil {
			about = id.Text
		} else if name := event.Get("name"); name != nil {
			about = recap.Slug(name.Text)
		}
	} else if event != nil {
		about = recap.Slug(event.Text)
	}
	for _, o := range facts.Get("observations").List() {
		if a := o.Get("about"); a != nil && a.Kind == tree.String && a.Text == about && about != "" && !a.Commented() && !keyCommented(o, "about") {
			o.Delete("about")
		}
	}
	for i, e := range facts.Entries {
		switch e.Key.Text {
		case "event":
			shortenEvent(e.Value)
			if id := e.Value.Get("id"); id != nil && len(e.Value.Entries) == 2 && e.Value.Get("name") != nil &&
				id.Text == recap.Slug(e.Value.Get("name").Text) && !e.Value.Commented() {
				e.Value.Delete("id")
			}
			facts.Entries[i].Value = alone(e.Value, "name")
		case "upcoming":
			for j, u := range e.Value.Items {
				shortenEvent(u)
				e.Value.Items[j] = alone(u, "name")
			}
		case "entities":
			for j, entity := range e.Value.Entries {
				shortenLists(entity.Value)
				e.Value.Entries[j].Value = alone(entity.Value, "name")
			}
		case "notes":
			for j, note := range e.Value.Items {
				shortenLists(note)
				e.Value.Items[j] = alone(note, "text")
			}
		case "source":
			shortenLists(e.Value)
		case "recommendations":
			for _, r := range e.Value.Items {
				shortenLists(r)
				if s := r.Get("session"); s != nil {
					shortenLists(s)
				}
			}
		default:
			for _, item := range e.Value.Items {
				shortenLists(item)
			}
		}
	}
}

func keyCommented(m *tree.Node, key string) bool {
	for _, e := range m.Entries {
		if e.Key.Text == key && e.Key.Commented() {
			return true
		}
	}
	return false
}

func shortenEvent(e *tree.Node) {
	if e.Kind != tree.Map {
		return
	}
	shortenLists(e)
	if place := e.Get("place"); place != nil {
		e.Set("place", alone(place, "text"))
	}
	for i, sub := range e.Get("subEvents").List() {
		shortenEvent(sub)
		e.Get("subEvents").Items[i] = alone(sub, "name")
	}
}

// alone returns the value of the only entry of a map, if it is key and a text
// that is one line.
func alone(m *tree.Node, key string) *tree.Node {
	if m.Kind != tree.Map || len(m.Entries) != 1 || m.Entries[0].Key.Text != key || m.Commented() {
		return m
	}
	if v := m.Entries[0].Value; v.Kind == tree.String && !strings.Contains(v.Text, "\n") {
		return v
	}
	return m
}

// shortenLists shortens the references and people of one fact: lists of one,
// and people of whom only name and affiliation are known.
func shortenLists(m *tree.Node) {
	for i, e := range m.Entries {
		switch e.Key.Text {
		case "speakers", "organizer", "credit", "author", "by":
			for j, a := range e.Value.Items {
				e.Value.Items[j] = shortAgent(a)
			}
			m.Entries[i].Value = bare(shortAgent(e.Value))
		case "speaker":
			m.Entries[i].Value = shortAgent(e.Value)
		case "alternateName", "sameAs", "affiliation", "formerAffiliation", "about",
			"topics", "recipients", "media", "sessions", "to":
			m.Entries[i].Value = bare(e.Value)
		}
	}
}

// bare returns the only item of a list, where it is a text.
func bare(list *tree.Node) *tree.Node {
	if list.Kind != tree.List || len(list.Items) != 1 || list.Items[0].Kind != tree.String || list.Commented() {
		return list
	}
	return list.Items[0]
}

// shortAgent returns "Name" or "Name (Affiliation)" for a map that says no
// more, provided it is read back as the same.
func shortAgent(a *tree.Node) *tree.Node {
	name, affiliation := a.Get("name"), a.Get("affiliation")
	if a.Kind != tree.Map || name == nil || name.Kind != tree.String || a.Commented() {
		return a
	}
	text, want := name.Text, recap.Agent{Name: name.Text}
	switch {
	case len(a.Entries) == 1:
	case len(a.Entries) == 2 && affiliation != nil && affiliation.Kind == tree.String:
		text += " (" + affiliation.Text + ")"
		want.Affiliation = affiliation.Text
	default:
		return a
	}
	if recap.ParseAgent(text) != want {
		return a
	}
	if len(a.Entries) == 1 {
		return name
	}
	return tree.Text(text, a.Pos)
}
