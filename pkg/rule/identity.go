// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package rule

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/recap-oci/recap/pkg/internal/words"
	"github.com/recap-oci/recap/pkg/recap"
)

// identities applies R301 to R307.
func (c *checker) identities() {
	r := c.recap
	if err := recap.CheckSlug(r.Slug); err != nil {
		mend := ""
		if e := (*recap.Error)(nil); errors.As(err, &e) && e.Hint != "" {
			mend = "write " + e.Hint
		}
		c.report("R307", "/slug", mend, "%v", err)
	}
	if len(r.Authors) == 0 && !unavailable(r, "/authors") {
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
	owners := map[string]recap.Pointer{}
	c.recap.EachFact(func(at recap.Pointer, fact *recap.Fact) {
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
	c.recap.EachEntity(func(at recap.Pointer, id string, _ recap.Entity) { c.own(owners, "", id, at) })
}

func (c *checker) own(owners map[string]recap.Pointer, namespace, id string, at recap.Pointer) {
	if id == "" {
		return
	}
	if owner, taken := owners[namespace+id]; taken {
		place := at.To("id")
		if strings.HasPrefix(string(at), "/recap/entities/") {
			place = at
		}
		c.report("R301", place, "", "the id %q is that of %s already", words.Clip(id), owner.Field())
		return
	}
	owners[namespace+id] = at
}

// reference is a field that holds an id or a name.
type reference struct {
	at   recap.Pointer
	ref  string
	kind recap.TargetKind // what it must lead to; empty for anything
}

// maxGuesses is how many references to nothing are compared with all ids. The
// rest is reported without a guess: somebody's config mustn't cost a minute.
const maxGuesses = 200

// references applies R302.
func (c *checker) references() {
	names := c.recap.Resolver()
	ids, guesses := names.IDs(), 0
	eachReference(c.recap, func(ref reference) {
		target, ok := names.Resolve(ref.ref)
		if ok {
			if ref.kind != "" && target.Kind != ref.kind && recap.IsID(ref.ref) {
				c.report("R302", ref.at, fmt.Sprintf("name one of kind %s", ref.kind), "%q is the id of %s, which is another kind of thing",
					words.Clip(ref.ref), recap.Pointer(target.Pointer).Field())
			}
			return
		}
		if !recap.IsID(ref.ref) {
			return // a display name
		}
		meant, near := "", false
		if guesses++; guesses <= maxGuesses {
			meant, near = words.Nearest(ref.ref, slices.Values(ids))
		}
		switch {
		case near:
			c.report("R302", ref.at, fmt.Sprintf("did you mean %s?", meant), "nothing has the id %q", words.Clip(ref.ref))
		case strings.Contains(ref.ref, "-"):
			c.report("R302", ref.at, "", "nothing has the id %q", words.Clip(ref.ref))
		}
		// One lower-case word that is close to no id is a name: etcd, env0.
	})
}

// eachReference visits every field that refers to something. Event.Series and
// Topic.Name aren't among them: they introduce what they name.
func eachReference(r *recap.Recap, f func(reference)) {
	const root = recap.Pointer("/recap")
	one := func(at recap.Pointer, name, ref string, kind recap.TargetKind) {
		if ref != "" {
			f(reference{at.To(name), ref, kind})
		}
	}
	list := func(at recap.Pointer, name string, refs []string, kind recap.TargetKind) {
		for i, ref := range refs {
			if ref != "" {
				f(reference{at.At(name, i), ref, kind})
			}
		}
	}
	facts := &r.Facts
	r.EachAgent(func(at recap.Pointer, a recap.Agent) {
		one(at, "name", a.Name, recap.TargetEntity)
		one(at, "affiliation", a.Affiliation, recap.TargetEntity)
	})
	r.EachFact(func(at recap.Pointer, fact *recap.Fact) { list(at, "topics", fact.Topics, "") })
	if facts.Source != nil {
		one(root.To("source"), "publisher", facts.Source.Publisher, recap.TargetEntity)
	}
	for i, d := range facts.Disclosures {
		list(root.At("disclosures", i), "to", d.To, "")
	}
	r.EachEntity(func(at recap.Pointer, _ string, e recap.Entity) {
		list(at, "affiliation", e.Affiliation, recap.TargetEntity)
		list(at, "formerAffiliation", e.FormerAffiliation, recap.TargetEntity)
		one(at, "parent", e.Parent, recap.TargetEntity)
	})
	for i, s := range facts.Sessions {
		at := root.At("sessions", i)
		one(at, "event", s.Event, recap.TargetEvent)
		list(at, "about", s.About, "")
		list(at, "media", s.Media, recap.TargetMedia)
	}
	for i, s := range facts.Recommendations {
		one(root.At("recommendations", i), "session", s.Session, recap.TargetSession)
	}
	for i, t := range facts.Topics {
		list(root.At("topics", i), "about", t.About, "")
	}
	for i, o := range facts.Observations {
		one(root.At("observations", i), "about", o.About, "")
		one(root.At("observations", i), "attribution", o.Attribution, "")
	}
	for i, a := range facts.Announcements {
		at := root.At("announcements", i)
		list(at, "by", a.By, "")
		list(at, "about", a.About, "")
		list(at, "recipients", a.Recipients, "")
	}
	for i, q := range facts.Quotations {
		one(root.At("quotations", i), "session", q.Session, recap.TargetSession)
	}
	for i, m := range facts.Media {
		list(root.At("media", i), "sessions", m.Sessions, recap.TargetSession)
	}
	for i, n := range facts.Notes {
		list(root.At("notes", i), "about", n.About, "")
	}
}

// place is one item's place in a ranking.
type place struct {
	at       recap.Pointer
	position int
}

// positions applies R303 and R304 to the rankings of sessions and of topics.
func (c *checker) positions() {
	rankings := map[string][]place{}
	for i, s := range c.recap.Facts.Recommendations {
		if s.Position > 0 {
			rankings["list "+strconv.Quote(words.Clip(s.List))] = append(rankings["list "+strconv.Quote(words.Clip(s.List))],
				place{recap.Pointer("/recap").At("recommendations", i), s.Position})
		}
	}
	for i, t := range c.recap.Facts.Topics {
		if t.Position > 0 {
			kind := "topics of kind " + strconv.Quote(words.Clip(t.Kind))
			rankings[kind] = append(rankings[kind], place{recap.Pointer("/recap").At("topics", i), t.Position})
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
			c.report("R303", p.at.To("position"), "", "position %d of the %s is that of %s already", p.position, name, places[i-1].at.Field())
			continue
		case p.position == expected+1:
			c.report("R304", p.at.To("position"), "", "the %s has no position %d", name, expected)
		case p.position > expected:
			c.report("R304", p.at.To("position"), "", "the %s has no positions %d to %d", name, expected, p.position-1)
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
		at    recap.Pointer
		name  string
		lower string
	}
	var all []named
	names := c.recap.Resolver()
	seen := map[string]bool{}
	add := func(at recap.Pointer, name string) {
		if !seen[name] && utf8.RuneCountInString(name) > 5 {
			all = append(all, named{at, name, strings.ToLower(name)})
		}
		seen[name] = true
	}
	c.recap.EachEntity(func(at recap.Pointer, _ string, e recap.Entity) { add(at.To("name"), e.Name) })
	eachReference(c.recap, func(ref reference) {
		if _, known := names.Resolve(ref.ref); !known && !recap.IsID(ref.ref) {
			add(ref.at, ref.ref)
		}
	})
	if len(all) > maxNearNames {
		return
	}
	for i, a := range all {
		for _, b := range all[:i] {
			if !words.OneEdit(a.lower, b.lower) || differInDigit(a.lower, b.lower) {
				continue
			}
			c.report("R305", a.at, "", "%q and %q (%s) are nearly the same", words.Clip(a.name), words.Clip(b.name), b.at.Field())
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
