// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package near

import (
	"cmp"
	"fmt"
	"hash/maphash"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/recap-oci/recap/pkg/internal/words"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/rule"
)

const (
	// maxNear is how many findings of R305 are listed.
	maxNear = 100

	// maxNames is how many different names are compared. It is a courtesy, not
	// worth a minute.
	maxNames = 50_000

	// maxAlike is how many names are compared of those that could be alike.
	maxAlike = 50

	// shortest is how many letters a name has from which on one is a slip.
	shortest = 6
)

// thing is one thing as several members name it.
type thing struct {
	named
	first   int // of the members
	members int // that name it so
	last    int
}

// Member is one member of a pack: where its document is, and what it names.
type Member struct {
	Document string
	Names    Names
}

// Find applies R305 across members: two events of one series and year, and two
// names that are the same or one letter apart, but mean two things as far as the
// pack can tell. The finding is about the one that fewer members know, and says
// which alias would make them one.
func Find(members []Member) []recap.Problem {
	things := gather(members)
	if len(things) > maxNames {
		return nil
	}
	var problems []recap.Problem
	joined := map[[2]string]bool{}
	report := func(a, b *thing, why string) {
		if a.first == b.first && a.members == 1 && b.members == 1 {
			return // within one recap: its own check says so
		}
		if b.members > a.members {
			a, b = b, a
		}
		pair := [2]string{a.group + " " + min(a.id, b.id), max(a.id, b.id)}
		if joined[pair] || len(problems) == maxNear {
			return
		}
		joined[pair] = true
		problems = append(problems, recap.Problem{
			Path: members[b.first].Document, Severity: recap.SeverityWarning, Rule: rule.Near,
			Message: fmt.Sprintf("%q (%s) and %q (%s, in %s) %s", words.Clip(b.name), b.id, words.Clip(a.name), a.id, members[a.first].Document, why),
			Mend:    fmt.Sprintf("spell both the same or, if they are one, add to aliases in pack.yaml: %s: {%s: [%s]}", a.kind, a.id, strconv.Quote(b.own)),
		})
	}
	for _, pair := range editions(things) {
		report(pair[0], pair[1], "are two events of one series and year")
	}
	for _, pair := range alike(things) {
		why := "are nearly the same"
		if strings.EqualFold(pair[0].name, pair[1].name) {
			why = "have the same name"
		}
		report(pair[0], pair[1], why)
	}
	return problems
}

// gather returns the things that members name, each id and name once.
func gather(members []Member) []*thing {
	type key struct{ group, id, name string }
	by := map[key]*thing{}
	var things []*thing
	for i, m := range members {
		for _, n := range m.Names {
			k := key{n.group, n.id, strings.ToLower(n.name)}
			t := by[k]
			if t == nil {
				t = &thing{named: n, first: i, last: -1}
				by[k] = t
				things = append(things, t)
			}
			if t.last != i {
				t.last = i
				t.members++
			}
			if t.event != nil && n.event != nil {
				t.event = &edition{
					series: cmp.Or(t.event.series, n.event.series), city: cmp.Or(t.event.city, n.event.city),
					start: recap.Date(cmp.Or(string(t.event.start), string(n.event.start))),
				}
			}
		}
	}
	return things
}

// editions returns the pairs of events of one series and year that nothing tells
// apart. A series has several in a year, in Europe and in Japan: two are one only
// if they were in one town, or one id has no word that the other hasn't.
func editions(things []*thing) [][2]*thing {
	type key struct{ series, year string }
	by := map[key][]*thing{}
	var pairs [][2]*thing
	for _, t := range things {
		if t.event == nil || t.event.series == "" || len(t.event.start) < 4 {
			continue
		}
		k := key{t.event.series, string(t.event.start[:4])}
		for _, other := range by[k][:min(len(by[k]), maxAlike)] {
			if other.id != t.id && !apart(other, t) && (within(other.id, t.id) || other.event.city != "" && other.event.city == t.event.city) {
				pairs = append(pairs, [2]*thing{other, t})
			}
		}
		by[k] = append(by[k], t)
	}
	return pairs
}

// alike returns the pairs of things whose names are at most one letter apart. Two
// such names have a word in common that is one of them or lacks one letter of
// it, so that only names with such a word are compared.
func alike(things []*thing) [][2]*thing {
	type entry struct {
		hash  uint64
		thing int
	}
	var entries []entry
	seed := maphash.MakeSeed()
	for i, t := range things {
		name := strings.ToLower(t.name)
		if utf8.RuneCountInString(name) < shortest {
			continue
		}
		entries = append(entries, entry{maphash.String(seed, t.group+name), i})
		for at := range name {
			_, letter := utf8.DecodeRuneInString(name[at:])
			entries = append(entries, entry{maphash.String(seed, t.group+name[:at]+name[at+letter:]), i})
		}
	}
	slices.SortFunc(entries, func(a, b entry) int { return cmp.Or(cmp.Compare(a.hash, b.hash), cmp.Compare(a.thing, b.thing)) })
	found := map[[2]int]bool{}
	for from := 0; from < len(entries); {
		to := from + 1
		for to < len(entries) && entries[to].hash == entries[from].hash {
			to++
		}
		for i := from; i < min(to, from+maxAlike); i++ {
			for j := i + 1; j < min(to, from+maxAlike); j++ {
				a, b := entries[i].thing, entries[j].thing
				if a != b && !found[[2]int{a, b}] && same(things[a], things[b]) {
					found[[2]int{a, b}] = true
				}
			}
		}
		from = to
	}
	// The seed is another one each time; the order is not.
	var pairs [][2]*thing
	order := make([][2]int, 0, len(found))
	for pair := range found {
		order = append(order, pair)
	}
	slices.SortFunc(order, func(a, b [2]int) int { return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1])) })
	for _, pair := range order {
		pairs = append(pairs, [2]*thing{things[pair[0]], things[pair[1]]})
	}
	return pairs
}

// same reports whether two things with different ids could be one that was
// misspelt.
func same(a, b *thing) bool {
	if a.group != b.group || a.id == b.id || apart(a, b) {
		return false
	}
	return words.OneEdit(strings.ToLower(a.name), strings.ToLower(b.name))
}

// apart reports whether something says that two things are not one: another digit
// (Helm 3, Helm 4; an edition in an id), and of events another day or town.
func apart(a, b *thing) bool {
	if digits(a.name) != digits(b.name) || a.event != nil && digits(a.id) != digits(b.id) {
		return true
	}
	if a.event == nil || b.event == nil {
		return false
	}
	otherDay := a.event.start != "" && b.event.start != "" && !a.event.start.Overlaps(b.event.start)
	otherCity := a.event.city != "" && b.event.city != "" && a.event.city != b.event.city
	return otherDay || otherCity
}

// within reports whether all words of one id are in the other.
func within(a, b string) bool {
	in := func(a, b string) bool {
		words := strings.Split(b, "-")
		return !slices.ContainsFunc(strings.Split(a, "-"), func(w string) bool { return !slices.Contains(words, w) })
	}
	return in(a, b) || in(b, a)
}

func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if '0' <= r && r <= '9' {
			return r
		}
		return -1
	}, s)
}
