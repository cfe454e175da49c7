// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"bytes"
	"math"
	"slices"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/recap-oci/recap/pkg/internal/tree"
	"github.com/recap-oci/recap/schemas"
)

// recapSchema is the compiled schema of a front matter, made once: compiling
// takes longer than checking a recap by it.
var recapSchema = sync.OnceValue(func() *jsonschema.Schema {
	const name = "recap"
	data, err := schemas.Read(name)
	if err != nil {
		panic("source: " + err.Error()) // it is embedded
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		panic("source: " + err.Error())
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource(schemas.URL(name), doc); err != nil {
		panic("source: " + err.Error())
	}
	return c.MustCompile(schemas.URL(name)) // a test compiles every schema
})

// shapes flattens schemas into those that say something about a value
// themselves: references and combinations are followed.
func shapes(list []*jsonschema.Schema) []*jsonschema.Schema {
	var flat []*jsonschema.Schema
	for _, s := range list {
		if s == nil || slices.Contains(flat, s) {
			continue
		}
		flat = append(flat, s)
		var next []*jsonschema.Schema
		if s.Ref != nil {
			next = append(next, s.Ref)
		}
		next = append(next, s.AllOf...)
		next = append(next, s.AnyOf...)
		next = append(next, s.OneOf...)
		for _, n := range shapes(next) {
			if !slices.Contains(flat, n) {
				flat = append(flat, n)
			}
		}
	}
	return flat
}

// under returns what the shapes of a map say about one of its keys.
func under(flat []*jsonschema.Schema, key string) []*jsonschema.Schema {
	var found []*jsonschema.Schema
	for _, s := range flat {
		if p, ok := s.Properties[key]; ok {
			found = append(found, p)
			continue
		}
		matched := false
		for pattern, p := range s.PatternProperties {
			if pattern.MatchString(key) {
				found, matched = append(found, p), true
			}
		}
		if rest, ok := s.AdditionalProperties.(*jsonschema.Schema); ok && !matched {
			found = append(found, rest)
		}
	}
	return shapes(found)
}

// within returns what the shapes of a list say about its items.
func within(flat []*jsonschema.Schema) []*jsonschema.Schema {
	var found []*jsonschema.Schema
	for _, s := range flat {
		if s.Items2020 != nil {
			found = append(found, s.Items2020)
		}
	}
	return shapes(found)
}

// accepts reports whether any of the shapes takes a JSON type.
func accepts(flat []*jsonschema.Schema, kind string) bool {
	for _, s := range flat {
		if s.Types != nil && slices.Contains(s.Types.ToStrings(), kind) {
			return true
		}
		if kind != "string" {
			continue
		}
		if s.Enum != nil {
			return true // every enumeration of ours is of texts
		}
		if s.Const != nil {
			if _, ok := (*s.Const).(string); ok {
				return true
			}
		}
	}
	return false
}

// settle gives every value below n the type that the schema wants, where its
// spelling allows one: a plain 1.10, 2024-03-27 or NO is text where text is
// wanted. It returns n as encoding/json would have decoded it.
func (l *loader) settle(n *tree.Node, flat []*jsonschema.Schema, pointer string) any {
	switch n.Kind {
	case tree.List:
		items := make([]any, len(n.Items))
		for i, item := range n.Items {
			items[i] = l.settle(item, within(flat), pointer+"/"+itoa(i))
		}
		return items
	case tree.Map:
		entries := make(map[string]any, len(n.Entries))
		for _, e := range n.Entries {
			entries[e.Key.Text] = l.settle(e.Value, under(flat, e.Key.Text), pointer+"/"+tree.Escape(e.Key.Text))
		}
		return entries
	case tree.Time:
		n.Kind = tree.String
	case tree.Bool:
		if n.Plain && !accepts(flat, "boolean") && accepts(flat, "string") {
			n.Kind = tree.String
		}
	case tree.Number:
		if !accepts(flat, "number") && !accepts(flat, "integer") && accepts(flat, "string") {
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
