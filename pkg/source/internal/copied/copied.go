// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

// Package copied finds words that one text has from another. Start with [Read].
package copied

import (
	"hash/fnv"
	"io"
	"strings"
	"unicode"
)

// Length is how many words in a row count as copied.
const Length = 12

// word is one word of a text, folded for comparison, with its place.
type word struct {
	text   string
	offset int
}

// Original is a text that words may have been copied from.
type Original struct {
	mask mask
	runs map[uint64]bool // hashes: the words of four megabytes twelvefold are too many to keep
}

// Read looks through an original. What is exempt may stand in another text too:
// names, titles and quotations break a run, and so do numbers and months, of which
// lists of dates are made.
func Read(text []byte, exempt []string) *Original {
	o := &Original{mask: newMask(exempt), runs: map[uint64]bool{}}
	for _, run := range o.mask.runs(text, 0) {
		for i := 0; i+Length <= len(run); i++ {
			o.runs[hash(run[i:i+Length])] = true
		}
	}
	return o
}

// Passage is a run of words that stands in an original.
type Passage struct {
	Offset int    // of its first word
	Words  string // its first [Length] words, folded
}

// In returns the passages of text that stand in the original, in order. A longer
// one is one. Offsets are counted from offset.
func (o *Original) In(text []byte, offset int) []Passage {
	var found []Passage
	for _, run := range o.mask.runs(text, offset) {
		for i := 0; i+Length <= len(run); i++ {
			if !o.runs[hash(run[i:i+Length])] {
				continue
			}
			found = append(found, Passage{run[i].offset, joinWords(run[i : i+Length])})
			for i+Length < len(run) && o.runs[hash(run[i+1:i+1+Length])] {
				i++
			}
			i += Length - 1
		}
	}
	return found
}

func joinWords(run []word) string {
	texts := make([]string, len(run))
	for i, w := range run {
		texts[i] = w.text
	}
	return strings.Join(texts, " ")
}

func hash(run []word) uint64 {
	h := fnv.New64a()
	for _, w := range run {
		_, _ = io.WriteString(h, w.text+" ") // a hash takes every write
	}
	return h.Sum64()
}

// mask knows the word sequences that break a run, by their first word.
type mask map[string][][]string

func newMask(names []string) mask {
	m := mask{}
	for _, name := range names {
		var texts []string
		for _, w := range split([]byte(name), 0) {
			texts = append(texts, w.text)
		}
		if len(texts) > 0 {
			m[texts[0]] = append(m[texts[0]], texts)
		}
	}
	return m
}

// runs returns the runs of words of text that nothing exempts.
func (m mask) runs(text []byte, offset int) [][]word {
	words := split(text, offset)
	var runs [][]word
	begin := 0
	for i := 0; i < len(words); {
		n := m.at(words[i:])
		if n == 0 {
			i++
			continue
		}
		runs = append(runs, words[begin:i])
		i += n
		begin = i
	}
	return append(runs, words[begin:])
}

// at returns how many words at the start of words are exempt.
func (m mask) at(words []word) int {
	longest := 0
	first := words[0].text
	if first[0] >= '0' && first[0] <= '9' || isMonth(first) {
		longest = 1
	}
next:
	for _, name := range m[first] {
		if len(name) > len(words) || len(name) <= longest {
			continue
		}
		for i, text := range name {
			if words[i].text != text {
				continue next
			}
		}
		longest = len(name)
	}
	return longest
}

func isMonth(s string) bool {
	switch s {
	case "january", "february", "march", "april", "may", "june", "july",
		"august", "september", "october", "november", "december":
		return true
	}
	return false
}

// split takes text apart into words: letters and digits, in lower case.
func split(text []byte, offset int) []word {
	var words []word
	start := -1
	for i, r := range string(text) {
		inside := unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.Is(unicode.Mn, r)
		switch {
		case inside && start < 0:
			start = i
		case !inside && start >= 0:
			words = append(words, word{strings.ToLower(string(text[start:i])), offset + start})
			start = -1
		}
	}
	if start >= 0 {
		words = append(words, word{strings.ToLower(string(text[start:])), offset + start})
	}
	return words
}
