// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package front

import (
	"strconv"
	"strings"
	"testing"

	"github.com/recap-oci/recap/pkg/internal/tree"
)

// TestEveryPatternHasWords walks the schema: a pattern without an entry in
// forms would leave an author with "write ".
func TestEveryPatternHasWords(t *testing.T) {
	var walk func(n *tree.Node, at string)
	walk = func(n *tree.Node, at string) {
		for i, item := range n.Items {
			walk(item, at+"/"+strconv.Itoa(i))
		}
		if p := n.Get("pattern"); p != nil && p.Kind == tree.String && form().PatternOf("x#"+at) == "" {
			t.Errorf("the pattern at %s has no words", at)
		}
		for _, e := range n.Entries {
			walk(e.Value, at+"/"+tree.Escape(e.Key.Text))
		}
	}
	walk(SchemaTree(), "")
}

// TestMessagesSpeakNoSchema holds that nothing of a schema's machinery shows.
func TestMessagesSpeakNoSchema(t *testing.T) {
	for _, form := range forms {
		if strings.ContainsAny(form, "^$\\") {
			t.Errorf("%q is a pattern, not words", form)
		}
	}
}
