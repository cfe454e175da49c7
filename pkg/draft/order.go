// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package draft

import (
	"cmp"
	"slices"
	"strings"

	"github.com/recap-oci/recap/pkg/internal/front"
	"github.com/recap-oci/recap/pkg/internal/tree"
)

// sortBySchema puts the fields of every map into the order of the schema.
// Others follow in their own order; at the top they come before recap.
func sortBySchema(root *tree.Node, factsOnly bool) {
	schema := front.SchemaTree()
	if factsOnly {
		sortMap(root, front.Follow(schema.Get("$defs").Get(front.Key)))
		return
	}
	sortMap(root, front.Follow(schema))
	i := slices.IndexFunc(root.Entries, func(e tree.Entry) bool { return e.Key.Text == front.Key })
	if i >= 0 {
		facts := root.Entries[i]
		root.Entries = append(slices.Delete(root.Entries, i, i+1), facts)
	}
}

func sortMap(n *tree.Node, schemas []*tree.Node) {
	for _, item := range n.Items {
		for _, s := range schemas {
			if items := front.Follow(s.Get("items")); items != nil {
				sortMap(item, items)
			}
		}
	}
	if n.Kind != tree.Map {
		return
	}
	rank := map[string]int{}
	for _, s := range schemas {
		for _, p := range s.Get("properties").Map() {
			if _, ok := rank[p.Key.Text]; !ok {
				rank[p.Key.Text] = len(rank)
			}
		}
	}
	if len(rank) > 0 {
		place := func(e tree.Entry) int {
			if i, ok := rank[e.Key.Text]; ok {
				return i
			}
			return len(rank)
		}
		slices.SortStableFunc(n.Entries, func(a, b tree.Entry) int { return cmp.Compare(place(a), place(b)) })
	}
	for _, e := range n.Entries {
		var below []*tree.Node
		for _, s := range schemas {
			if p := s.Get("properties").Get(e.Key.Text); p != nil {
				below = append(below, front.Follow(p)...)
			} else if rest := s.Get("additionalProperties"); rest != nil {
				below = append(below, front.Follow(rest)...)
			}
		}
		if len(below) > 0 && !strings.HasPrefix(e.Key.Text, "x-") {
			sortMap(e.Value, below)
		}
	}
}
