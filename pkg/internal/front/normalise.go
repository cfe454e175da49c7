// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package front

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/recap-oci/recap/pkg/internal/tree"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/rule"
)

// normaliser rewrites the tree of a front matter that fits its schema until it
// has the shape of a recap.Recap's JSON. It works on the tree, not on the
// types, because every node keeps its place: a JSON Pointer into the result
// leads back to where the author wrote what it names.
type normaliser struct {
	root *tree.Node      // of the result
	ids  map[string]bool // every id that is taken
	fail Fail
}

// The lists of the facts, in the order in which their ids are given out.
var factLists = []string{
	"sessions", "recommendations", "topics", "observations", "announcements",
	"quotations", "media", "links", "notes", "disclosures",
}

// normalise returns the normalised tree of front, which it changes.
func normalise(front *tree.Node, fail Fail) *tree.Node {
	n := &normaliser{root: tree.NewMap(front.Pos), ids: map[string]bool{}, fail: fail}
	n.top(front)
	facts := front.Get(Key)
	if facts == nil || facts.Kind != tree.Map {
		facts = tree.NewMap(front.Pos)
	}
	n.keep(front, Key, facts)
	n.facts(facts)
	return n.root
}

// keep copies an entry of the front matter, with the place of its key.
func (n *normaliser) keep(front *tree.Node, key string, value *tree.Node) {
	n.root.Set(key, value)
	for _, e := range front.Entries {
		if e.Key.Text == key {
			n.root.Entries[len(n.root.Entries)-1].Key = e.Key
		}
	}
}

func (n *normaliser) top(front *tree.Node) {
	for _, key := range []string{"title", "slug", "date", "lastmod", "description", "draft"} {
		if v := front.Get(key); v != nil && v.Kind != tree.Null && (v.Kind != tree.String || v.Text != "") {
			n.keep(front, key, v)
		}
	}
	for _, key := range []string{"authors", "author"} { // the list where there are both
		if v := front.Get(key); v != nil && v.Kind != tree.Null {
			agents := wrap(v)
			for i, a := range agents.Items {
				agents.Items[i] = agent(only(a, "name", "id", "affiliation", "jobTitle", "role", "url"))
			}
			if len(agents.Items) > 0 {
				n.keep(front, key, agents)
				n.root.Entries[len(n.root.Entries)-1].Key = tree.Text("authors", front.KeyPos(key))
				break
			}
		}
	}
	for _, key := range []string{"tags", "categories", "keywords"} {
		if v := front.Get(key); v != nil && v.Kind != tree.Null {
			labels := wrap(v)
			labels.Items = slices.DeleteFunc(labels.Items, func(i *tree.Node) bool {
				return i.Kind != tree.String || strings.TrimSpace(i.Text) == ""
			})
			if len(labels.Items) > 0 {
				n.keep(front, key, labels)
			}
		}
	}
	title := front.Get("title")
	if !n.root.Has("slug") && title != nil {
		slug := recap.Slug(title.Text)
		if slug == "" && title.Text != "" {
			n.fail(title.Pos, rule.Value, "add slug: with lower-case letters, digits and hyphens", "no slug can be made from this title")
		}
		n.root.Set("slug", tree.Text(slug, title.Pos))
	}
}

// only returns a map without the keys that aren't named: those are the site
// generator's.
func only(v *tree.Node, keys ...string) *tree.Node {
	if v.Kind == tree.Map {
		v.Entries = slices.DeleteFunc(v.Entries, func(e tree.Entry) bool { return !slices.Contains(keys, e.Key.Text) })
	}
	return v
}

func (n *normaliser) facts(facts *tree.Node) {
	if !facts.Has("apiVersion") {
		facts.Set("apiVersion", tree.Text(recap.APIVersion, facts.Pos))
	}
	if event := facts.Get("event"); event != nil {
		facts.Set("event", Named(event))
	} else {
		facts.Set("event", tree.NewMap(facts.Pos))
	}
	if entities := facts.Get("entities"); entities != nil {
		for i, e := range entities.Entries {
			entities.Entries[i].Value = Named(e.Value)
		}
	}
	n.moveSessions(facts)
	n.collect(facts)
	main := facts.Get("event")
	n.giveID(main, true)
	n.event(main)
	for _, e := range facts.Get("upcoming").List() {
		n.giveID(e, false)
		n.event(e)
	}
	for _, e := range facts.Get("entities").Map() {
		lists(e.Value, "alternateName", "sameAs", "affiliation", "formerAffiliation", "topics")
		lines(e.Value)
	}
	if source := facts.Get("source"); source != nil {
		agents(source, "author")
	}
	about := ""
	if id := main.Get("id"); id != nil {
		about = id.Text
	}
	for _, list := range factLists {
		for _, item := range facts.Get(list).List() {
			n.item(list, item, about)
		}
	}
}

// moveSessions moves sessions that stand inside recommendations to the list of
// sessions, and expands what may be a text.
func (n *normaliser) moveSessions(facts *tree.Node) {
	for _, list := range []string{"notes", "upcoming"} {
		items := facts.Get(list).List()
		for i, item := range items {
			if list == "notes" && item.Kind == tree.String {
				m := tree.NewMap(item.Pos)
				m.Set("text", item)
				items[i] = m
			} else {
				items[i] = Named(item)
			}
		}
	}
	var moved []*tree.Node
	for _, r := range facts.Get("recommendations").List() {
		if s := r.Get("session"); s != nil && s.Kind == tree.Map {
			moved = append(moved, s)
		}
	}
	if len(moved) == 0 {
		return
	}
	sessions := facts.Get("sessions")
	if sessions == nil {
		sessions = tree.NewList(moved[0].Pos)
		facts.Set("sessions", sessions)
	}
	sessions.Items = append(sessions.Items, moved...)
}

// collect notes every id that the author gave, and then gives the moved
// sessions theirs.
func (n *normaliser) collect(facts *tree.Node) {
	note := func(v *tree.Node) {
		if id := v.Get("id"); id != nil {
			n.ids[id.Text] = true
		}
	}
	var events func(e *tree.Node)
	events = func(e *tree.Node) {
		note(e)
		subs := e.Get("subEvents").List()
		for i, sub := range subs {
			subs[i] = Named(sub)
			events(subs[i])
		}
	}
	events(facts.Get("event"))
	for _, e := range facts.Get("upcoming").List() {
		events(e)
	}
	for _, e := range facts.Get("entities").Map() {
		n.ids[e.Key.Text] = true
	}
	for _, list := range factLists {
		for _, item := range facts.Get(list).List() {
			note(item)
		}
	}
	for _, r := range facts.Get("recommendations").List() {
		s := r.Get("session")
		if s == nil || s.Kind != tree.Map {
			continue
		}
		if !s.Has("id") {
			s.Set("id", tree.Text(n.freeID(s), s.Pos))
		}
		r.Set("session", tree.Text(s.Get("id").Text, s.Pos))
	}
}

// freeID makes an id for a session from its title or text.
func (n *normaliser) freeID(session *tree.Node) string {
	base := ""
	for _, key := range []string{"title", "text"} {
		if v := session.Get(key); v != nil && base == "" {
			base = recap.Slug(v.Text)
		}
	}
	if base == "" {
		base = "session"
	}
	id := base
	for i := 2; n.ids[id]; i++ {
		id = fmt.Sprintf("%.76s-%d", base, i)
	}
	n.ids[id] = true
	return id
}

// giveID gives an event the id that its name makes. The event of the recap
// always has one; another goes without when the id is taken: it may well be
// the same event.
func (n *normaliser) giveID(event *tree.Node, always bool) {
	name := event.Get("name")
	if event.Has("id") || name == nil {
		return
	}
	id := recap.Slug(name.Text)
	if id == "" && always {
		n.fail(name.Pos, rule.Value, "add id: with lower-case letters, digits and hyphens", "no id can be made from this event's name")
	}
	if id == "" || n.ids[id] && !always {
		return
	}
	n.ids[id] = true
	event.Set("id", tree.Text(id, name.Pos))
}

func (n *normaliser) event(e *tree.Node) {
	lists(e, "alternateName", "topics")
	agents(e, "organizer")
	lines(e)
	if place := e.Get("place"); place != nil && place.Kind == tree.String {
		m := tree.NewMap(place.Pos)
		m.Set("text", place)
		e.Set("place", m)
	}
	for _, sub := range e.Get("subEvents").List() {
		n.giveID(sub, false)
		n.event(sub)
	}
}

func (n *normaliser) item(list string, item *tree.Node, event string) {
	lists(item, "topics")
	lines(item)
	switch list {
	case "sessions":
		lists(item, "about", "sameAs", "media")
		agents(item, "speakers")
	case "topics":
		lists(item, "about")
	case "announcements":
		lists(item, "by", "about", "recipients")
	case "disclosures":
		lists(item, "to")
	case "notes":
		lists(item, "about")
		agents(item, "by")
	case "quotations":
		if s := item.Get("speaker"); s != nil {
			item.Set("speaker", agent(s))
		}
	case "media":
		lists(item, "sessions")
		agents(item, "credit")
		for _, key := range []string{"src", "original", "transcript"} {
			if v := item.Get(key); v != nil {
				v.Text = path.Clean(v.Text)
			}
		}
	case "observations":
		if !item.Has("about") && event != "" {
			item.Set("about", tree.Text(event, item.Pos))
		}
		n.value(item)
	}
}

// value takes a figure that was written as text apart.
func (n *normaliser) value(o *tree.Node) {
	v := o.Get("value")
	if v == nil || v.Kind != tree.String {
		return
	}
	o.Delete("value")
	q, numeric, err := recap.ParseQuantity(v.Text)
	if err != nil {
		mend := ""
		if e := (*recap.Error)(nil); errors.As(err, &e) {
			mend = e.Hint
		}
		n.fail(v.Pos, "R504", mend, "%s", err)
		return
	}
	if !numeric {
		o.Set("textValue", v)
		return
	}
	if !o.Has("asWritten") {
		o.Set("asWritten", v)
	}
	for _, bound := range []struct {
		key   string
		value *float64
	}{{"value", q.Value}, {"minValue", q.MinValue}, {"maxValue", q.MaxValue}} {
		if bound.value != nil {
			o.Set(bound.key, tree.Float(*bound.value, v.Pos))
		}
	}
	for _, flag := range []struct {
		key string
		set bool
	}{{"exclusiveMin", q.ExclusiveMin}, {"exclusiveMax", q.ExclusiveMax}, {"approximate", q.Approximate}} {
		if flag.set && !o.Has(flag.key) {
			o.Set(flag.key, tree.True(v.Pos))
		}
	}
	if q.Unit != "" && !o.Has("unit") {
		o.Set("unit", tree.Text(q.Unit, v.Pos))
	}
}

// Named makes a map with a name of what may be a name alone.
func Named(v *tree.Node) *tree.Node {
	if v.Kind != tree.String {
		return v
	}
	m := tree.NewMap(v.Pos)
	m.Set("name", v)
	return m
}

// agent makes a map of "Name" or "Name (Affiliation)".
func agent(v *tree.Node) *tree.Node {
	if v.Kind != tree.String {
		return v
	}
	a := recap.ParseAgent(v.Text)
	m := tree.NewMap(v.Pos)
	m.Set("name", tree.Text(a.Name, v.Pos))
	if a.Affiliation != "" {
		m.Set("affiliation", tree.Text(a.Affiliation, v.Pos))
	}
	return m
}

func agents(m *tree.Node, key string) {
	v := m.Get(key)
	if v == nil {
		return
	}
	list := wrap(v)
	for i, a := range list.Items {
		list.Items[i] = agent(a)
	}
	m.Set(key, list)
}

// lists makes lists of bare values.
func lists(m *tree.Node, keys ...string) {
	for _, key := range keys {
		if v := m.Get(key); v != nil {
			m.Set(key, wrap(v))
		}
	}
}

func wrap(v *tree.Node) *tree.Node {
	if v.Kind == tree.List {
		return v
	}
	return tree.NewList(v.Pos, v)
}

// lines makes a text of sourceLines: 8.
func lines(m *tree.Node) {
	if v := m.Get("sourceLines"); v != nil && v.Kind == tree.Number {
		m.Set("sourceLines", tree.Text(fmt.Sprintf("%.0f", v.Num), v.Pos))
	}
}
