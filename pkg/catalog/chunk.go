// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/opencontainers/go-digest"

	"github.com/recap-oci/recap/pkg/recap"
)

// Chunk is a part of a member's document that is small enough to be handed to a
// reader by itself: a section, or some paragraphs of one.
type Chunk struct {
	ID          string     `json:"id"`          // <slug>#<first 12 digits of TextDigest>, and -2 … where a recap repeats itself
	Recap       string     `json:"recap"`       // slug
	RecapDigest string     `json:"recapDigest"` // of the bundle's manifest
	Path        string     `json:"path"`        // of the file in the recap
	Lines       [2]int     `json:"lines"`       // first and last, from 1
	ByteRange   [2]int     `json:"byteRange"`   // from and to, to excluded
	TextDigest  string     `json:"textDigest"`  // of these bytes of the file
	Heading     []string   `json:"heading,omitempty"`
	Text        string     `json:"text"`   // without markup
	Tokens      int        `json:"tokens"` // an estimate, see [Tokens]
	Title       string     `json:"title"`  // of the recap
	Event       string     `json:"event,omitempty"`
	Date        recap.Date `json:"date,omitempty"`
	Authors     []string   `json:"authors,omitempty"`
	Topics      []string   `json:"topics,omitempty"`   // those that the text names
	Entities    []string   `json:"entities,omitempty"` // likewise
	Language    string     `json:"language,omitempty"`
	License     string     `json:"license,omitempty"`
	Derivation  string     `json:"derivation,omitempty"`
}

// What a chunk repeats of its recap is cut to these lengths, in bytes, so that a
// recap can't make its lines many times its own size.
const (
	maxRepeated = 300
	maxAuthors  = 20
)

// Split takes the document of a member apart into chunks, in the order of the
// text. A section is one, unless it is long: then its paragraphs, list items and
// tables are, as many together as have about 300 tokens. A paragraph of one
// line is never taken apart. The words of a heading are in Heading, not in the
// text; a section without text gives no chunk.
func (m *Source) Split() []Chunk {
	if m.Document == nil {
		return nil
	}
	known := m.named()
	common := m.common()
	var chunks []Chunk
	seen := map[string]int{}
	for section, p := range pieces(m.Document) {
		c := common
		for _, h := range section.Path {
			c.Heading = append(c.Heading, clip(h))
		}
		d := digest.FromBytes(m.Document.Text[p.bytes.Start:p.bytes.End])
		c.ID = m.Recap.Slug + "#" + d.Encoded()[:12]
		if seen[c.ID]++; seen[c.ID] > 1 {
			c.ID += fmt.Sprintf("-%d", seen[c.ID])
		}
		lines := m.Document.LinesOf(p.bytes)
		c.Lines, c.ByteRange, c.TextDigest = [2]int{lines.First, lines.Last}, [2]int{p.bytes.Start, p.bytes.End}, string(d)
		c.Text, c.Tokens = p.text, Tokens(p.text)
		c.Topics, c.Entities = known.in(append(slices.Clone(c.Heading), p.text)...)
		chunks = append(chunks, c)
	}
	return chunks
}

// common is what all chunks of m repeat.
func (m *Source) common() Chunk {
	r := m.Recap
	c := Chunk{
		Recap: r.Slug, RecapDigest: string(m.Digest), Path: recap.DocumentPath,
		Title: clip(r.Title), Event: m.Names.Event(), Date: recap.Date(clip(string(r.Date))),
		Language: clip(first(r.Facts.Language, m.Defaults.Language)),
		License:  clip(first(r.Facts.License, m.Defaults.License)),
	}
	for _, a := range r.Authors[:min(len(r.Authors), maxAuthors)] {
		name := a.Name
		if e, ok := r.Facts.Entities[name]; ok && e.Name != "" {
			name = e.Name
		}
		c.Authors = append(c.Authors, clip(name))
	}
	if r.Facts.Source != nil {
		c.Derivation = clip(r.Facts.Source.Derivation)
	}
	return c
}

// Tokens estimates how many tokens a language model makes of text: one for each
// four bytes of ASCII, and one for every other character. It is about right for
// English and never far too low; a budget kept by it is kept.
func Tokens(text string) int {
	ascii, other := 0, 0
	for i := 0; i < len(text); {
		_, size := utf8.DecodeRuneInString(text[i:])
		if size == 1 {
			ascii++
		} else {
			other++
		}
		i += size
	}
	return (ascii+3)/4 + other
}

func first(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// clip cuts s to maxRepeated bytes, between two characters.
func clip(s string) string {
	if len(s) <= maxRepeated {
		return s
	}
	end := maxRepeated
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end]
}
