// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"hash/fnv"
	"io"
	"io/fs"
	"path"
	"strings"
	"unicode"

	"github.com/recap-oci/recap/pkg/document"
	"github.com/recap-oci/recap/pkg/internal/tree"
	"github.com/recap-oci/recap/pkg/recap"
)

// checkOriginal compares the recap with the article that it retells, where that
// is at hand, and finds its own quotes.
func (l *loader) checkOriginal() error {
	src := l.recap.Facts.Source
	var original []byte
	if src != nil {
		if err := l.checkInside(src); err != nil {
			return err
		}
		var err error
		if original, err = l.readOriginal(src); err != nil {
			return err
		}
	}
	var inOriginal func(string) int
	if original != nil {
		lines := bytes.Count(original, []byte{'\n'})
		if len(original) > 0 && !bytes.HasSuffix(original, []byte{'\n'}) {
			lines++
		}
		for _, f := range l.recap.CheckSourceLines(lines) {
			l.finding(f)
		}
		inOriginal = func(quote string) int { n, _ := document.FindQuote(original, quote); return n }
	}
	body := l.text[l.body.Start:l.body.End]
	inBody := func(quote string) int { n, _ := document.FindQuote(body, quote); return n }
	for _, f := range l.recap.CheckQuotes(inBody, inOriginal) {
		l.finding(f)
	}
	if l.doc != nil && original != nil && src.Derivation == "rewritten" {
		l.checkCopied(original)
	}
	return nil
}

// checkInside refuses a copy of the original among the files of the recap:
// known by its name or by its digest.
func (l *loader) checkInside(src *recap.Source) error {
	pos, _ := l.normalised.Find("/recap/source/path")
	if src.Path != "" && l.has(path.Clean(src.Path)) {
		l.report(ruleOriginal, pos, "move it out of the recap, and name it relative to pack.yaml", "%s is the original and lies inside the recap", clip(src.Path))
		return nil
	}
	for _, f := range l.list {
		if src.Digest == "" || f.path == recap.DocumentPath || f.size == 0 || f.size > recap.MaxDocumentSize {
			continue
		}
		data, err := l.read(f.path, recap.MaxDocumentSize)
		if err != nil {
			return err
		}
		if data != nil && digestOf(data) == src.Digest {
			l.report(ruleOriginal, l.whole(f.path), "move it out of the recap, and name it in source.path relative to pack.yaml",
				"%s is the original and lies inside the recap", f.path)
		}
	}
	return nil
}

func digestOf(data []byte) string {
	sum := sha256.Sum256(data)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// readOriginal returns the text of the original, nil when it isn't at hand.
func (l *loader) readOriginal(src *recap.Source) ([]byte, error) {
	name := path.Clean(src.Path)
	if l.opts.Originals == nil || src.Path == "" {
		return nil, nil
	}
	pos, _ := l.normalised.Find("/recap/source/path")
	if !fs.ValidPath(name) {
		l.report(rulePath, pos, "name it relative to pack.yaml", "source.path: %q leads out of the pack", clip(src.Path))
		return nil, nil
	}
	info, err := fs.Lstat(l.opts.Originals, name)
	if err != nil || !info.Mode().IsRegular() || info.Size() > recap.MaxDocumentSize {
		return nil, nil // an original may be kept elsewhere
	}
	f, err := l.opts.Originals.Open(name)
	if err != nil {
		return nil, localError(name, err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, recap.MaxDocumentSize+1))
	if err != nil {
		return nil, localError(name, err)
	}
	if src.Digest != "" && digestOf(data) != src.Digest {
		at, _ := l.normalised.Find("/recap/source/digest")
		l.report(ruleOriginalDigest, at, "read it again, and write its digest here: "+digestOf(data), "%s isn't the original that was read", name)
	}
	return data, nil
}

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
				l.report(ruleCopied, tree.Pos{Path: l.display(recap.DocumentPath), Line: line, Col: col},
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
		io.WriteString(h, w.text) // a hash takes every write
		h.Write([]byte{' '})
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
