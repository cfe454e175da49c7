// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

// Package words compares and shortens what people wrote, for messages that say
// what was found and what was meant.
package words

import (
	"fmt"
	"iter"
	"strings"
	"unicode/utf8"
)

// Distance returns how many letters to insert, drop, change or swap with
// their neighbour lead from a to b, or limit+1 where it is more than limit. It
// compares bytes: ids and the words of a file format are ASCII. For names there is
// [OneEdit].
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

// OneEdit reports whether a letter to insert, drop, change or swap with its
// neighbour leads from a to b, or none, in one pass. Unlike [Distance] it compares
// letters, however many bytes they have: it is for names.
func OneEdit(a, b string) bool {
	for a != "" && b != "" {
		x, y := first(a), first(b)
		if x != y {
			break
		}
		a, b = a[len(x):], b[len(y):]
	}
	for a != "" && b != "" {
		x, y := last(a), last(b)
		if x != y {
			break
		}
		a, b = a[:len(a)-len(x)], b[:len(b)-len(y)]
	}
	x, y := first(a), first(b)
	swapped := len(a) == len(b) && a[len(x):] == y && b[len(y):] == x
	return x == a && y == b || swapped
}

// first returns the first letter of s.
func first(s string) string {
	_, n := utf8.DecodeRuneInString(s)
	return s[:n]
}

// last returns the last letter of s.
func last(s string) string {
	_, n := utf8.DecodeLastRuneInString(s)
	return s[len(s)-n:]
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
