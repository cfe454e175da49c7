// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"hash/fnv"
	"io"
	"strings"
	"unicode"

	"github.com/recap-oci/recap/pkg/internal/tree"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/rule"
)

// runLength is how many words in a row count as copied.
const runLength = 12

// word is one word of a text, folded for comparison, with its place.
type word struct {
	text   string
	offset int
}

// checkCopied reports runs of words of the body that stand in the original too.
// Names and titles may: they break a run, and so do numbers and months, of
// which lists of dates are made. So may what is quoted as a quotation.
func (l *loader) checkCopied(original []byte) {
	exempt := l.recap.Names()
	for _, q := range l.recap.Facts.Quotations {
		exempt = append(exempt, q.Quote)
	}
	mask := newMask(exempt)
	inOriginal := map[uint64]bool{} // hashes: the words of four megabytes twelvefold are too many to keep
	for _, run := range mask.runs(original, 0) {
		for i := 0; i+runLength <= len(run); i++ {
			inOriginal[hash(run[i:i+runLength])] = true
		}
	}
	for _, s := range l.doc.Sections {
		content := l.doc.Text[s.Content.Start:s.Content.End]
		for _, run := range mask.runs(content, s.Content.Start) {
			for i := 0; i+runLength <= len(run); i++ {
				same := run[i : i+runLength]
				if !inOriginal[hash(same)] {
					continue
				}
				line, col := l.doc.Position(run[i].offset)
				l.report(rule.Copied, tree.Pos{Path: l.display(recap.DocumentPath), Line: line, Col: col},
					"say it in your own words, or quote it under quotations",
					"these words stand in the original: %q", joinWords(same))
				for i+runLength < len(run) && inOriginal[hash(run[i+1:i+1+runLength])] {
					i++
				}
				i += runLength - 1
			}
		}
	}
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
