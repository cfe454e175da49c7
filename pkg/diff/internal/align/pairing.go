// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package align

import "slices"

// OutOfOrder returns the indexes of the fewest numbers that, taken out, leave
// ascending ones: what was moved, when the numbers are places. The numbers are
// distinct.
func OutOfOrder(places []int) []int {
	// The longest ascending run, by patience sorting: ends[n] is the index of the
	// smallest number that a run of n+1 can end with.
	var ends []int
	before := make([]int, len(places))
	for i, place := range places {
		n, _ := slices.BinarySearchFunc(ends, place, func(end, place int) int { return places[end] - place })
		before[i] = -1
		if n > 0 {
			before[i] = ends[n-1]
		}
		if n == len(ends) {
			ends = append(ends, i)
		} else {
			ends[n] = i
		}
	}
	kept := make([]bool, len(places))
	if len(ends) > 0 {
		for i := ends[len(ends)-1]; i >= 0; i = before[i] {
			kept[i] = true
		}
	}
	var moved []int
	for i := range places {
		if !kept[i] {
			moved = append(moved, i)
		}
	}
	return moved
}

// Pairing tells which things of A are which of B.
type Pairing struct {
	InB []int // by index of A; -1 where it has no match yet
	InA []int // by index of B
}

// NewPairing returns one of a things of A and b of B, none of them paired.
func NewPairing(a, b int) *Pairing {
	p := &Pairing{make([]int, a), make([]int, b)}
	for i := range p.InB {
		p.InB[i] = -1
	}
	for j := range p.InA {
		p.InA[j] = -1
	}
	return p
}

// By pairs what has one key and no match yet; of several with that key, the first
// with the first. An empty key is none.
func (p *Pairing) By(keyA, keyB func(int) string) {
	left := map[string][]int{}
	for i, j := range p.InB {
		if key := keyA(i); j < 0 && key != "" {
			left[key] = append(left[key], i)
		}
	}
	for j, i := range p.InA {
		if i >= 0 {
			continue
		}
		if same := left[keyB(j)]; len(same) > 0 {
			p.pair(same[0], j)
			left[keyB(j)] = same[1:]
		}
	}
}

func (p *Pairing) pair(i, j int) { p.InB[i], p.InA[j] = j, i }

// maxCompared is how many pairs are compared for being alike: past it, what has
// no common name is as good as different.
const maxCompared = 10_000

// Alike pairs what is left by how much two have in common, the most alike first;
// what has less than half in common isn't paired.
func (p *Pairing) Alike(likeness func(i, j int) float64) {
	var as, bs []int
	for i, j := range p.InB {
		if j < 0 {
			as = append(as, i)
		}
	}
	for j, i := range p.InA {
		if i < 0 {
			bs = append(bs, j)
		}
	}
	if len(as)*len(bs) > maxCompared {
		return
	}
	type candidate struct {
		i, j  int
		value float64
	}
	var candidates []candidate
	for _, i := range as {
		for _, j := range bs {
			if v := likeness(i, j); v >= 0.5 {
				candidates = append(candidates, candidate{i, j, v})
			}
		}
	}
	slices.SortStableFunc(candidates, func(x, y candidate) int {
		switch {
		case x.value > y.value:
			return -1
		case x.value < y.value:
			return 1
		}
		return 0
	})
	for _, c := range candidates {
		if p.InB[c.i] < 0 && p.InA[c.j] < 0 {
			p.pair(c.i, c.j)
		}
	}
}

// Moved returns those of B that stand elsewhere among those that A has too; what
// skip says of is left out.
func (p *Pairing) Moved(skip func(i, j int) bool) map[int]bool {
	var places, of []int
	for j, i := range p.InA {
		if i >= 0 && !skip(i, j) {
			places, of = append(places, i), append(of, j)
		}
	}
	set := map[int]bool{}
	for _, n := range OutOfOrder(places) {
		set[of[n]] = true
	}
	return set
}
