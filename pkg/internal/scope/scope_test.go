// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package scope

import (
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
		re := Pattern(p)
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
			got, steps := Overlap(a, b)
			back, _ := Overlap(b, a)
			if got != want || back != want || steps > 100 {
				t.Fatalf("Overlap(%q, %q) = %v and back %v in %d steps, want %v", a, b, got, back, steps, want)
			}
			if got {
				overlapping++
			}
		}
	}
	if overlapping < 1000 || overlapping > len(patterns)*len(patterns)/3 {
		t.Errorf("%d of %d patterns' pairs Overlap: this test shows nothing", overlapping, len(patterns))
	}
}

// TestMatchesScope holds that looking at the literal beginning first changes no
// answer.
func TestMatchesScope(t *testing.T) {
	for _, scope := range words("a/*", 4) {
		for _, name := range words("a/", 5) {
			if got, want := Match(scope, name), Pattern(scope).MatchString(name); got != want {
				t.Fatalf("%q matches %q: %v, want %v", scope, name, got, want)
			}
		}
	}
}
