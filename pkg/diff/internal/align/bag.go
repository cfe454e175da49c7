// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package align

import "strings"

// Bag is the words of a text, and how often they occur in it.
type Bag map[string]int

// maxBag is how many words of a text are looked at to tell how alike two are.
const maxBag = 300

// NewBag returns the words of a text, as many as are looked at.
func NewBag(text string) Bag {
	b := Bag{}
	n := 0
	for word := range strings.FieldsSeq(text) {
		if n++; n > maxBag {
			break
		}
		b[word]++
	}
	return b
}

// Likeness is the share of words that two texts have in common: 0 to 1.
func (b Bag) Likeness(other Bag) float64 {
	total, same := 0, 0
	for word, n := range b {
		total += n
		same += min(n, other[word])
	}
	for _, n := range other {
		total += n
	}
	if total == 0 {
		return 0
	}
	return 2 * float64(same) / float64(total)
}
