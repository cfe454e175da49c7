// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package shape_test

import (
	"encoding/json"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// mutator makes small changes to values.
type mutator struct {
	*rand.Rand

	names []string // of fields
}

// vocabulary returns every name of a field that a schema has, and some others.
func vocabulary(t *testing.T, schema []byte) []string {
	t.Helper()
	var root any
	if err := json.Unmarshal(schema, &root); err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{"": true, "x-a": true, "Not A Slug": true, "unknown": true, "a/b~c": true}
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, item := range v {
				walk(item)
			}
		case map[string]any:
			if properties, ok := v["properties"].(map[string]any); ok {
				for name := range properties {
					found[name] = true
				}
			}
			for _, child := range v {
				walk(child)
			}
		}
	}
	walk(root)
	return slices.Sorted(maps.Keys(found))
}

// clone returns a deep copy.
func clone(v any) any {
	switch v := v.(type) {
	case []any:
		items := make([]any, len(v))
		for i, item := range v {
			items[i] = clone(item)
		}
		return items
	case map[string]any:
		entries := make(map[string]any, len(v))
		for key, value := range v {
			entries[key] = clone(value)
		}
		return entries
	}
	return v
}

// mutate changes one place of v, at any depth, and returns it.
func (m mutator) mutate(v any) any {
	const deeper = 4 // of 5 times
	switch v := v.(type) {
	case []any:
		if len(v) == 0 || m.IntN(5) >= deeper {
			return m.list(v)
		}
		i := m.IntN(len(v))
		v[i] = m.mutate(v[i])
		return v
	case map[string]any:
		if len(v) == 0 || m.IntN(5) >= deeper {
			return m.object(v)
		}
		key := m.key(v)
		v[key] = m.mutate(v[key])
		return v
	}
	return m.value()
}

func (m mutator) key(v map[string]any) string {
	return slices.Sorted(maps.Keys(v))[m.IntN(len(v))]
}

// list deletes, duplicates or adds an item, or makes the list very long.
func (m mutator) list(v []any) any {
	if len(v) == 0 {
		return []any{m.value()}
	}
	i := m.IntN(len(v))
	switch m.IntN(6) {
	case 0:
		return slices.Delete(v, i, i+1)
	case 1, 2:
		return append(v, clone(v[i]))
	case 3:
		return append(v, m.value())
	case 4:
		for range 101 {
			v = append(v, v[i])
		}
		return v
	}
	return m.value()
}

// object deletes, duplicates, renames or adds a field, or replaces the object.
func (m mutator) object(v map[string]any) any {
	name := m.names[m.IntN(len(m.names))]
	if len(v) == 0 {
		return map[string]any{name: m.value()}
	}
	key := m.key(v)
	switch m.IntN(6) {
	case 0:
		delete(v, key)
	case 1:
		v[name] = clone(v[key])
	case 2:
		v[name] = v[key]
		delete(v, key)
	case 3, 4:
		v[name] = m.value()
	default:
		return m.value()
	}
	return v
}

// value returns something that may stand anywhere, at the edges of limits and
// types.
func (m mutator) value() any {
	values := []any{
		nil, true, false, 0.0, 1.0, -1.0, 1.5, 2.5, 7.0, 1000.0, 1001.0, 1e6, 1e300, 1e-300,
		"", "a", "ab", "été", "kubecon-eu-2024", "2024", "2024-03", "2024-03-27T10:00:00Z", "2024-13-45", "https://example.com", "javascript:x",
		"recap/v1", "8", "8-10,12", "stated", "keynote", "person", "image", "release", "NL", "EUR", "PT5M", "/date", "~2", "a.png", "/a", "sha256:" + strings.Repeat("0", 64),
		strings.Repeat("é", 200), strings.Repeat("é", 201), strings.Repeat("x", 301), strings.Repeat("x", 4001),
		[]any{}, []any{nil}, []any{"a"}, []any{"a", 1.0}, []any{map[string]any{}}, []any{[]any{}},
		map[string]any{}, map[string]any{"name": "AB"}, map[string]any{"name": 1.0}, map[string]any{"title": "T"}, map[string]any{"text": "T", "y": nil}, map[string]any{"x-a": []any{}},
	}
	return clone(values[m.IntN(len(values))])
}
