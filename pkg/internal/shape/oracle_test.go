// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package shape_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"

	"github.com/recap-oci/recap/pkg/document"
	"github.com/recap-oci/recap/pkg/internal/shape"
	"github.com/recap-oci/recap/pkg/internal/tree"
	"github.com/recap-oci/recap/schemas"
)

// covered are schemas of ours that [shape.Compile] takes. The product checks by
// the first two only; the others show the same keywords in other arrangements.
var covered = []string{"recap", "policy", "check", "config"}

// pair is one schema, compiled twice.
type pair struct {
	ours   *shape.Schema
	oracle *jsonschema.Schema
}

func compile(t testing.TB, data []byte) pair {
	t.Helper()
	ours, err := shape.Compile(data)
	if err != nil {
		t.Fatal(err)
	}
	return pair{ours, compileOracle(t, "https://example.com/schema.json", map[string][]byte{"https://example.com/schema.json": data})}
}

func compileOracle(t testing.TB, url string, resources map[string][]byte) *jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	for at, data := range resources {
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		if err := c.AddResource(at, doc); err != nil {
			t.Fatal(err)
		}
	}
	s, err := c.Compile(url)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func read(t testing.TB, name string) []byte {
	t.Helper()
	data, err := schemas.Read(name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// check holds that both say the same about a value, finding by finding, and
// that ours says it in the same order twice. It returns whether the value fits.
func (p pair) check(t testing.TB, value any) (valid bool) {
	t.Helper()
	errors := p.ours.Validate(value)
	got, want := findings(errors), []string(nil)
	if err := p.oracle.Validate(value); err != nil {
		want = oracleFindings(err.(*jsonschema.ValidationError)) //nolint:errorlint // its only type
	}
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		text, _ := json.Marshal(value) // it came from JSON
		t.Fatalf("the oracle (-) and we (+) differ:\n%s\nabout %s", diff, text)
	}
	if diff := cmp.Diff(errors, p.ours.Validate(value)); diff != "" {
		t.Fatalf("the second time:\n%s", diff)
	}
	return len(errors) == 0
}

// findings lists errors, with those of branches, one line each.
func findings(errors []*shape.Error) []string {
	var lines []string
	for _, e := range errors {
		line := func(format string, args ...any) {
			lines = append(lines, fmt.Sprintf("/%s %s: ", strings.Join(e.Location, "/"), e.Schema)+fmt.Sprintf(format, args...))
		}
		switch k := e.Kind.(type) {
		case shape.FalseSchema:
			line("false")
		case shape.Type:
			line("type %s, not %v", k.Got, slices.Sorted(slices.Values(k.Want)))
		case shape.Const:
			line("const %v", k.Want)
		case shape.Enum:
			line("enum %v", k.Want)
		case shape.AnyOf, shape.OneOf:
			for _, branch := range e.Branches {
				lines = append(lines, findings(branch)...)
			}
			if e.Branches == nil {
				line("oneOf") // of its fields the oracle says nothing
			}
		case shape.Required:
			line("required %v", k.Missing)
		case shape.AdditionalProperties:
			line("additionalProperties %v", k.Names)
		case shape.PropertyNames:
			lines = append(lines, fmt.Sprintf("propertyNames %q", k.Name))
		case shape.DependentRequired:
			line("dependentRequired %s %v", k.Property, k.Missing)
		case shape.MaxProperties:
			line("maxProperties %d %d", k.Got, k.Want)
		case shape.MinItems:
			line("minItems %d %d", k.Got, k.Want)
		case shape.MaxItems:
			line("maxItems %d %d", k.Got, k.Want)
		case shape.MinLength:
			line("minLength %d %d", k.Got, k.Want)
		case shape.MaxLength:
			line("maxLength %d %d", k.Got, k.Want)
		case shape.Pattern:
			line("pattern %q %q", k.Got, k.Want)
		case shape.Minimum:
			line("minimum %v", k.Want)
		case shape.Maximum:
			line("maximum %v", k.Want)
		default:
			line("%T", k)
		}
	}
	return lines
}

// oracleFindings does the same with an error of the oracle. An error of
// propertyNames is without its place and its causes: the place is wrong.
func oracleFindings(e *jsonschema.ValidationError) []string {
	_, fragment, _ := strings.Cut(e.SchemaURL, "#")
	fragment = strings.ReplaceAll(fragment, "%5E", "^")
	line := func(format string, args ...any) []string {
		return []string{fmt.Sprintf("/%s #%s: ", strings.Join(e.InstanceLocation, "/"), fragment) + fmt.Sprintf(format, args...)}
	}
	switch k := e.ErrorKind.(type) {
	case *kind.Schema, *kind.Group, *kind.Reference, *kind.AllOf, *kind.AnyOf, *kind.OneOf:
		if _, ok := k.(*kind.OneOf); ok && len(e.Causes) == 0 {
			return line("oneOf")
		}
		var lines []string
		for _, cause := range e.Causes {
			lines = append(lines, oracleFindings(cause)...)
		}
		return lines
	case *kind.FalseSchema:
		return line("false")
	case *kind.Type:
		return line("type %s, not %v", k.Got, slices.Sorted(slices.Values(k.Want)))
	case *kind.Const:
		return line("const %v", k.Want)
	case *kind.Enum:
		return line("enum %v", k.Want)
	case *kind.Required:
		return line("required %v", k.Missing)
	case *kind.AdditionalProperties:
		slices.Sort(k.Properties)
		return line("additionalProperties %v", k.Properties)
	case *kind.PropertyNames:
		return []string{fmt.Sprintf("propertyNames %q", k.Property)}
	case *kind.DependentRequired:
		return line("dependentRequired %s %v", k.Prop, k.Missing)
	case *kind.MaxProperties:
		return line("maxProperties %d %d", k.Got, k.Want)
	case *kind.MinItems:
		return line("minItems %d %d", k.Got, k.Want)
	case *kind.MaxItems:
		return line("maxItems %d %d", k.Got, k.Want)
	case *kind.MinLength:
		return line("minLength %d %d", k.Got, k.Want)
	case *kind.MaxLength:
		return line("maxLength %d %d", k.Got, k.Want)
	case *kind.Pattern:
		return line("pattern %q %q", k.Got, k.Want)
	case *kind.Minimum:
		want, _ := k.Want.Float64()
		return line("minimum %v", want)
	case *kind.Maximum:
		want, _ := k.Want.Float64()
		return line("maximum %v", want)
	default:
		return line("%T", k)
	}
}

// small is a schema with what none of ours has: keywords side by side, in each
// other's way, or with other types than there.
const small = `{
	"type": ["object", "null"],
	"properties": {
		"ref": {"$ref": "#/$defs/word", "maxLength": 3},
		"both": {"oneOf": [{"type": "integer"}, {"type": "number", "minimum": 2}, {"const": 7}]},
		"any": {"anyOf": [{"type": "number", "minimum": 10}, {"type": "string", "minLength": 2}, {"type": "array", "items": {"type": "integer"}, "minItems": 2}]},
		"enum": {"enum": [1, true, null, "a", 1.5]},
		"const": {"const": 2.5},
		"zero": {"const": null},
		"all": true,
		"none": false,
		"x-known": {"type": "string"},
		"list": {"maxItems": 2, "items": {"$ref": "#/$defs/self"}},
		"map": {"propertyNames": {"minLength": 2}, "maxProperties": 2, "additionalProperties": {"$ref": "#/$defs/tree"}},
		"every": {"allOf": [{"type": ["integer", "object"]}, {"minimum": 2, "required": ["a"]}, {"$ref": "#/$defs/either"}]},
		"names": {"propertyNames": false},
		"free": {"additionalProperties": true}
	},
	"patternProperties": {"^x-": {"type": ["string", "integer"], "maximum": 5}, "y$": {"minLength": 1}},
	"additionalProperties": false,
	"dependentRequired": {"ref": ["any", "enum"], "any": []},
	"dependentSchemas": {"zero": {"required": ["all"]}, "none": false},
	"$defs": {
		"either": {"oneOf": [{"required": ["a"]}, {"type": "object", "required": ["b", "c"]}]},
		"self": {"properties": {"list": {"items": {"$ref": "#/$defs/self"}}, "both": {"type": "string"}}},
		"word": {"type": "string", "pattern": "^[a-zé]+$", "minLength": 2},
		"tree": {"oneOf": [{"type": "string"}, {"type": "array", "items": {"$ref": "#/$defs/tree"}}]}
	}
}`

// seeds returns values for each schema: good ones, and bad ones written by hand.
func seeds(t testing.TB) map[string][]any {
	t.Helper()
	found := map[string][]any{}
	add := func(name, text string) {
		t.Helper()
		var v any
		if err := json.Unmarshal([]byte(text), &v); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		found[name] = append(found[name], v)
	}
	files, err := filepath.Glob("../../../schemas/testdata/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no testdata: %v", err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		switch name, _, _ := strings.Cut(filepath.Base(file), "."); {
		case name == "facts":
			add("recap", `{"title": "T", "recap": `+string(data)+`}`)
		case slices.Contains(covered, name):
			add(name, string(data))
		}
	}
	files, err = filepath.Glob("../../../examples/recaps/*/index.md")
	if err != nil || len(files) == 0 {
		t.Fatalf("no examples: %v", err)
	}
	for _, file := range files {
		found["recap"] = append(found["recap"], frontMatter(t, file))
	}
	for _, text := range []string{
		`null`, `[]`, `{"title": "T"}`, `{"title": "", "recap": {"event": "EE"}}`, `{"title": "T", "recap": {"event": "E"}}`,
		`{"title": "T", "slug": "No", "date": null, "author": null, "tags": null, "draft": null, "recap": {"event": {}}}`,
		`{"title": "T", "author": [1, {"name": "A", "url": "x"}, {}], "tags": ["a", null, 1], "recap": {"event": {"name": "EE", "subEvents": ["AA", {"name": "B"}, 1]}}}`,
		`{"title": "T", "recap": {"event": "EE", "entities": {"a": "A", "B": "B", "c-": {"kind": "x"}}, "x-a": [{}], "y": 1}}`,
		`{"title": "T", "recap": {"event": "EE", "observations": [{"property": "a"}, {"property": "a", "value": 1, "minValue": 1, "exclusiveMax": true}, {"value": []}]}}`,
		`{"title": "T", "recap": {"event": "EE", "media": [{}, {"unavailable": true, "src": "a"}, {"src": "/a", "unavailable": false}]}}`,
		`{"title": "T", "recap": {"event": "EE", "recommendations": [{"session": {}}, {"session": 1}, {"session": "S", "position": 0}, {"session": "S", "position": 1.5}]}}`,
		`{"title": "T", "recap": {"event": "EE", "notes": ["a", {"text": "b", "sourceLines": 0}, {"text": "b", "sourceLines": "8-"}, 1], "apiVersion": "recap/v2"}}`,
	} {
		add("recap", text)
	}
	for _, text := range []string{
		`null`, `{}`, `{"ref": "abc", "any": 10, "enum": 1}`, `{"ref": "été", "any": [1, 2], "enum": true}`, `{"ref": "Abcd"}`, `{"ref": "éééé", "any": 1}`,
		`{"both": 1}`, `{"both": 2}`, `{"both": 7}`, `{"both": 2.5}`, `{"both": 1.5}`, `{"both": "x"}`, `{"any": "a"}`, `{"any": [1]}`, `{"any": [1, 1.5]}`, `{"any": null}`,
		`{"enum": 1.5}`, `{"enum": null}`, `{"enum": "1"}`, `{"enum": [1]}`, `{"enum": {}}`, `{"enum": false}`, `{"const": 2.5, "zero": null, "all": 0}`, `{"const": {}, "zero": 0}`,
		`{"none": 1, "all": 1}`, `{"x-known": 1}`, `{"x-known": "a", "x-y": ""}`, `{"x-a": 6, "y": "a", "ay": "", "b": 1, "a": 2}`,
		`{"list": [{}, null, {"list": [{"list": [1]}]}]}`, `{"list": [{}, {}, {}]}`, `{"list": {}}`, `{"map": {"ab": [["x", [1]]], "a": {}, "bc": "x"}}`, `{"names": {}}`, `{"names": {"a": 1}}`, `{"free": {"a": 1}}`,
		`{"every": 1}`, `{"every": 2}`, `{"every": "a"}`, `{"every": {"a": 1}}`, `{"every": {"a": 1, "b": 1, "c": 1}}`, `{"every": {"b": 1}}`,
	} {
		add("small", text)
	}
	for _, authority := range []string{
		`"key": {"path": "k.pub"}`, `"key": {"data": "K", "validFrom": "2026-01-01"}, "require": {"timestamps": 1}`, `"key": {"kms": "awskms://k"}`,
		`"keyless": {"identities": [{"issuer": "i", "subject": "s"}]}`, `"keyless": {"identities": [{"issuerRegExp": "i", "subjectRegExp": "s", "claims": {"a": "b"}}]}`,
		`"github": {"repository": "a/b", "workflow": "w.yml", "ref": "refs/heads/main"}`,
	} {
		add("policy", `{"apiVersion": "recap/v1", "kind": "TrustPolicy", "policies": [{"name": "a", "scopes": ["**"], "authorities": [{"name": "k", `+authority+`}]}]}`)
	}
	add("check", `{"schemaVersion": 1, "level": "valid", "ok": true, "paths": ["."], "problems": [], "counts": {"errors": 0, "warnings": 0, "counted": 0}}`)
	return found
}

// frontMatter returns the front matter of a document, dates as text.
func frontMatter(t testing.TB, file string) any {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	front, err := document.Split(text)
	if err != nil {
		t.Fatal(err)
	}
	root, problems := tree.Parse(tree.YAML, text[front.Data.Start:front.Data.End], file, 1)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return plain(root)
}

func plain(n *tree.Node) any {
	switch n.Kind {
	case tree.Bool:
		return n.Bool
	case tree.Number:
		return n.Num
	case tree.String, tree.Time:
		return n.Text
	case tree.List:
		items := []any{}
		for _, item := range n.Items {
			items = append(items, plain(item))
		}
		return items
	case tree.Map:
		entries := map[string]any{}
		for _, e := range n.Entries {
			entries[e.Key.Text] = plain(e.Value)
		}
		return entries
	}
	return nil
}

// TestOracle holds that our reading of a schema is that of a full implementation
// of JSON Schema: about the seeds, and about thousands of mutations of them.
func TestOracle(t *testing.T) {
	values := seeds(t)
	mutations := 4000
	if testing.Short() {
		mutations = 800
	}
	for _, name := range append([]string{"small"}, covered...) {
		t.Run(name, func(t *testing.T) {
			data := []byte(small)
			if name != "small" {
				data = read(t, name)
			}
			p := compile(t, data)
			rng := rand.New(rand.NewPCG(1, 2)) // the same every time
			m := mutator{rng, vocabulary(t, data)}
			valid, invalid := 0, 0
			for _, seed := range values[name] {
				p.check(t, seed)
				for range mutations / len(values[name]) {
					v := clone(seed)
					for range 1 + rng.IntN(3) {
						v = m.mutate(v)
					}
					if p.check(t, v) {
						valid++
					} else {
						invalid++
					}
				}
			}
			t.Logf("%d mutations fit, %d don't", valid, invalid)
			if invalid < mutations/40 || valid < mutations/40 {
				t.Errorf("of the mutations %d fit and %d don't: too few to tell anything", valid, invalid)
			}
		})
	}
}

// TestFactsAreThoseOfTheFrontMatter holds that checking recap.yaml under the
// recap key, as pkg/source does, is checking it by its own schema.
func TestFactsAreThoseOfTheFrontMatter(t *testing.T) {
	ours, err := shape.Compile(read(t, "recap"))
	if err != nil {
		t.Fatal(err)
	}
	oracle := compileOracle(t, schemas.URL("facts"), map[string][]byte{
		schemas.URL("facts"): read(t, "facts"), schemas.URL("recap"): read(t, "recap"),
	})
	valid, invalid := 0, 0
	for _, seed := range seeds(t)["recap"] {
		front, ok := seed.(map[string]any)
		if !ok || front["recap"] == nil {
			continue
		}
		got := ours.Validate(map[string]any{"title": "T", "recap": front["recap"]}) == nil
		if want := oracle.Validate(front["recap"]) == nil; got != want {
			t.Errorf("fits: %v, want %v: %v", got, want, front["recap"])
		}
		if got {
			valid++
		} else {
			invalid++
		}
	}
	if valid == 0 || invalid == 0 {
		t.Errorf("%d seeds fit, %d don't", valid, invalid)
	}
}

// FuzzValidate holds the same about what nobody thought of.
func FuzzValidate(f *testing.F) {
	for _, name := range []string{"recap", "small"} {
		for _, seed := range seeds(f)[name] {
			data, err := json.Marshal(seed)
			if err != nil {
				f.Fatal(err)
			}
			if len(data) < 1000 { // the fuzzer tries thousands of variants of each
				f.Add(data)
			}
		}
	}
	pairs := []pair{compile(f, []byte(small)), compile(f, read(f, "recap"))}
	f.Fuzz(func(t *testing.T, data []byte) {
		var v any
		if json.Unmarshal(data, &v) != nil {
			return // no JSON: neither is asked
		}
		for _, p := range pairs {
			p.check(t, v)
		}
	})
}
