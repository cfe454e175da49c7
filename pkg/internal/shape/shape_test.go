// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package shape_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/recap-oci/recap/pkg/internal/shape"
)

func TestCompileRefuses(t *testing.T) {
	for _, tt := range []struct{ name, schema, want string }{
		{"no JSON", `{`, "unexpected end"},
		{"no schema", `1`, "schema at #: is no object"},
		{"two schemas", `{} {}`, "invalid character"},
		{"a keyword that is not known", `{"properties": {"a": {"uniqueItems": true}}}`, "schema at #/properties/a/uniqueItems: the keyword is not known"},
		{"a keyword of another draft", `{"definitions": {}}`, "#/definitions: the keyword"},
		{"a keyword in other case", `{"maxlength": 3}`, "#/maxlength: the keyword"},
		{"an unused definition", `{"$defs": {"a": {"not": {}}}}`, "#/$defs/a/not: the keyword"},
		{"another dialect", `{"$schema": "http://json-schema.org/draft-07/schema#"}`, "#/$schema: is not https"},
		{"definitions below", `{"items": {"$defs": {}}}`, "#/items/$defs: may stand at the root only"},
		{"an id below", `{"items": {"$id": "x"}}`, "#/items/$id: may stand"},
		{"another document", `{"$ref": "https://example.com/a.json#/$defs/a"}`, "names no definition"},
		{"no definition", `{"$ref": "#/$defs/a"}`, `#/$ref: "#/$defs/a" names no definition`},
		{"a place that is no definition", `{"properties": {"a": {}}, "items": {"$ref": "#/properties/a"}}`, "names no definition"},
		{"itself", `{"$defs": {"a": {"$ref": "#/$defs/a"}}}`, "#/$defs/a: refers to itself"},
		{"one another", `{"$defs": {"a": {"oneOf": [{"$ref": "#/$defs/b"}]}, "b": {"dependentSchemas": {"x": {"anyOf": [{"$ref": "#/$defs/a"}]}}}}}`, "refers to itself"},
		{"a type that is none", `{"type": ["string", "text"]}`, `#/type: "text" is no type`},
		{"a type that is no text", `{"type": [1]}`, "#/type: is no text"},
		{"a pattern that is none", `{"pattern": "("}`, "#/pattern: error parsing regexp"},
		{"a pattern beyond RE2", `{"patternProperties": {"(?=x)": {}}}`, "#/patternProperties: error parsing regexp"},
		{"a limit below zero", `{"maxLength": -1}`, "#/maxLength: is no count"},
		{"half a limit", `{"minItems": 1.5}`, "#/minItems: is no count"},
		{"a limit as text", `{"maximum": "1"}`, "#/maximum: is no number"},
		{"nothing to fit", `{"allOf": []}`, "#/allOf: is no list of anything"},
		{"itself, with others", `{"$defs": {"a": {"allOf": [{"$ref": "#/$defs/a"}]}}}`, "#/$defs/a: refers to itself"},
		{"no alternatives", `{"oneOf": []}`, "#/oneOf: is no list of anything"},
		{"alternatives as an object", `{"anyOf": {}}`, "#/anyOf: is no list"},
		{"no values", `{"enum": []}`, "#/enum: is no list of anything"},
		{"a list among the values", `{"enum": [[]]}`, "can't be compared"},
		{"an object as constant", `{"const": {}}`, "can't be compared"},
		{"required as text", `{"required": "a"}`, "#/required: is no list"},
		{"a name to escape", `{"properties": {"a/b~c": {"x": 1}}}`, "#/properties/a~1b~0c/x: the keyword"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, err := shape.Compile([]byte(tt.schema))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
			if s != nil {
				t.Error("there is a schema beside the error")
			}
		})
	}
}

func TestCompileIgnoresAnnotations(t *testing.T) {
	const schema = `{"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "https://example.com/a", "title": "A", "description": "B",
		"$comment": "C", "default": {"maxItems": "x"}, "examples": [{}], "$defs": {"a": true}}`
	s, err := shape.Compile([]byte(schema))
	if err != nil {
		t.Fatal(err)
	}
	if errors := s.Validate([]any{1.0}); errors != nil {
		t.Errorf("%+v", errors[0])
	}
}

// TestValidate shows the form of errors; what is one, the oracle knows.
func TestValidate(t *testing.T) {
	s, err := shape.Compile([]byte(small))
	if err != nil {
		t.Fatal(err)
	}
	got := s.Validate(map[string]any{
		"unknown": 1.0, "other": 1.0,
		"list":  []any{map[string]any{"both": false}, 1.0},
		"map":   map[string]any{"a/b": []any{true}, "c": "x"},
		"any":   []any{1.0},
		"every": map[string]any{"a": 1.0, "b": 1.0, "c": 1.0},
	})
	want := []*shape.Error{
		{Location: []string{"any"}, Schema: "#/properties/any", Kind: shape.AnyOf{}, Branches: [][]*shape.Error{
			{{Location: []string{"any"}, Schema: "#/properties/any/anyOf/0", Kind: shape.Type{Got: "array", Want: []string{"number"}}}},
			{{Location: []string{"any"}, Schema: "#/properties/any/anyOf/1", Kind: shape.Type{Got: "array", Want: []string{"string"}}}},
			{{Location: []string{"any"}, Schema: "#/properties/any/anyOf/2", Kind: shape.MinItems{Got: 1, Want: 2}}},
		}},
		{Location: []string{"every"}, Schema: "#/$defs/either", Kind: shape.OneOf{Fit: []string{"a", "b", "c"}}},
		{Location: []string{"list", "0", "both"}, Schema: "#/$defs/self/properties/both", Kind: shape.Type{Got: "boolean", Want: []string{"string"}}},
		{Location: []string{"map", "a/b"}, Schema: "#/$defs/tree", Kind: shape.OneOf{}, Branches: [][]*shape.Error{
			{{Location: []string{"map", "a/b"}, Schema: "#/$defs/tree/oneOf/0", Kind: shape.Type{Got: "array", Want: []string{"string"}}}},
			{{Location: []string{"map", "a/b", "0"}, Schema: "#/$defs/tree", Kind: shape.OneOf{}, Branches: [][]*shape.Error{
				{{Location: []string{"map", "a/b", "0"}, Schema: "#/$defs/tree/oneOf/0", Kind: shape.Type{Got: "boolean", Want: []string{"string"}}}},
				{{Location: []string{"map", "a/b", "0"}, Schema: "#/$defs/tree/oneOf/1", Kind: shape.Type{Got: "boolean", Want: []string{"array"}}}},
			}}},
		}},
		{Location: []string{"map"}, Schema: "#/properties/map", Kind: shape.PropertyNames{Name: "c"}},
		{Schema: "#", Kind: shape.AdditionalProperties{Names: []string{"other", "unknown"}}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestValidatePanicsAtOtherValues(t *testing.T) {
	s, err := shape.Compile([]byte(`{}`))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if recover() == nil {
			t.Error("an int passes as a JSON value")
		}
	}()
	s.Validate(1)
}

func TestShapes(t *testing.T) {
	s, err := shape.Compile([]byte(`{
		"properties": {
			"a": {"$ref": "#/$defs/a", "description": "An A."},
			"b": {"oneOf": [{"const": "x"}, {"type": "array", "items": {"$ref": "#/$defs/a"}}]},
			"c": {"enum": [1, true]}
		},
		"patternProperties": {"^x-": {"type": "null"}},
		"additionalProperties": {"type": "boolean"},
		"anyOf": [{"properties": {"a": {"type": "number"}, "d": true}, "additionalProperties": false}],
		"$defs": {"a": {"description": "Of its own.", "type": "object", "properties": {"a": {"$ref": "#/$defs/a"}, "0": {"type": "integer"}}}}
	}`))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		location    string
		accept      string
		properties  string
		description string
	}{
		{"", "", "a b c d", ""},
		{"a", "number object", "0 a", "An A."},
		{"a/a/a", "object", "0 a", "Of its own."},
		{"a/0", "integer", "", ""},
		{"b", "array string", "", ""},
		{"b/7", "object", "0 a", "Of its own."},
		{"b/7/a", "object", "0 a", "Of its own."},
		{"c", "boolean number", "", ""},
		{"x-y", "null", "", ""},
		{"other", "boolean", "", ""},
		{"other/below", "", "", ""},
	} {
		shapes := s.Shapes()
		if tt.location != "" {
			shapes = shapes.At(strings.Split(tt.location, "/"))
		}
		var accept []string
		for _, jsonType := range []string{"array", "boolean", "integer", "null", "number", "object", "string"} {
			if shapes.Accept(jsonType) {
				accept = append(accept, jsonType)
			}
		}
		if want := strings.Fields(tt.accept); !slices.Equal(accept, want) {
			t.Errorf("%s accepts %v, want %v", tt.location, accept, want)
		}
		if got, want := shapes.Properties(), strings.Fields(tt.properties); !slices.Equal(got, want) {
			t.Errorf("%s has %v, want %v", tt.location, got, want)
		}
		if got := shapes.Description(); got != tt.description {
			t.Errorf("%s is described as %q, want %q", tt.location, got, tt.description)
		}
	}
}

func BenchmarkCompile(b *testing.B) {
	data := read(b, "recap")
	for b.Loop() {
		if _, err := shape.Compile(data); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkValidate(b *testing.B) {
	s, err := shape.Compile(read(b, "recap"))
	if err != nil {
		b.Fatal(err)
	}
	value := frontMatter(b, "../../../examples/recaps/kubecon-eu-2024-ablock/index.md")
	for b.Loop() {
		if s.Validate(value) != nil {
			b.Fatal("it doesn't fit")
		}
	}
}
