// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package recap

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Severity says what a [Problem] stops.
type Severity string

// The severities. An error stops check at every level, push and build; a
// warning stops check at level complete and above.
const (
	SeverityError   Severity = "error"
	SeverityWarning Severity = "warning"
)

// Problem is one finding of a check, at one place of one file.
type Problem struct {
	Path     string   `json:"path"`     // slash-separated, relative to what was checked
	Line     int      `json:"line"`     // from 1; 0 where the finding is about the whole file
	Col      int      `json:"column"`   // from 1, in bytes; 0 where Line is
	Severity Severity `json:"severity"` // error or warning
	Rule     string   `json:"rule"`     // R101 … R801
	Message  string   `json:"message"`  // what is wrong, about which field
	Mend     string   `json:"mend"`     // how to mend it, in the imperative
}

// String returns the one-line form that editors and CI systems parse:
//
//	index.md:12:5: error R501: observations[3]: minValue 13000 is above maxValue 12000; swap them or drop one
func (p Problem) String() string {
	var b strings.Builder
	b.WriteString(p.Path)
	if p.Line > 0 {
		fmt.Fprintf(&b, ":%d:%d", p.Line, p.Col)
	}
	fmt.Fprintf(&b, ": %s %s: %s", p.Severity, p.Rule, p.Message)
	if p.Mend != "" {
		b.WriteString("; ")
		b.WriteString(p.Mend)
	}
	return b.String()
}

// SortProblems orders problems by path, then place, then rule, so that two runs
// print the same.
func SortProblems(problems []Problem) {
	slices.SortStableFunc(problems, func(a, b Problem) int {
		return cmp.Or(
			cmp.Compare(a.Path, b.Path),
			cmp.Compare(a.Line, b.Line),
			cmp.Compare(a.Col, b.Col),
			cmp.Compare(a.Rule, b.Rule),
			cmp.Compare(a.Message, b.Message),
		)
	})
}
