// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package front

import (
	"github.com/recap-oci/recap/pkg/internal/fit"
	"github.com/recap-oci/recap/pkg/internal/tree"
)

// Expand writes the long form of the facts: it is what the normaliser makes of
// them, in words that the schema knows.
func Expand(facts *tree.Node) {
	settleFacts(facts)
	n := &normaliser{ids: map[string]bool{}, fail: func(tree.Pos, string, string, string, ...any) {}}
	n.facts(facts)
	for _, o := range facts.Get("observations").List() {
		for i, e := range o.Entries {
			if e.Key.Text == "textValue" {
				o.Entries[i].Key.Text = "value"
			}
		}
	}
}

// settleFacts gives plain scalars the types that the schema wants.
func settleFacts(facts *tree.Node) {
	front := tree.NewMap(facts.Pos)
	front.Set(Key, facts)
	Fit(front, func(fit.Misfit) bool { return true })
}
