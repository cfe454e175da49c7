// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package front

import (
	"slices"

	"github.com/recap-oci/recap/pkg/internal/tree"
)

// cut removes values that don't fit. An entity keeps its id, so that what names
// it isn't reported as well.
func cut(front *tree.Node, pointers []string) {
	out := map[*tree.Node]bool{}
	for _, p := range pointers {
		if n := front.At(p); n != nil && n != front {
			out[n] = true
		}
	}
	prune(front, out)
	facts := front.Get(Key)
	if entities := facts.Get("entities"); entities != nil {
		for i, e := range entities.Entries {
			if e.Value.Kind == tree.Null || e.Value.Kind == tree.Map && !e.Value.Has("name") {
				named := tree.NewMap(e.Value.Pos)
				named.Entries = append(named.Entries, e.Value.Entries...)
				named.Set("name", tree.Text(e.Key.Text, e.Key.Pos))
				entities.Entries[i].Value = named
			}
		}
	}
}

func prune(n *tree.Node, cut map[*tree.Node]bool) {
	n.Items = slices.DeleteFunc(n.Items, func(item *tree.Node) bool { return cut[item] })
	n.Entries = slices.DeleteFunc(n.Entries, func(e tree.Entry) bool { return cut[e.Value] })
	for _, item := range n.Items {
		prune(item, cut)
	}
	for _, e := range n.Entries {
		prune(e.Value, cut)
	}
}
