// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package diff

import (
	"slices"
	"strings"
)

// maxEdits is how many lines may differ between two texts for the fewest edits to
// be looked for: what that costs grows with its square. Past it, everything
// between the first and the last difference counts as replaced.
const maxEdits = 500

// compareLines returns the lines that lead from one text to the other, in order;
// where lines were replaced, the old ones first.
func compareLines(a, b section) []LineChange {
	was, is := strings.Split(a.text, "\n"), strings.Split(b.text, "\n")
	if a.text == "" {
		was = nil
	}
	if b.text == "" {
		is = nil
	}
	head := 0
	for head < min(len(was), len(is)) && was[head] == is[head] {
		head++
	}
	tail := 0
	for tail < min(len(was), len(is))-head && was[len(was)-1-tail] == is[len(is)-1-tail] {
		tail++
	}
	keptA, keptB := common(was[head:len(was)-tail], is[head:len(is)-tail])
	var changes []LineChange
	i, j := 0, 0
	for i < len(keptA) || j < len(keptB) {
		switch {
		case i < len(keptA) && !keptA[i]:
			changes = append(changes, LineChange{Removed, a.first + head + i, cut(was[head+i])})
			i++
		case j < len(keptB) && !keptB[j]:
			changes = append(changes, LineChange{Added, b.first + head + j, cut(is[head+j])})
			j++
		default:
			i++
			j++
		}
	}
	return changes
}

// common tells which lines two texts have in common, in one order, by the greedy
// algorithm of Myers.
func common(a, b []string) (keptA, keptB []bool) {
	keptA, keptB = make([]bool, len(a)), make([]bool, len(b))
	most := min(len(a)+len(b), maxEdits)
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
				return keptA, keptB
			}
		}
		trace = append(trace, slices.Clone(furthest[at(-n):at(n)+1]))
	}
	return keptA, keptB
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

// bag is the words of a text, and how often they occur in it.
type bag map[string]int

// maxBag is how many words of a text are looked at to tell how alike two are.
const maxBag = 300

func newBag(text string) bag {
	b := bag{}
	n := 0
	for word := range strings.FieldsSeq(text) {
		if n++; n > maxBag {
			break
		}
		b[word]++
	}
	return b
}

// likeness is the share of words that two texts have in common: 0 to 1.
func (b bag) likeness(other bag) float64 {
	total, same := 0, 0
	for word, n := range b {
		total += n
		same += min(n, other[word])
	}
	for _, n := range other {
		total += n
	}
	if total == 0 {
		return 0
	}
	return 2 * float64(same) / float64(total)
}
