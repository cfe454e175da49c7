// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package front

import (
	"slices"
	"strconv"
	"testing"

	"github.com/recap-oci/recap/pkg/internal/tree"
)

// TestAlternatives holds what the choice of the alternative that was meant
// rests on: those of a oneOf take different types each, and those of an anyOf
// require fields and say nothing else.
func TestAlternatives(t *testing.T) {
	oneOfs, anyOfs := 0, 0
	var walk func(n *tree.Node, at string)
	walk = func(n *tree.Node, at string) {
		for i, item := range n.List() {
			walk(item, at+"/"+strconv.Itoa(i))
		}
		for _, e := range n.Map() {
			walk(e.Value, at+"/"+tree.Escape(e.Key.Text))
		}
		var all []string
		for _, branch := range n.Get("oneOf").List() {
			oneOfs++
			types := typesOf(branch)
			if len(types) == 0 {
				t.Errorf("%s/oneOf: a branch doesn't say which types it takes", at)
			}
			all = append(all, types...)
		}
		slices.Sort(all)
		if i := len(slices.Compact(slices.Clone(all))); i != len(all) {
			t.Errorf("%s/oneOf: two branches take the same type: %v", at, all)
		}
		for _, branch := range n.Get("anyOf").List() {
			anyOfs++
			if len(branch.Entries) != 1 || !branch.Has("required") {
				t.Errorf("%s/anyOf: a branch says something else than required", at)
			}
		}
	}
	walk(SchemaTree(), "#")
	if oneOfs == 0 || anyOfs == 0 {
		t.Errorf("%d branches of oneOf, %d of anyOf: this test looks at nothing", oneOfs, anyOfs)
	}
}

// typesOf returns the types that a schema takes, through references and
// alternatives. Whole numbers are numbers.
func typesOf(schema *tree.Node) []string {
	var types []string
	for _, s := range Follow(schema) {
		names := s.Get("type").List()
		if one := s.Get("type"); one != nil && one.Kind == tree.String {
			names = []*tree.Node{one}
		}
		for _, name := range names {
			if name.Text == "integer" {
				types = append(types, "number")
			} else {
				types = append(types, name.Text)
			}
		}
	}
	return types
}
