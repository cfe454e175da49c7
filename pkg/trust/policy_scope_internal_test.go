// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"slices"
	"strings"
	"testing"
)

// words returns every word of up to n letters.
func words(letters string, n int) []string {
	list := []string{""}
	for from := 0; n > 0; n-- {
		to := len(list)
		for _, word := range list[from:to] {
			for _, letter := range letters {
				list = append(list, word+string(letter))
			}
		}
		from = to
	}
	return list
}

// TestOverlap compares every two short patterns by what they match.
func TestOverlap(t *testing.T) {
	var patterns []string
	matches := map[string][]bool{}
	texts := words("a/", 6)
	for _, p := range words("a/*", 4) {
		if strings.Contains(p, "***") {
			continue // refused
		}
		patterns = append(patterns, p)
		re := scopePattern(p)
		for _, text := range texts {
			matches[p] = append(matches[p], re.MatchString(text))
		}
	}
	overlapping := 0
	for i, a := range patterns {
		for _, b := range patterns[i:] {
			want := false
			for k := range texts {
				want = want || matches[a][k] && matches[b][k]
			}
			got, steps := overlap(a, b)
			back, _ := overlap(b, a)
			if got != want || back != want || steps > 100 {
				t.Fatalf("overlap(%q, %q) = %v and back %v in %d steps, want %v", a, b, got, back, steps, want)
			}
			if got {
				overlapping++
			}
		}
	}
	if overlapping < 1000 || overlapping > len(patterns)*len(patterns)/3 {
		t.Errorf("%d of %d patterns' pairs overlap: this test shows nothing", overlapping, len(patterns))
	}
}

// TestMatchesScope holds that looking at the literal beginning first changes no
// answer.
func TestMatchesScope(t *testing.T) {
	for _, scope := range words("a/*", 4) {
		for _, name := range words("a/", 5) {
			if got, want := matchesScope(scope, name), scopePattern(scope).MatchString(name); got != want {
				t.Fatalf("%q matches %q: %v, want %v", scope, name, got, want)
			}
		}
	}
}

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
	for name, text := range policyForm().Patterns {
		if text == "" || strings.ContainsAny(text, `^$\`) {
			t.Errorf("%s has the words %q", name, text)
		}
		if got := policyForm().PatternOf("#/$defs/" + name); got != name {
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
