// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package recap

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// identities applies R301 to R307.
func (c *checker) identities() {
	r := c.recap
	if err := CheckSlug(r.Slug); err != nil {
		mend := ""
		if e := (*Error)(nil); errors.As(err, &e) && e.Hint != "" {
			mend = "write " + e.Hint
		}
		c.report("R307", "/slug", mend, "%v", err)
	}
	if len(r.Authors) == 0 && !r.unavailable("/authors") {
		c.report("R306", "/authors", "", "the recap has no author")
	}
	c.duplicateIDs()
	c.references()
	c.positions()
	c.nearNames()
}

// duplicateIDs applies R301. Events, entities, sessions, announcements and
// recommendations share one namespace; other lists have one each.
func (c *checker) duplicateIDs() {
	owners := map[string]pointer{}
	c.recap.eachFact(func(at pointer, fact *Fact) {
		namespace := ""
		list := strings.Split(string(at), "/")[2]
		switch list {
		case "event", "upcoming", "sessions", "announcements", "recommendations":
		case "entities":
			return // by their keys, below
		default:
			namespace = list + "/"
		}
		c.own(owners, namespace, fact.ID, at)
	})
	c.recap.eachEntity(func(at pointer, id string, _ Entity) { c.own(owners, "", id, at) })
}

func (c *checker) own(owners map[string]pointer, namespace, id string, at pointer) {
	if id == "" {
		return
	}
	if owner, taken := owners[namespace+id]; taken {
		place := at.to("id")
		if strings.HasPrefix(string(at), "/recap/entities/") {
			place = at
		}
		c.report("R301", place, "", "the id %q is that of %s already", clip(id), owner.field())
		return
	}
	owners[namespace+id] = at
}

// reference is a field that holds an id or a name.
type reference struct {
	at   pointer
	ref  string
	kind TargetKind // what it must lead to; empty for anything
}

// maxGuesses is how many references to nothing are compared with all ids. The
// rest is reported without a guess: somebody's config mustn't cost a minute.
const maxGuesses = 200

// references applies R302.
func (c *checker) references() {
	names := c.recap.Resolver()
	ids, guesses := names.ids(), 0
	c.recap.eachReference(func(ref reference) {
		target, ok := names.Resolve(ref.ref)
		if ok {
			if ref.kind != "" && target.Kind != ref.kind && slugShaped(ref.ref) {
				c.report("R302", ref.at, fmt.Sprintf("name one of kind %s", ref.kind), "%q is the id of %s, which is another kind of thing",
					clip(ref.ref), pointer(target.Pointer).field())
			}
			return
		}
		if !slugShaped(ref.ref) {
			return // a display name
		}
		meant, near := "", false
		if guesses++; guesses <= maxGuesses {
			meant, near = Nearest(ref.ref, slices.Values(ids))
		}
		switch {
		case near:
			c.report("R302", ref.at, fmt.Sprintf("did you mean %s?", meant), "nothing has the id %q", clip(ref.ref))
		case strings.Contains(ref.ref, "-"):
			c.report("R302", ref.at, "", "nothing has the id %q", clip(ref.ref))
		}
		// One lower-case word that is close to no id is a name: etcd, env0.
	})
}

// eachReference visits every field that refers to something. Event.Series and
// Topic.Name aren't among them: they introduce what they name.
func (r *Recap) eachReference(f func(reference)) {
	const root = pointer("/recap")
	one := func(at pointer, name, ref string, kind TargetKind) {
		if ref != "" {
			f(reference{at.to(name), ref, kind})
		}
	}
	list := func(at pointer, name string, refs []string, kind TargetKind) {
		for i, ref := range refs {
			if ref != "" {
				f(reference{at.at(name, i), ref, kind})
			}
		}
	}
	facts := &r.Facts
	r.eachAgent(func(at pointer, a Agent) {
		one(at, "name", a.Name, TargetEntity)
		one(at, "affiliation", a.Affiliation, TargetEntity)
	})
	r.eachFact(func(at pointer, fact *Fact) { list(at, "topics", fact.Topics, "") })
	if facts.Source != nil {
		one(root.to("source"), "publisher", facts.Source.Publisher, TargetEntity)
	}
	for i, d := range facts.Disclosures {
		list(root.at("disclosures", i), "to", d.To, "")
	}
	r.eachEntity(func(at pointer, _ string, e Entity) {
		list(at, "affiliation", e.Affiliation, TargetEntity)
		list(at, "formerAffiliation", e.FormerAffiliation, TargetEntity)
		one(at, "parent", e.Parent, TargetEntity)
	})
	for i, s := range facts.Sessions {
		at := root.at("sessions", i)
		one(at, "event", s.Event, TargetEvent)
		list(at, "about", s.About, "")
		list(at, "media", s.Media, TargetMedia)
	}
	for i, s := range facts.Recommendations {
		one(root.at("recommendations", i), "session", s.Session, TargetSession)
	}
	for i, t := range facts.Topics {
		list(root.at("topics", i), "about", t.About, "")
	}
	for i, o := range facts.Observations {
		one(root.at("observations", i), "about", o.About, "")
		one(root.at("observations", i), "attribution", o.Attribution, "")
	}
	for i, a := range facts.Announcements {
		at := root.at("announcements", i)
		list(at, "by", a.By, "")
		list(at, "about", a.About, "")
		list(at, "recipients", a.Recipients, "")
	}
	for i, q := range facts.Quotations {
		one(root.at("quotations", i), "session", q.Session, TargetSession)
	}
	for i, m := range facts.Media {
		list(root.at("media", i), "sessions", m.Sessions, TargetSession)
	}
	for i, n := range facts.Notes {
		list(root.at("notes", i), "about", n.About, "")
	}
}

// place is one item's place in a ranking.
type place struct {
	at       pointer
	position int
}

// positions applies R303 and R304 to the rankings of sessions and of topics.
func (c *checker) positions() {
	rankings := map[string][]place{}
	for i, s := range c.recap.Facts.Recommendations {
		if s.Position > 0 {
			rankings["list "+strconv.Quote(clip(s.List))] = append(rankings["list "+strconv.Quote(clip(s.List))],
				place{pointer("/recap").at("recommendations", i), s.Position})
		}
	}
	for i, t := range c.recap.Facts.Topics {
		if t.Position > 0 {
			kind := "topics of kind " + strconv.Quote(clip(t.Kind))
			rankings[kind] = append(rankings[kind], place{pointer("/recap").at("topics", i), t.Position})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(rankings)) {
		c.ranking(name, rankings[name])
	}
}

func (c *checker) ranking(name string, places []place) {
	slices.SortStableFunc(places, func(a, b place) int { return cmp.Compare(a.position, b.position) })
	expected := 1
	for i, p := range places {
		switch {
		case i > 0 && p.position == places[i-1].position:
			c.report("R303", p.at.to("position"), "", "position %d of the %s is that of %s already", p.position, name, places[i-1].at.field())
			continue
		case p.position == expected+1:
			c.report("R304", p.at.to("position"), "", "the %s has no position %d", name, expected)
		case p.position > expected:
			c.report("R304", p.at.to("position"), "", "the %s has no positions %d to %d", name, expected, p.position-1)
		}
		expected = p.position + 1
	}
}

// maxNearNames is how many names are compared with each other. Beyond it R305 is
// silent: it is a courtesy, not worth a minute.
const maxNearNames = 2000

// nearNames applies R305 to people and things: those declared, and those named
// in passing.
func (c *checker) nearNames() {
	type named struct {
		at    pointer
		name  string
		lower string
	}
	var all []named
	names := c.recap.Resolver()
	seen := map[string]bool{}
	add := func(at pointer, name string) {
		if !seen[name] && len(name) > 5 {
			all = append(all, named{at, name, strings.ToLower(name)})
		}
		seen[name] = true
	}
	c.recap.eachEntity(func(at pointer, _ string, e Entity) { add(at.to("name"), e.Name) })
	c.recap.eachReference(func(ref reference) {
		if _, known := names.Resolve(ref.ref); !known && !slugShaped(ref.ref) {
			add(ref.at, ref.ref)
		}
	})
	if len(all) > maxNearNames {
		return
	}
	for i, a := range all {
		for _, b := range all[:i] {
			if !oneEdit(a.lower, b.lower) || differInDigit(a.lower, b.lower) {
				continue
			}
			c.report("R305", a.at, "", "%q and %q (%s) are nearly the same", clip(a.name), clip(b.name), b.at.field())
			break
		}
	}
}

// differInDigit reports whether a and b differ by digits: Helm 3 and Helm 4 are
// two things on purpose.
func differInDigit(a, b string) bool {
	digits := func(s string) string {
		return strings.Map(func(r rune) rune {
			if '0' <= r && r <= '9' {
				return r
			}
			return -1
		}, s)
	}
	return digits(a) != digits(b)
}
