// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package diff

import (
	"strings"

	"github.com/recap-oci/recap/pkg/diff/internal/align"
)

// compareLines returns the lines that lead from one text to the other, in order;
// where lines were replaced, the old ones first.
func compareLines(a, b section) []LineChange {
	was, is := strings.Split(a.text, "\n"), strings.Split(b.text, "\n")
	if a.text == "" {
		was = nil
	}
	if b.text == "" {
		is = nil
	}
	keptA, keptB := align.Lines(was, is)
	var changes []LineChange
	i, j := 0, 0
	for i < len(keptA) || j < len(keptB) {
		switch {
		case i < len(keptA) && !keptA[i]:
			changes = append(changes, LineChange{Removed, a.first + i, cut(was[i])})
			i++
		case j < len(keptB) && !keptB[j]:
			changes = append(changes, LineChange{Added, b.first + j, cut(is[j])})
			j++
		default:
			i++
			j++
		}
	}
	return changes
}
