// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"cmp"
	"slices"
	"strings"
	"sync"

	"github.com/recap-oci/recap/pkg/internal/tree"
	"github.com/recap-oci/recap/schemas"
)

// recapSchemaTree is the schema of a front matter as a tree: unlike the
// compiled one it keeps the order of its properties, which is the order that
// fields are formatted in.
var recapSchemaTree = sync.OnceValue(func() *tree.Node {
	data, err := schemas.Read("recap")
	if err != nil {
		panic("source: " + err.Error()) // it is embedded
	}
	root, problems := tree.Parse(tree.JSON, data, "recap.v1.schema.json", 1)
	if len(problems) > 0 {
		panic("source: " + problems[0].Message)
	}
	return root
})

// sortBySchema puts the fields of every map into the order of the schema.
// Others follow in their own order; at the top they come before recap.
func sortBySchema(root *tree.Node, factsOnly bool) {
	schema := recapSchemaTree()
	if factsOnly {
		sortMap(root, follow(schema.Get("$defs").Get(factsKey)))
		return
	}
	sortMap(root, follow(schema))
	i := slices.IndexFunc(root.Entries, func(e tree.Entry) bool { return e.Key.Text == factsKey })
	if i >= 0 {
		facts := root.Entries[i]
		root.Entries = append(slices.Delete(root.Entries, i, i+1), facts)
	}
}

// follow returns the schemas that say something about a value themselves.
func follow(s *tree.Node) []*tree.Node {
	if s == nil || s.Kind != tree.Map {
		return nil
	}
	found := []*tree.Node{s}
	if ref := s.Get("$ref"); ref != nil {
		name := strings.TrimPrefix(ref.Text, "#/$defs/")
		found = append(found, follow(recapSchemaTree().Get("$defs").Get(name))...)
	}
	for _, combination := range []string{"oneOf", "anyOf", "allOf"} {
		for _, branch := range s.Get(combination).List() {
			found = append(found, follow(branch)...)
		}
	}
	return found
}

func sortMap(n *tree.Node, schemas []*tree.Node) {
	for _, item := range n.Items {
		for _, s := range schemas {
			if items := follow(s.Get("items")); items != nil {
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
				below = append(below, follow(p)...)
			} else if rest := s.Get("additionalProperties"); rest != nil {
				below = append(below, follow(rest)...)
			}
		}
		if len(below) > 0 && !strings.HasPrefix(e.Key.Text, "x-") {
			sortMap(e.Value, below)
		}
	}
}
