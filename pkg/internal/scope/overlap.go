// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package scope

import "strings"

// Overlap reports whether some text matches both patterns, and in how many
// steps it found out.
func Overlap(a, b string) (both bool, steps int) {
	x, y := tokensOf(a), tokensOf(b)
	type state struct{ i, j int }
	seen := make([]bool, (len(x)+1)*(len(y)+1))
	queue := []state{{0, 0}}
	visit := func(i, j int) {
		if at := i*(len(y)+1) + j; !seen[at] {
			seen[at] = true
			queue = append(queue, state{i, j})
		}
	}
	for len(queue) > 0 {
		s := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		steps++
		if s.i == len(x) && s.j == len(y) {
			return true, steps
		}
		if s.i < len(x) && x[s.i].wild() {
			visit(s.i+1, s.j)
		}
		if s.j < len(y) && y[s.j].wild() {
			visit(s.i, s.j+1)
		}
		if s.i == len(x) || s.j == len(y) {
			continue
		}
		// One letter, which both sides take. Where both are wild, it leads
		// nowhere new.
		switch p, q := x[s.i], y[s.j]; {
		case !p.wild() && !q.wild() && p == q:
			visit(s.i+1, s.j+1)
		case !p.wild() && q.takes(p):
			visit(s.i+1, s.j)
		case !q.wild() && p.takes(q):
			visit(s.i, s.j+1)
		}
	}
	return false, steps
}

// token is a letter of a pattern, or one of its wildcards.
type token rune

const (
	within token = -1 // *
	across token = -2 // **
)

func (t token) wild() bool { return t < 0 }

// takes reports whether a wildcard stands for a letter.
func (t token) takes(letter token) bool { return t == across || t == within && letter != '/' }

func tokensOf(pattern string) []token {
	var list []token
	for i := 0; i < len(pattern); i++ {
		switch {
		case strings.HasPrefix(pattern[i:], "**"):
			list = append(list, across)
			i++
		case pattern[i] == '*':
			list = append(list, within)
		default:
			list = append(list, token(pattern[i]))
		}
	}
	return list
}
