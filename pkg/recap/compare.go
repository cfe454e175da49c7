// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package recap

import (
	"math"
	"strconv"
	"strings"
)

// Relation is how one observation stands to another.
type Relation string

// The relations. Two observations are related when they are about the same
// property of the same thing in the same unit at the same time.
const (
	Unrelated      Relation = "unrelated"       // about something else, or a text beside a number
	Agrees         Relation = "agrees"          // they allow the same values
	Refines        Relation = "refines"         // all values of one are allowed by the other
	Compatible     Relation = "compatible"      // some values are allowed by both, or a tolerance joins them
	ConflictStrict Relation = "conflict-strict" // no value is, but they meet at a bound that one excludes
	Conflict       Relation = "conflict"        // no value is allowed by both
)

// Contradicts reports whether r is one of the conflicts.
func (r Relation) Contradicts() bool { return r == Conflict || r == ConflictStrict }

// Interval is the values from Min to Max.
type Interval struct {
	Min, Max         float64 // ±Inf where there is no bound
	OpenMin, OpenMax bool    // the bound itself is excluded
}

// Interval returns the values that o allows; ok is false when o states none.
//
// An approximate figure allows what rounds to it: half a unit of its last digit
// that isn't zero, in both directions. So ~200k is 150,000 to 250,000 and ~58 is
// 57.5 to 58.5; an approximate bound moves outwards by as much.
func (o Observation) Interval() (i Interval, ok bool) {
	i = Interval{Min: math.Inf(-1), Max: math.Inf(1)}
	switch {
	case o.Value != nil:
		i.Min, i.Max = *o.Value, *o.Value
	case o.MinValue == nil && o.MaxValue == nil:
		return Interval{}, false
	}
	if o.Value == nil && o.MinValue != nil {
		i.Min, i.OpenMin = *o.MinValue, o.ExclusiveMin
	}
	if o.Value == nil && o.MaxValue != nil {
		i.Max, i.OpenMax = *o.MaxValue, o.ExclusiveMax
	}
	if o.Approximate {
		i.Min -= halfDigit(i.Min)
		i.Max += halfDigit(i.Max)
	}
	return i, true
}

// halfDigit returns half a unit of the last digit of v that isn't zero.
func halfDigit(v float64) float64 {
	if v == 0 || math.IsInf(v, 0) {
		return 0
	}
	// The shortest decimal that is v: d.ddde±xx
	digits, exponent, _ := strings.Cut(strconv.FormatFloat(v, 'e', -1, 64), "e")
	_, fraction, _ := strings.Cut(digits, ".")
	e, err := strconv.Atoi(exponent)
	if err != nil {
		return 0
	}
	half, err := strconv.ParseFloat("5e"+strconv.Itoa(e-len(fraction)-1), 64)
	if err != nil {
		return 0
	}
	return half
}

// Compare tells how i stands to j. tolerance is a part of the larger of the two
// bounds between which they have a gap: 0.01 joins 12,000 and 12,100. With 0
// nothing is joined.
func (i Interval) Compare(j Interval, tolerance float64) Relation {
	switch {
	case i == j:
		return Agrees
	case i.disjoint(j) || j.disjoint(i):
		if i.disjoint(j) {
			i, j = j, i // j ends where i begins, or before
		}
		gap := i.Min - j.Max
		if tolerance > 0 && gap <= tolerance*max(math.Abs(i.Min), math.Abs(j.Max)) {
			return Compatible
		}
		if gap == 0 {
			return ConflictStrict
		}
		return Conflict
	case i.within(j) || j.within(i):
		return Refines
	}
	return Compatible
}

// disjoint reports whether i ends before j begins.
func (i Interval) disjoint(j Interval) bool {
	return i.Max < j.Min || i.Max == j.Min && (i.OpenMax || j.OpenMin)
}

// within reports whether j allows every value that i does.
func (i Interval) within(j Interval) bool {
	low := j.Min < i.Min || j.Min == i.Min && (!j.OpenMin || i.OpenMin)
	high := j.Max > i.Max || j.Max == i.Max && (!j.OpenMax || i.OpenMax)
	return low && high
}

// Compare tells how o stands to p. They are unrelated unless About, Property,
// Unit and Share are equal (who compares across recaps resolves About first)
// and their dates overlap or neither has one: a figure without a date may be of
// any time. Texts agree when they are equal but for case and white space, and
// are unrelated otherwise: that two texts contradict each other is for people
// to say. For tolerance see [Interval.Compare].
//
// Certainty and attribution play no part: the relation is between what is said,
// and no winner is chosen.
func (o Observation) Compare(p Observation, tolerance float64) Relation {
	if o.About != p.About || o.Property != p.Property || o.Unit != p.Unit || o.Share != p.Share {
		return Unrelated
	}
	if o.ObservationDate != p.ObservationDate && !o.ObservationDate.Overlaps(p.ObservationDate) {
		return Unrelated
	}
	i, ok := o.Interval()
	j, alsoOK := p.Interval()
	switch {
	case ok && alsoOK:
		return i.Compare(j, tolerance)
	case !ok && !alsoOK && o.TextValue != "" && sameText(o.TextValue, p.TextValue):
		return Agrees
	}
	return Unrelated
}

func sameText(a, b string) bool {
	return strings.EqualFold(strings.Join(strings.Fields(a), " "), strings.Join(strings.Fields(b), " "))
}
