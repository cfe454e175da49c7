// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"slices"
	"strings"
	"testing"
)

// TestEveryPatternHasWords holds that nobody is told to "write ".
func TestEveryPatternHasWords(t *testing.T) {
	for name, text := range form().Patterns {
		if text == "" || strings.ContainsAny(text, `^$\`) {
			t.Errorf("%s has the words %q", name, text)
		}
		if got := form().PatternOf("#/$defs/" + name); got != name {
			t.Errorf("%s is spoken of as %q", name, got)
		}
	}
	if !slices.IsSorted(claimNames()) {
		t.Error("the names of claims are in no order")
	}
}

func TestOverridden(t *testing.T) {
	p := &Policy{Rules: []Rule{
		{Name: "all", Scopes: []string{"**"}},
		{Name: "team", Scopes: []string{"r.example.com/team/**"}},
		{Name: "one", Scopes: []string{"r.example.com/team/one"}},
	}}
	for scope, want := range map[string]string{
		"r.example.com/team/one":   "",
		"r.example.com/team/two":   "team",
		"r.example.com/other":      "all",
		"r.example.com/team/t*":    "all team",
		"r.example.com/team/one/*": "all team",
		"**":                       "",
	} {
		var got []string
		for _, r := range p.Overridden(scope) {
			got = append(got, r.Name)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s overrides %q, want %q", scope, got, want)
		}
	}
}
