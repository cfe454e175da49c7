// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package pack

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// TestSchema holds what pkg/internal/fit asks of a schema: the alternatives of a
// oneOf take different types, those of an anyOf require fields and say nothing
// else. And every pattern that a person can miss has words.
func TestSchema(t *testing.T) {
	raw, err := joinedSchema()
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(raw), `"$ref":"https:`) || strings.Contains(string(raw), `"$ref": "https:`) {
		t.Error("a definition stands in another document")
	}
	var root map[string]any
	if err := json.Unmarshal(raw, &root); err != nil {
		t.Fatal(err)
	}
	defs := root["$defs"].(map[string]any)
	var typesOf func(schema map[string]any) []string
	typesOf = func(schema map[string]any) []string {
		if ref, ok := schema["$ref"].(string); ok {
			return typesOf(defs[strings.TrimPrefix(ref, "#/$defs/")].(map[string]any))
		}
		var types []string
		switch named := schema["type"].(type) {
		case string:
			types = append(types, named)
		case []any:
			for _, one := range named {
				types = append(types, one.(string))
			}
		}
		for _, branch := range list(schema["oneOf"]) {
			types = append(types, typesOf(branch.(map[string]any))...)
		}
		return types
	}
	reached, oneOfs := map[string]bool{}, 0
	var walk func(v any, at string)
	walk = func(v any, at string) {
		switch v := v.(type) {
		case []any:
			for _, item := range v {
				walk(item, at)
			}
		case map[string]any:
			if ref, ok := v["$ref"].(string); ok {
				name := strings.TrimPrefix(ref, "#/$defs/")
				if !reached[name] {
					reached[name] = true
					walk(defs[name], "#/$defs/"+name)
				}
			}
			var all []string
			for _, branch := range list(v["oneOf"]) {
				oneOfs++
				types := typesOf(branch.(map[string]any))
				if len(types) == 0 {
					t.Errorf("%s/oneOf: a branch doesn't say which types it takes", at)
				}
				all = append(all, types...)
			}
			slices.Sort(all)
			if len(slices.Compact(slices.Clone(all))) != len(all) {
				t.Errorf("%s/oneOf: two branches take the same type: %v", at, all)
			}
			for _, branch := range list(v["anyOf"]) {
				if b := branch.(map[string]any); len(b) != 1 || b["required"] == nil {
					t.Errorf("%s/anyOf: a branch says something else than required", at)
				}
			}
			if _, ok := v["pattern"].(string); ok && form().Patterns[form().PatternOf(at)] == "" {
				t.Errorf("%s: nothing says what its pattern wants", at)
			}
			for key, child := range v {
				if key != "$defs" {
					walk(child, at+"/"+key)
				}
			}
		}
	}
	walk(root, "#")
	if oneOfs < 5 || !reached["event"] || !reached["entity"] || !reached["agents"] || reached["session"] {
		t.Errorf("%d branches, definitions %v: this test looks at other things", oneOfs, reached)
	}
}

func list(v any) []any { l, _ := v.([]any); return l }
