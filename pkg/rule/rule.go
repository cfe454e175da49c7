// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package rule

import (
	"cmp"
	"slices"
	"sync"

	"github.com/recap-oci/recap/pkg/recap"
)

// Rule is one thing that a check looks at.
type Rule struct {
	Code     string         // stable, such as R501
	Severity recap.Severity // of every finding of this rule
	Level    Level          // the lowest level at which a finding stops the check
	Title    string         // what is wrong, in a few words
	Why      string         // what goes wrong for whom
	Mend     string         // how to mend it, in the imperative
}

// All returns every rule that a check applies, in the order of their codes.
// Documentation, SARIF output and the findings all take their words from here.
func All() []Rule { return slices.Clone(table().list) }

// Lookup returns the rule with the given code.
func Lookup(code string) (Rule, bool) {
	r, ok := table().byCode[code]
	return r, ok
}

// SeverityOf returns the severity of the rule with the given code, and error for
// a code that no rule has.
func SeverityOf(code string) recap.Severity {
	if r, ok := Lookup(code); ok {
		return r.Severity
	}
	return recap.SeverityError
}

// rules are all of them, in order and by code.
type rules struct {
	list   []Rule
	byCode map[string]Rule
}

// table puts the rules together once, when first needed.
var table = sync.OnceValue(func() *rules {
	t := &rules{list: append(aboutFacts(), aboutFiles()...), byCode: map[string]Rule{}}
	slices.SortFunc(t.list, func(a, b Rule) int { return cmp.Compare(a.Code, b.Code) })
	for _, r := range t.list {
		t.byCode[r.Code] = r
	}
	return t
})
