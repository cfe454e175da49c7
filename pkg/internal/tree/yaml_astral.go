// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package tree

import (
	"strings"

	"go.yaml.in/yaml/v3"
)

// standIns are characters that the encoder writes as they are, in place of
// those beyond U+FFFF, which it escapes though YAML lets them stand: an emoji
// would come back as \U0001F642.
type standIns struct {
	used map[rune]bool
	of   map[rune]rune // by what is stood in for
	next rune
}

// The Private Use Area, whose characters mean nothing in a text.
const firstStandIn, lastStandIn = '\ue000', '\uf8ff'

// replaceAstral puts stand-ins into every text below doc and returns what turns
// the encoded document back. Characters for which no stand-in is left are
// escaped by the encoder, which is ugly and says the same.
func replaceAstral(doc *yaml.Node) (restore func(string) string) {
	s := &standIns{used: map[rune]bool{}, of: map[rune]rune{}, next: firstStandIn}
	visit(doc, func(text *string) {
		for _, r := range *text {
			s.used[r] = true
		}
	})
	visit(doc, func(text *string) { *text = strings.Map(s.replace, *text) })
	back := make(map[rune]rune, len(s.of))
	for r, standIn := range s.of {
		back[standIn] = r
	}
	return func(encoded string) string {
		return strings.Map(func(r rune) rune {
			if original, ok := back[r]; ok {
				return original
			}
			return r
		}, encoded)
	}
}

func (s *standIns) replace(r rune) rune {
	if r <= 0xffff {
		return r
	}
	if standIn, ok := s.of[r]; ok {
		return standIn
	}
	for s.used[s.next] && s.next <= lastStandIn {
		s.next++
	}
	if s.next > lastStandIn {
		return r
	}
	s.of[r] = s.next
	s.next++
	return s.of[r]
}

// visit calls fn for every text and comment below n.
func visit(n *yaml.Node, fn func(*string)) {
	for _, text := range []*string{&n.Value, &n.HeadComment, &n.LineComment, &n.FootComment} {
		fn(text)
	}
	for _, child := range n.Content {
		visit(child, fn)
	}
}
