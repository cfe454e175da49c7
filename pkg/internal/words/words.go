// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

// Package words compares and shortens what people wrote, for messages that say
// what was found and what was meant.
package words

import (
	"fmt"
	"iter"
	"strings"
)

// Distance returns how many letters to insert, drop, change or swap with
// their neighbour lead from a to b, or limit+1 where it is more than limit. It
// compares bytes: ids are ASCII, and for names one letter more or less in the
// count does no harm.
func Distance(a, b string, limit int) int {
	if d := len(a) - len(b); d > limit || -d > limit {
		return limit + 1
	}
	beforeLast := make([]int, len(b)+1)
	last := make([]int, len(b)+1)
	row := make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		least := i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], beforeLast[j-2]+1)
			}
			least = min(least, row[j])
		}
		if least > limit {
			return limit + 1
		}
		beforeLast, last, row = last, row, beforeLast
	}
	return min(last[len(b)], limit+1)
}

// OneEdit reports whether Distance(a, b, 1) is at most 1, in one pass.
func OneEdit(a, b string) bool {
	for a != "" && b != "" && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for a != "" && b != "" && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	swapped := len(a) == 2 && len(b) == 2 && a[0] == b[1] && a[1] == b[0]
	return len(a) <= 1 && len(b) <= 1 || swapped
}

// Nearest returns the one of candidates that s was most likely meant to be: the
// first at the smallest distance, at most two letters and a third of s away.
func Nearest(s string, candidates iter.Seq[string]) (string, bool) {
	best, limit := "", min(2, len(s)/3)
	for c := range candidates {
		if limit < 0 {
			break
		}
		if d := Distance(s, c, limit); d <= limit {
			best, limit = c, d-1
		}
	}
	return best, best != ""
}

// Lower returns s with its ASCII letters in lower case, and nothing else: ids
// and schemes have no others.
func Lower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

// Clip shortens what is quoted in a message.
func Clip(s string) string {
	const most = 60
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return s
}

// Several joins what was found, the first few of it.
func Several(found []string) string {
	const most = 5
	if len(found) <= most {
		return strings.Join(found, "; ")
	}
	return fmt.Sprintf("%s; and %d more", strings.Join(found[:most], "; "), len(found)-most)
}

// Count writes a number with its noun: 1 file, 2 files.
func Count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
