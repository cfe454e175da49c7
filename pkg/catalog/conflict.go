// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"iter"
	"slices"
	"strings"

	"github.com/recap-oci/recap/pkg/recap"
)

// Conflict is what members of a pack, or one of them in two places, say about one
// property of one thing that can't all be so. No winner is chosen.
type Conflict struct {
	ID       string         `json:"id"` // made of About, Property and Unit: what pack.yaml accepts it by
	About    string         `json:"about"`
	Property string         `json:"property"`
	Unit     string         `json:"unit,omitempty"`
	Share    bool           `json:"share,omitempty"`
	Relation recap.Relation `json:"relation"` // conflict, or conflict-strict where all meet at a bound
	Internal bool           `json:"internal"` // within one recap
	Accepted bool           `json:"accepted"`
	Note     string         `json:"note,omitempty"` // why it is accepted
	Sides    []Side         `json:"sides"`
	Between  []Between      `json:"between"` // which of them contradict each other
	Omitted  int            `json:"omitted,omitempty"`
}

// Side is one figure, and everyone who states it.
type Side struct {
	Figure string     `json:"figure"`         // as the first writes it
	Date   recap.Date `json:"date,omitempty"` // of the observation
	Claims []Claim    `json:"claims"`
}

// Claim is who states a figure, and where.
type Claim struct {
	Fact        string          `json:"fact"` // id
	Recap       string          `json:"recap"`
	RecapDigest string          `json:"recapDigest"`
	Path        string          `json:"path,omitempty"`
	Lines       []int           `json:"lines,omitempty"`
	AsWritten   string          `json:"asWritten,omitempty"`
	Certainty   recap.Certainty `json:"certainty,omitempty"`
}

// Between says how two sides, by their number from 0, stand to each other.
type Between struct {
	A        int            `json:"a"`
	B        int            `json:"b"`
	Relation recap.Relation `json:"relation"`
}

// maxSides is how many different figures for one property of one thing are
// compared with each other. Nobody reads more; [Conflict.Omitted] counts them.
const maxSides = 100

// Conflicts returns where the observations among facts contradict one another,
// by the tolerances of p, in the order of their ids. Figures are compared by
// [recap.Observation.Compare]: of one property of one thing in one unit, at times
// that overlap. A bound within another, more or less exact figures, figures of
// other years and figures of other things are no contradictions.
//
// What is marked sic, and what p accepts, is listed too.
func Conflicts(p *recap.Pack, facts iter.Seq[Fact]) []Conflict {
	type key struct {
		about, property, unit string
		share                 bool
	}
	groups, order := map[key]*figures{}, []key(nil)
	for f := range facts {
		o, ok := f.Observation()
		if !ok {
			continue
		}
		k := key{o.About, o.Property, o.Unit, o.Share}
		if groups[k] == nil {
			groups[k] = &figures{by: map[figure]int{}}
			order = append(order, k)
		}
		groups[k].add(f, o)
	}
	accepted := map[string]string{}
	for _, a := range p.Conflicts.Accepted {
		accepted[a.ID] = a.Note
	}
	var conflicts []Conflict
	for _, k := range order {
		c := Conflict{About: k.about, Property: k.property, Unit: k.unit, Share: k.share}
		if !groups[k].compare(&c, p.Conflicts.Tolerance[k.property]) {
			continue
		}
		c.ID = conflictID(k.about, k.property, k.unit, k.share)
		c.Note, c.Accepted = accepted[c.ID]
		conflicts = append(conflicts, c)
	}
	slices.SortStableFunc(conflicts, func(a, b Conflict) int { return strings.Compare(a.ID, b.ID) })
	return conflicts
}

func conflictID(about, property, unit string, share bool) string {
	parts := []string{about, property}
	if unit != "" {
		parts = append(parts, unit)
	}
	if share {
		parts = append(parts, "share")
	}
	return recap.Identity(strings.Join(parts, " "))
}

// figure is what two claims have in common that say the same.
type figure struct {
	hasValue, hasMin, hasMax  bool
	value, min, max           float64
	exMin, exMax, approximate bool
	text                      string
	date                      recap.Date
}

func figureOf(o recap.Observation) figure {
	f := figure{exMin: o.ExclusiveMin, exMax: o.ExclusiveMax, approximate: o.Approximate, date: o.ObservationDate}
	if o.Value != nil {
		f.hasValue, f.value = true, *o.Value
	}
	if o.MinValue != nil {
		f.hasMin, f.min = true, *o.MinValue
	}
	if o.MaxValue != nil {
		f.hasMax, f.max = true, *o.MaxValue
	}
	if !f.hasValue && !f.hasMin && !f.hasMax {
		f.text = o.TextValue
	}
	return f
}

// figures are the different ones of one property, in the order they come.
type figures struct {
	by      map[figure]int
	sides   []Side
	values  []recap.Observation
	omitted map[figure]bool
}

func (g *figures) add(f Fact, o recap.Observation) {
	value := figureOf(o)
	i, known := g.by[value]
	if !known && len(g.sides) == maxSides {
		if g.omitted == nil {
			g.omitted = map[figure]bool{}
		}
		g.omitted[value] = true
		return
	}
	if !known {
		i = len(g.sides)
		g.by[value] = i
		g.sides, g.values = append(g.sides, Side{Figure: o.Figure(), Date: o.ObservationDate}), append(g.values, o)
	}
	g.sides[i].Claims = append(g.sides[i].Claims, Claim{
		Fact: f.ID, Recap: f.Recap, RecapDigest: f.RecapDigest, Path: f.Path, Lines: f.Lines, AsWritten: f.AsWritten, Certainty: f.Certainty,
	})
}

// compare fills in c what g says; ok is false where nothing contradicts.
func (g *figures) compare(c *Conflict, tolerance float64) (ok bool) {
	c.Relation, c.Omitted = recap.ConflictStrict, len(g.omitted)
	in := make([]bool, len(g.sides))
	for i := range g.values {
		for j := i + 1; j < len(g.values); j++ {
			relation := g.values[i].Compare(g.values[j], tolerance)
			if !relation.Contradicts() {
				continue
			}
			c.Between = append(c.Between, Between{i, j, relation})
			in[i], in[j] = true, true
			if relation == recap.Conflict {
				c.Relation = recap.Conflict
			}
		}
	}
	if len(c.Between) == 0 {
		return false
	}
	number := make([]int, len(g.sides)) // sides that nobody contradicts are left out
	recaps := map[string]bool{}
	for i, side := range g.sides {
		if !in[i] {
			continue
		}
		number[i] = len(c.Sides)
		c.Sides = append(c.Sides, side)
		for _, claim := range side.Claims {
			recaps[claim.Recap] = true
		}
	}
	for i, b := range c.Between {
		c.Between[i] = Between{number[b.A], number[b.B], b.Relation}
	}
	c.Internal = len(recaps) == 1
	return true
}
