// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package rule

import (
	"slices"

	"github.com/recap-oci/recap/pkg/recap"
)

// Level is how much a check demands.
type Level string

// The levels, each demanding what the one before it does, and more.
const (
	LevelValid       Level = "valid"       // it can be built and read: errors
	LevelComplete    Level = "complete"    // readers find what they expect: warnings too
	LevelPublishable Level = "publishable" // it may be given to others
)

// rank orders the levels.
func rank(l Level) int {
	return slices.Index([]Level{LevelValid, LevelComplete, LevelPublishable}, l)
}

// ParseLevel returns the level of that name. The error is [recap.Usage].
func ParseLevel(s string) (Level, error) {
	if rank(Level(s)) < 0 {
		return "", recap.Errorf(recap.Usage, "bad-level", "there is no level %q", s).
			WithHint("use --level valid, complete or publishable")
	}
	return Level(s), nil
}

// Stops reports whether a problem stops a check at this level: its rule's own
// level is this one or one before it. A problem of no rule here goes by its
// severity.
func (l Level) Stops(p recap.Problem) bool {
	from := LevelValid
	if rule, ok := Lookup(p.Rule); ok {
		from = rule.Level
	} else if p.Severity == recap.SeverityWarning {
		from = LevelComplete
	}
	return rank(from) <= rank(l)
}

// Counted returns the problems that stop a check at level, in the order given.
func Counted(problems []recap.Problem, level Level) []recap.Problem {
	var counted []recap.Problem
	for _, p := range problems {
		if level.Stops(p) {
			counted = append(counted, p)
		}
	}
	return counted
}
