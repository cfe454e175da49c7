// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"slices"
	"strings"
	"testing"
)

// TestSteps holds that counting steps costs nothing however many there are, and
// that what people write is far from the limit.
func TestSteps(t *testing.T) {
	for _, tt := range []struct {
		expr string
		ok   bool
	}{
		{`https://github\.com/acme/recaps/\.github/workflows/publish\.yml@refs/tags/v[0-9]+\.[0-9]+\.[0-9]+`, true},
		{strings.Repeat(`(a|b)*`, 300), true},
		{`[a-z]{1000}`, true},
		{`([a-zA-Z0-9_]{10}){100}`, false},
		{strings.Repeat(`[a-z]{1000}`, 100), false},
	} {
		if parsed, why := parseExpression(tt.expr); (parsed != nil) != tt.ok || (why == "") != tt.ok {
			t.Errorf("%.40q: accepted %v (%s), want %v", tt.expr, parsed != nil, why, tt.ok)
		}
	}
}

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
