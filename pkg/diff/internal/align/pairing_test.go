// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package align

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestOutOfOrder(t *testing.T) {
	for _, tc := range []struct {
		name   string
		places []int
		want   int // how many
	}{
		{"none", nil, 0},
		{"in order", []int{0, 3, 7}, 0},
		{"the last first", []int{4, 0, 1, 2, 3}, 1},
		{"the first last", []int{1, 2, 3, 4, 0}, 1},
		{"two swapped", []int{0, 2, 1, 3}, 1},
		{"backwards", []int{3, 2, 1, 0}, 3},
	} {
		t.Run(tc.name, func(t *testing.T) {
			moved := OutOfOrder(tc.places)
			if len(moved) != tc.want {
				t.Errorf("moved %v", moved)
			}
			var rest []int
			for i, place := range tc.places {
				if !slices.Contains(moved, i) {
					rest = append(rest, place)
				}
			}
			if !slices.IsSorted(rest) {
				t.Errorf("without %v there is %v", moved, rest)
			}
		})
	}
}

func TestPairing(t *testing.T) {
	a, b := []string{"x", "same", "same", "y"}, []string{"same", "z", "same", "same"}
	p := NewPairing(len(a), len(b))
	p.By(func(i int) string { return a[i] }, func(j int) string { return b[j] })
	if d := cmp.Diff([]int{-1, 0, 2, -1}, p.InB); d != "" {
		t.Errorf("by key (-want +got):\n%s", d)
	}
	p.Alike(func(i, j int) float64 {
		return map[[2]int]float64{{0, 1}: 0.6, {3, 1}: 0.9, {0, 3}: 0.49}[[2]int{i, j}]
	})
	if d := cmp.Diff([]int{-1, 0, 2, 1}, p.InB); d != "" {
		t.Errorf("the most alike (-want +got):\n%s", d)
	}
	p = NewPairing(101, 100)
	p.Alike(func(int, int) float64 { t.Error("compared"); return 1 })
	if slices.ContainsFunc(p.InB, func(j int) bool { return j >= 0 }) {
		t.Error("paired all the same")
	}
}
