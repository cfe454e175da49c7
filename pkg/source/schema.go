// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"math"
	"strings"
	"sync"

	"github.com/recap-oci/recap/pkg/internal/shape"
	"github.com/recap-oci/recap/pkg/internal/tree"
	"github.com/recap-oci/recap/schemas"
)

// recapSchema is the compiled schema of a front matter, made once: compiling
// takes longer than checking a recap by it.
var recapSchema = sync.OnceValue(func() *shape.Schema {
	data, err := schemas.Read("recap")
	if err != nil {
		panic("source: " + err.Error()) // it is embedded
	}
	schema, err := shape.Compile(data)
	if err != nil {
		panic("source: " + err.Error()) // every test that loads a recap compiles it
	}
	return schema
})

// settle gives every value below n the type that the schema wants, where its
// spelling allows one: a plain 1.10, 2024-03-27 or NO is text where text is
// wanted. It returns n as encoding/json would have decoded it.
func (l *loader) settle(n *tree.Node, shapes shape.Shapes, pointer string) any {
	switch n.Kind {
	case tree.List:
		items := make([]any, len(n.Items))
		for i, item := range n.Items {
			items[i] = l.settle(item, shapes.Within(), pointer+"/"+itoa(i))
		}
		return items
	case tree.Map:
		entries := make(map[string]any, len(n.Entries))
		for _, e := range n.Entries {
			entries[e.Key.Text] = l.settle(e.Value, shapes.Under(e.Key.Text), pointer+"/"+tree.Escape(e.Key.Text))
		}
		return entries
	case tree.Time:
		n.Kind = tree.String
	case tree.Bool:
		if n.Plain && !shapes.Accept("boolean") && shapes.Accept("string") {
			n.Kind = tree.String
		}
	case tree.Number:
		if !shapes.Accept("number") && !shapes.Accept("integer") && shapes.Accept("string") {
			n.Kind = tree.String
		} else if n.Inexact || math.IsInf(n.Num, 0) {
			l.report(ruleValue, n.Pos, "put it in quotes to keep it as text",
				"%s is a number that JSON can't keep exactly", fieldName(pointer))
			l.broken = true
		}
	}
	switch n.Kind {
	case tree.Bool:
		return n.Bool
	case tree.Number:
		return n.Num
	case tree.String:
		return n.Text
	}
	return nil
}

// fieldName returns a pointer into the front matter as people write it:
// observations[3].minValue. The recap key, under which nearly everything
// stands, is left away.
func fieldName(pointer string) string {
	tokens := tree.Tokens(pointer)
	if len(tokens) > 1 && tokens[0] == factsKey {
		tokens = tokens[1:]
	}
	var b strings.Builder
	for _, t := range tokens {
		switch {
		case t != "" && strings.Trim(t, "0123456789") == "":
			b.WriteString("[" + t + "]")
		case b.Len() > 0:
			b.WriteString("." + clip(t))
		default:
			b.WriteString(clip(t))
		}
	}
	return b.String()
}

// clip shortens what an author wrote, for a message.
func clip(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:57]) + "…"
	}
	return s
}
