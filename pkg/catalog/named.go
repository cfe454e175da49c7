// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"maps"
	"slices"
	"strings"
	"unicode"
)

// maxWords is how many words of a text are taken for one name. Longer names
// aren't looked for.
const maxWords = 8

// maxMentions is how many topics, and how many entities, a chunk lists.
const maxMentions = 50

// named finds the topics and entities of a recap in its text: their names, as
// words, exactly as written. It looks each run of words up once, so its cost is
// that of the text, however many names there are.
type named struct {
	topics, entities map[string]string // the words of a name to its id
	longest          map[string]int    // a first word to how many the longest such name has
}

func (m *Source) named() *named {
	n := &named{topics: map[string]string{}, entities: map[string]string{}, longest: map[string]int{}}
	add := func(to map[string]string, id string, names ...string) {
		for _, name := range names {
			words := split(name, maxWords+1)
			if len(words) == 0 || len(words) > maxWords || id == "" {
				continue
			}
			if key := strings.Join(words, " "); to[key] == "" {
				to[key] = id
				n.longest[words[0]] = max(n.longest[words[0]], len(words))
			}
		}
	}
	for _, t := range m.Recap.Facts.Topics {
		add(n.topics, m.Names.Topic(t.ID, t.Name), t.Name)
	}
	entities := m.Recap.Facts.Entities
	for _, id := range slices.Sorted(maps.Keys(entities)) {
		e := entities[id]
		add(n.entities, m.Names.Entity(id, e.Name), append([]string{e.Name}, e.AlternateName...)...)
	}
	return n
}

// in returns the ids of what the texts name, sorted.
func (n *named) in(texts ...string) (topics, entities []string) {
	foundTopics, foundEntities := map[string]bool{}, map[string]bool{}
	for _, text := range texts {
		words := split(text, -1)
		for i, key := range words {
			for j := 1; j <= n.longest[words[i]]; j++ {
				if id := n.topics[key]; id != "" {
					foundTopics[id] = true
				}
				if id := n.entities[key]; id != "" {
					foundEntities[id] = true
				}
				if i+j >= len(words) {
					break
				}
				key += " " + words[i+j]
			}
		}
	}
	return sorted(foundTopics), sorted(foundEntities)
}

func sorted(set map[string]bool) []string {
	list := slices.Sorted(maps.Keys(set))
	return list[:min(len(list), maxMentions)]
}

// split returns the words of text: runs of letters, digits and what stands
// inside of names (C++, in-toto, v1.2). No more than most, unless that is negative.
func split(text string, most int) []string {
	var words []string
	for word := range strings.FieldsFuncSeq(text, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("+-#._", r)
	}) {
		if word = strings.Trim(word, "-._"); word == "" {
			continue
		}
		if len(words) == most {
			break
		}
		words = append(words, word)
	}
	return words
}
