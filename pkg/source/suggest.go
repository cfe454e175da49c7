// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package source

import "strings"

// nearest returns the candidate that was probably meant by s, or nothing: one
// that differs in case, hyphens or underscores only, or else by at most a third
// of its letters.
func nearest(s string, candidates []string) string {
	best, least := "", len(s)/3+1
	for _, c := range candidates {
		if plain(c) == plain(s) {
			return c
		}
		if d := distance(plain(s), plain(c), least); d < least && d <= len(c)/3 {
			best, least = c, d
		}
	}
	return best
}

func plain(s string) string {
	return strings.NewReplacer("-", "", "_", "").Replace(strings.ToLower(s))
}

// distance returns how many letters have to be inserted, removed, replaced or
// swapped with their neighbour to make b of a (optimal string alignment), or
// more than limit as soon as that is certain from the lengths alone.
func distance(a, b string, limit int) int {
	if len(a)-len(b) > limit || len(b)-len(a) > limit {
		return limit + 1
	}
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
