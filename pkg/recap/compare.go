// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package recap

// Relation is how two observations stand to each other.
type Relation string

// The relations.
const (
	Unrelated      Relation = "unrelated"
	Agrees         Relation = "agrees"
	Refines        Relation = "refines"
	Compatible     Relation = "compatible"
	ConflictStrict Relation = "conflict-strict"
	Conflict       Relation = "conflict"
)

// Interval is the set of values that an observation allows.
type Interval struct {
	Min, Max         float64 // ±Inf where there is no bound
	OpenMin, OpenMax bool    // the bound itself is excluded
}

// Interval returns the values that o allows; ok is false for a text.
func (o Observation) Interval() (i Interval, ok bool) { return Interval{}, false }

// Compare tells how o stands to p; tolerance is a part of the larger bound.
func (o Observation) Compare(p Observation, tolerance float64) Relation { return Unrelated }
