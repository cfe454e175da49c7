// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package diff

import (
	"cmp"

	"github.com/recap-oci/recap/pkg/diff/internal/align"
	"github.com/recap-oci/recap/pkg/recap"
)

// FactChange is a fact that is another now.
type FactChange struct {
	Change Change `json:"change"`
	Kind   string `json:"kind"`           // event, session, observation … as in the catalog of a pack, and link
	Name   string `json:"name"`           // what people call it
	Text   string `json:"text,omitempty"` // what it says beside its name, where it was added or removed

	// JSON Pointers into the configs of A and B.
	From string `json:"from,omitempty"`
	To   string `json:"to,omitempty"`

	Fields []FieldChange `json:"fields,omitempty"` // of a fact that changed
}

// figureFields are what an observation's figure is made of.
var figureFields = []string{"value", "textValue", "minValue", "maxValue", "exclusiveMin", "exclusiveMax", "approximate", "asWritten"}

// compareFacts compares the facts of two recaps, list by list. Two facts are one by
// their id, else by what they are called, else by having most in common.
func compareFacts(a, b *collection) []FactChange {
	var changes []FactChange
	for _, kind := range factKinds() {
		changes = append(changes, compareList(a.facts[kind], b.facts[kind], a.name, b.name)...)
	}
	return changes
}

func compareList(a, b []fact, ofA, ofB names) []FactChange {
	p := align.NewPairing(len(a), len(b))
	p.By(func(i int) string { return a[i].id }, func(j int) string { return b[j].id })
	p.By(func(i int) string { return a[i].key }, func(j int) string { return b[j].key })
	p.Alike(func(i, j int) float64 { return a[i].likeness(&b[j]) })
	moved := p.Moved(func(int, int) bool { return false })

	var changes []FactChange
	next := 0 // of a: what is gone is listed before what follows it there
	gone := func(until int) {
		for ; next < until; next++ {
			if f := &a[next]; p.InB[next] < 0 {
				changes = append(changes, FactChange{Change: Removed, Kind: f.kind, Name: cut(f.name), Text: cut(f.text), From: exact(f.pointer)})
			}
		}
	}
	for j := range b {
		f, i := &b[j], p.InA[j]
		if i < 0 {
			changes = append(changes, FactChange{Change: Added, Kind: f.kind, Name: cut(f.name), Text: cut(f.text), To: exact(f.pointer)})
			continue
		}
		gone(i)
		c := FactChange{Change: Changed, Kind: f.kind, Name: cut(f.name), From: exact(a[i].pointer), To: exact(f.pointer)}
		c.Fields = compareFact(&a[i], f, ofA, ofB)
		switch {
		case len(c.Fields) > 0:
		case moved[j]:
			c.Change = Moved
		default:
			continue
		}
		changes = append(changes, c)
	}
	gone(len(a))
	return changes
}

// compareFact compares two facts that are one. A figure is one value, however many
// fields it is written in.
func compareFact(a, b *fact, ofA, ofB names) []FieldChange {
	skip := without("subEvents") // facts of their own
	var changes []FieldChange
	if from, to := a.figure, b.figure; from != to {
		for _, key := range figureFields {
			skip[key] = true
		}
		from, to = cutBoth(from, to)
		changes = append(changes, FieldChange{Field: "figure", Pointer: exact(b.pointer), From: from, To: to})
	}
	if a.id != b.id && a.kind == string(recap.TargetEntity) {
		changes = append(changes, FieldChange{Field: "id", From: cut(a.id), To: cut(b.id)}) // the key, not a field
	}
	return append(changes, compareFields(b.pointer, a.fields, b.fields, skip, ofA, ofB)...)
}

// fact is a fact to be compared.
type fact struct {
	kind    string
	pointer string
	id      string // its own; empty where it has none
	key     string // what else it is known by
	name    string
	text    string
	figure  string // of an observation
	fields  object // as published

	words map[string]align.Bag // of its fields that are texts, once asked for
}

// likeness is how much two facts have in common: 0 to 1.
func (f *fact) likeness(g *fact) float64 {
	a, b := f.texts(), g.texts()
	total, same := 0.0, 0.0
	for key, words := range a {
		total++
		if others, ok := b[key]; ok {
			same += words.Likeness(others)
		}
	}
	for key := range b {
		if _, ok := a[key]; !ok {
			total++
		}
	}
	if total == 0 {
		return 0
	}
	return same / total
}

// texts returns the words of each field.
func (f *fact) texts() map[string]align.Bag {
	if f.words == nil {
		f.words = map[string]align.Bag{}
		for key, value := range f.fields {
			if key != "subEvents" {
				f.words[key] = align.NewBag(plain(value, nil, false))
			}
		}
	}
	return f.words
}

// collection is the facts of a recap by their kind.
type collection struct {
	own    *recap.Resolver
	config object
	facts  map[string][]fact
}

// name returns what people call what a reference leads to.
func (c *collection) name(ref string) string {
	if t, ok := c.own.Resolve(ref); ok && t.Name != "" {
		return t.Name
	}
	return ref
}

func (c *collection) names(refs []string) []string {
	list := make([]string, len(refs))
	for i, ref := range refs {
		list[i] = c.name(ref)
	}
	return list
}

func (c *collection) people(agents []recap.Agent) []string {
	list := make([]string, len(agents))
	for i, a := range agents {
		a.Name, a.Affiliation = c.name(cmp.Or(a.Name, a.ID)), c.name(a.Affiliation)
		list[i] = a.String()
	}
	return list
}

// factKinds returns the kinds of facts in the order in which they are listed.
func factKinds() []string {
	return []string{
		string(recap.TargetEvent), string(recap.TargetObservation), string(recap.TargetSession), string(recap.TargetRecommendation),
		string(recap.TargetTopic), string(recap.TargetAnnouncement), string(recap.TargetQuotation), string(recap.TargetMedia),
		kindUpcoming, string(recap.TargetNote), kindDisclosure, string(recap.TargetEntity), kindLink,
	}
}

// Kinds of facts that no [recap.TargetKind] names.
const (
	kindUpcoming   = "upcoming"
	kindDisclosure = "disclosure"
	kindLink       = "link"
)

// factLists returns the keys that facts lie under, below the recap key.
func factLists() []string {
	return []string{
		"event", "observations", "sessions", "recommendations", "topics", "announcements", "quotations", "media",
		"upcoming", "notes", "disclosures", "entities", "links",
	}
}
