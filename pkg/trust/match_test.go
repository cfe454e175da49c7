// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestMatch(t *testing.T) {
	tests := []struct {
		name string
		may  [][]string
		want []string
	}{
		{"nobody", nil, []string{}},
		{"no signers", [][]string{{}, nil}, []string{"", ""}},
		{"one each", [][]string{{"a"}, {"b"}}, []string{"a", "b"}},
		{"case 28: one signer, two authorities", [][]string{{"a"}, {"a"}}, []string{"a", ""}},
		{"case 28: one signer, twice", [][]string{{"a", "a"}, {"a", "a"}}, []string{"a", ""}},
		{"the first gives way", [][]string{{"a", "b"}, {"a"}}, []string{"b", "a"}},
		{"a chain gives way", [][]string{{"a", "b"}, {"b", "c"}, {"a"}, {"c", "d"}}, []string{"b", "c", "a", "d"}},
		{"the first come first", [][]string{{"a"}, {"a"}, {"a", "b"}}, []string{"a", "", "b"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, match(test.may)); diff != "" {
				t.Errorf("assigned (-want +got):\n%s", diff)
			}
		})
	}
}

// As many authorities are served as possible, and in whatever order signers
// come, each by the same one.
func TestMatchIsMaximal(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		may := make([][]string, 1+r.IntN(5))
		for i := range may {
			for s := range 5 {
				if r.IntN(3) == 0 {
					may[i] = append(may[i], fmt.Sprint("signer", s))
				}
			}
		}
		served := func(assigned []string) (n int) {
			var seen []string
			for i, s := range assigned {
				if s == "" {
					continue
				}
				if n++; slices.Contains(seen, s) || !slices.Contains(may[i], s) {
					t.Fatalf("%v from %v", assigned, may)
				}
				seen = append(seen, s)
			}
			return n
		}
		assigned := match(clone(may))
		n := served(assigned)
		if best := brute(may, nil); n != best {
			t.Fatalf("%d served of %v, %d could be", n, may, best)
		}
		shuffled := clone(may)
		for i := range shuffled {
			r.Shuffle(len(shuffled[i]), func(a, b int) { shuffled[i][a], shuffled[i][b] = shuffled[i][b], shuffled[i][a] })
		}
		if again := match(shuffled); !slices.Equal(assigned, again) {
			t.Fatalf("%v assigned, and in another order %v, of %v", assigned, again, may)
		}
	}
}

func clone(may [][]string) [][]string {
	list := make([][]string, len(may))
	for i := range may {
		list[i] = slices.Clone(may[i])
	}
	return list
}

// brute tries every assignment.
func brute(may [][]string, taken []string) int {
	if len(may) == 0 {
		return 0
	}
	best := brute(may[1:], taken)
	for _, s := range may[0] {
		if !slices.Contains(taken, s) {
			best = max(best, 1+brute(may[1:], append(slices.Clone(taken), s)))
		}
	}
	return best
}
