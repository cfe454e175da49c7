// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package document

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// FindQuote looks for quote in text, taking any run of white space for any
// other. It returns how often quote occurs, without overlaps, and the lines of
// its first occurrence, counted from 1. An empty quote occurs nowhere.
//
// For a Markdown text see [Document.FindQuote].
func FindQuote(text []byte, quote string) (n int, lines Lines) {
	s := string(text)
	n, first := findQuote(s, quote)
	if n == 0 {
		return 0, Lines{}
	}
	return n, indexLines(text).lines(first)
}

// FindQuote looks for quote in the words of the body, so that emphasis and links
// within it don't matter, as [FindQuote] does. The lines are the file's.
func (d *Document) FindQuote(quote string) (n int, lines Lines) {
	plain := d.plain()
	n, first := findQuote(plain.Text, quote)
	if n == 0 {
		return 0, Lines{}
	}
	return n, Lines{First: plain.Line(first.Start), Last: plain.Line(first.End - 1)}
}

// findQuote counts the occurrences of quote and returns where the first is.
func findQuote(s, quote string) (n int, first Range) {
	words := strings.Fields(quote)
	if len(words) == 0 {
		return 0, Range{}
	}
	for at := 0; ; {
		next := strings.Index(s[at:], words[0])
		if next < 0 {
			return n, first
		}
		start := at + next
		end := matchWords(s, start, words)
		if end < 0 {
			_, size := utf8.DecodeRuneInString(s[start:])
			at = start + size
			continue
		}
		if n++; n == 1 {
			first = Range{start, end}
		}
		at = end
	}
}

// matchWords returns where the words end that stand at start, or -1.
func matchWords(s string, start int, words []string) int {
	at := start
	for i, word := range words {
		if i > 0 {
			rest := strings.TrimLeftFunc(s[at:], unicode.IsSpace)
			if len(rest) == len(s)-at {
				return -1
			}
			at = len(s) - len(rest)
		}
		if !strings.HasPrefix(s[at:], word) {
			return -1
		}
		at += len(word)
	}
	return at
}
