// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package align

import "slices"

// MaxEdits is how many lines may differ between two texts for the fewest edits to
// be looked for: what that costs grows with its square. Past it, everything
// between the first and the last difference counts as replaced.
const MaxEdits = 500

// Lines tells which lines two texts have in common, in one order: the most there
// are, up to [MaxEdits].
func Lines(a, b []string) (keptA, keptB []bool) {
	keptA, keptB = make([]bool, len(a)), make([]bool, len(b))
	head := 0
	for head < min(len(a), len(b)) && a[head] == b[head] {
		keptA[head], keptB[head] = true, true
		head++
	}
	tail := 0
	for tail < min(len(a), len(b))-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
		keptA[len(a)-tail], keptB[len(b)-tail] = true, true
	}
	common(a[head:len(a)-tail], b[head:len(b)-tail], keptA[head:len(a)-tail], keptB[head:len(b)-tail])
	return keptA, keptB
}

// common marks the lines that two texts have in common, by the greedy algorithm
// of Myers.
func common(a, b []string, keptA, keptB []bool) {
	most := min(len(a)+len(b), MaxEdits)
	// furthest[k] is how far into a one gets on diagonal k, which is how much
	// further that is than into b.
	furthest := make([]int, 2*most+3)
	at := func(k int) int { return k + most + 1 }
	var trace [][]int // of each number of edits, diagonals -n to n
	for n := 0; n <= most; n++ {
		for k := -n; k <= n; k += 2 {
			var x int
			if k == -n || k != n && furthest[at(k-1)] < furthest[at(k+1)] {
				x = furthest[at(k+1)]
			} else {
				x = furthest[at(k-1)] + 1
			}
			y := x - k
			for x < len(a) && y < len(b) && a[x] == b[y] {
				x, y = x+1, y+1
			}
			furthest[at(k)] = x
			if x >= len(a) && y >= len(b) {
				back(trace, n, k, x, keptA, keptB)
				return
			}
		}
		trace = append(trace, slices.Clone(furthest[at(-n):at(n)+1]))
	}
}

// back goes from the end to the start and marks what is common.
func back(trace [][]int, n, k, x int, keptA, keptB []bool) {
	mark := func(until int) { // down diagonal k
		for x > until {
			x--
			keptA[x], keptB[x-k] = true, true
		}
	}
	for ; n > 0; n-- {
		before := func(k int) int { // furthest with one edit less
			if k < -(n-1) || k > n-1 {
				return -1
			}
			return trace[n-1][k+n-1]
		}
		if k == -n || k != n && before(k-1) < before(k+1) {
			mark(before(k + 1)) // a line of b was added
			k++
			x = before(k)
		} else {
			mark(before(k-1) + 1) // a line of a was removed
			k--
			x = before(k)
		}
	}
	mark(0)
}
