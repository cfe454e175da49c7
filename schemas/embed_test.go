// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package schemas_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/recap-oci/recap/schemas"
)

// compile compiles the schema of that name; every $ref finds its schema here,
// so a test that passes needs no network.
func compile(t *testing.T, name string) *jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	for _, n := range schemas.Names() {
		data, err := schemas.Read(n)
		if err != nil {
			t.Fatal(err)
		}
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
		if err != nil {
			t.Fatalf("%s: %v", n, err)
		}
		if err := c.AddResource(schemas.URL(n), doc); err != nil {
			t.Fatalf("%s: %v", n, err)
		}
	}
	s, err := c.Compile(schemas.URL(name))
	if err != nil {
		t.Fatalf("%s does not compile: %v", name, err)
	}
	return s
}

func TestEverySchema(t *testing.T) {
	names := schemas.Names()
	for _, want := range []string{"check", "config", "facts", "pack", "policy", "receipt", "recap"} {
		if !slices.Contains(names, want) {
			t.Errorf("there is no schema %q among %v", want, names)
		}
	}
	if !slices.IsSorted(names) {
		t.Errorf("names are not sorted: %v", names)
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			compile(t, name)
			data, err := schemas.Read(name)
			if err != nil {
				t.Fatal(err)
			}
			var doc map[string]any
			if err := json.Unmarshal(data, &doc); err != nil {
				t.Fatal(err)
			}
			if got, want := doc["$schema"], "https://json-schema.org/draft/2020-12/schema"; got != want {
				t.Errorf("$schema is %v, want %s", got, want)
			}
			if got, want := doc["$id"], schemas.URL(name); got != want {
				t.Errorf("$id is %v, want %s", got, want)
			}
			for _, key := range []string{"title", "description"} {
				if s, _ := doc[key].(string); s == "" {
					t.Errorf("no %s", key)
				}
			}
			describe(t, doc, doc, "")
		})
	}
}

// describe reports properties that an editor could not explain: without a
// description of their own or of the definition that they refer to.
func describe(t *testing.T, root map[string]any, v any, at string) {
	t.Helper()
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			describe(t, root, item, at)
		}
	case map[string]any:
		if properties, ok := v["properties"].(map[string]any); ok {
			for name, p := range properties {
				schema, ok := p.(map[string]any)
				if !ok {
					continue // false: a property that must not be there
				}
				if !described(root, schema) {
					t.Errorf("%s/%s has no description", at, name)
				}
			}
		}
		for key, child := range v {
			describe(t, root, child, at+"/"+key)
		}
	}
}

func described(root, schema map[string]any) bool {
	if s, _ := schema["description"].(string); s != "" {
		return true
	}
	ref, _ := schema["$ref"].(string)
	name, ok := strings.CutPrefix(ref, "#/$defs/")
	if !ok {
		return false
	}
	definition, _ := root["$defs"].(map[string]any)[name].(map[string]any)
	return definition != nil && described(root, definition)
}

func TestExamplesValidate(t *testing.T) {
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no examples: %v", err)
	}
	for _, file := range files {
		// testdata/<schema>.<good|bad>-<what>.json
		base := filepath.Base(file)
		name, rest, _ := strings.Cut(base, ".")
		t.Run(base, func(t *testing.T) {
			f, err := os.Open(file)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			v, err := jsonschema.UnmarshalJSON(f)
			if err != nil {
				t.Fatal(err)
			}
			err = compile(t, name).Validate(v)
			switch {
			case strings.HasPrefix(rest, "good-") && err != nil:
				t.Errorf("refused: %v", err)
			case strings.HasPrefix(rest, "bad-") && err == nil:
				t.Error("accepted")
			}
		})
	}
}

func TestReadRefusesOtherNames(t *testing.T) {
	for _, name := range []string{"", "nosuch", "../go", "recap.v1.schema.json", "a/b", `a\b`, "."} {
		if _, err := schemas.Read(name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("Read(%q) = %v, want fs.ErrNotExist", name, err)
		}
	}
}
