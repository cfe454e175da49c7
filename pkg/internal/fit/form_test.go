// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package fit_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/recap-oci/recap/pkg/internal/fit"
	"github.com/recap-oci/recap/pkg/internal/shape"
	"github.com/recap-oci/recap/pkg/internal/tree"
)

const schema = `{
	"type": "object",
	"required": ["name"],
	"additionalProperties": false,
	"properties": {
		"name": {"type": "string", "minLength": 2, "maxLength": 4, "description": "What it is Called."},
		"bare": {"type": "string"},
		"kind": {"enum": ["talk", "panel"]},
		"version": {"const": "v1"},
		"count": {"type": "integer", "minimum": 1, "maximum": 3},
		"page": {"$ref": "#/$defs/uri"},
		"list": {"type": "array", "items": {"type": "boolean"}, "minItems": 1, "maxItems": 2},
		"map": {"type": "object", "propertyNames": {"pattern": "^[a-z]+$"}, "maxProperties": 1, "additionalProperties": {"type": "string"}},
		"means": {"type": "object", "oneOf": [{"required": ["path"]}, {"required": ["data"]}, {"required": ["kms"]}]},
		"some": {"type": "object", "anyOf": [{"required": ["a"]}, {"required": ["b"]}]},
		"mixed": {"oneOf": [{"type": "string"}, {"type": "object", "required": ["id"]}, {"type": "null"}]},
		"from": {"type": "string"},
		"to": {"type": "string"},
		"below": {"type": "object", "properties": {"inner": {"$ref": "#/$defs/uri"}}, "additionalProperties": false}
	},
	"dependentRequired": {"from": ["to"]},
	"dependentSchemas": {"count": {"properties": {"list": false}}},
	"$defs": {"uri": {"type": "string", "pattern": "^https:"}}
}`

func form(t testing.TB) fit.Form {
	t.Helper()
	s, err := shape.Compile([]byte(schema))
	if err != nil {
		t.Fatal(err)
	}
	return fit.Form{
		Schema: s, Name: "thing", Thing: "a thing", Whole: "the file", Omit: "below",
		Patterns: map[string]string{"uri": "a whole address", "slug": "small letters"},
	}
}

// Where the rest would mean something else without it, what is empty isn't to be
// removed.
func TestCheckNeeded(t *testing.T) {
	for text, want := range map[string]string{
		"name:\n":   "fill it in",
		"name: A\n": "fill it in",

		"name: Ada\nlist: []\n": "add to it",
	} {
		f := form(t)
		f.Needed = true
		root, problems := tree.Parse(tree.YAML, []byte(text), "f.yaml", 1)
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		found := 0
		for m := range f.Check(root) {
			if found++; m.Mend != want {
				t.Errorf("%q: %s", text, m.Mend)
			}
		}
		if found != 1 {
			t.Errorf("%q: %d misfits", text, found)
		}
	}
}

func TestCheck(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		want       []string
	}{
		{"all well", "name: Ada\ncount: 2\npage: https://example.com\n", nil},
		{"spelt as other types", "name: 1.10\nbare: NO\nversion: v1\nfrom: 2026-03-27\nto: yes\n", nil},
		{"nothing", "", []string{"1:1: the file lacks name; add name: what it is Called"}},
		{"empty", "name:\n", []string{"1:1: name is empty; fill it in, or remove the line; cut /name"}},
		{"another type", "name: [a]\n", []string{"1:1: name is a list, not text; write text; cut /name"}},
		{"half a number", "name: Ada\ncount: 1.5\n", []string{"2:1: count is a number, not a whole number; write a whole number; cut /count"}},
		{"too short", "name: A\n", []string{"1:1: name is too short; fill it in, or remove it; cut /name"}},
		{"too long", "name: Ada Example\n", []string{"1:1: name has 11 characters; at most 4 are allowed; shorten it; cut /name"}},
		{"misspelt field", "name: Ada\ncuont: 2\n", []string{"2:1: cuont is not a field of a thing; did you mean count?; unknown; cut /cuont"}},
		{"other fields", "name: Ada\nb/c: 2\nweather: dry\n", []string{
			"2:1: b/c is not a field of a thing; remove it (known: bare, below, count, from, kind, list, map, means, mixed, name, page, some, to, version); unknown; cut /b~1c",
			"3:1: weather is not a field of a thing; remove it (known: bare, below, count, from, kind, list, map, means, mixed, name, page, some, to, version); unknown; cut /weather",
		}},
		{"field of a part that goes without saying", "name: Ada\nbelow:\n  iner: x\n", []string{"3:3: iner is not a field of a thing; did you mean inner?; unknown; cut /below/iner"}},
		{"misspelt value", "name: Ada\nkind: pannel\n", []string{`2:1: kind "pannel" is not one of the known values; did you mean panel? known: talk, panel; cut /kind`}},
		{"other value", "name: Ada\nkind: concert\n", []string{`2:1: kind "concert" is not one of the known values; use one of talk, panel; cut /kind`}},
		{"another constant", "name: Ada\nversion: v2\n", []string{`2:1: version "v2" must be v1; write v1; cut /version`}},
		{"too small", "name: Ada\ncount: 0\n", []string{`2:1: count "0" is too small; write 1 or more; cut /count`}},
		{"too large", "name: Ada\ncount: 4\n", []string{`2:1: count "4" is too large; write 3 or less; cut /count`}},
		{"more digits than a number keeps", "name: Ada\ncount: 900719925474099100001\n", []string{
			"2:8: count is a number that JSON can't keep exactly; put it in quotes to keep it as text",
			`2:1: count "900719925474099100001" is too large; write 3 or less; cut /count`,
		}},
		{"a pattern", "name: Ada\npage: ftp:x\n", []string{`2:1: page "ftp:x" has the wrong form; write a whole address; pattern uri "ftp:x"; cut /page`}},
		{"no items", "name: Ada\nlist: []\n", []string{"2:1: list is an empty list; add to it, or remove it; cut /list"}},
		{"many items", "name: Ada\nlist: [true, true, true]\n", []string{"2:1: list has 3 items; at most 2 are allowed; drop some; cut /list"}},
		{"an item", "name: Ada\nlist:\n- true\n- 7\n", []string{"4:3: list[1] is a number, not true or false; write true or false; cut /list/1"}},
		{"many entries", "name: Ada\nmap: {a: x, b: y}\n", []string{"2:1: map has 2 entries; at most 1 are allowed; drop some; cut /map"}},
		{"a key", "name: Ada\nmap: {A: x}\n", []string{`2:7: map: the key "A" is no id; write small letters; cut /map/A`}},
		{"one of three", "name: Ada\nmeans: {other: x}\n", []string{"2:1: means lacks path or data or kms; add one of them"}},
		{"two of three", "name: Ada\nmeans: {path: x, kms: y}\n", []string{"2:1: means has path and kms; keep one of them; cut /means"}},
		{"three of three", "name: Ada\nmeans: {path: x, kms: y, data: z}\n", []string{"2:1: means has path, data and kms; keep one of them; cut /means"}},
		{"any of two", "name: Ada\nsome: {}\n", []string{"2:1: some lacks a or b; add one of them"}},
		{"the alternative of that type", "name: Ada\nmixed: {}\n", []string{"2:1: mixed lacks id; add id: …"}},
		{"an alternative of none of these types", "name: Ada\nmixed: [a]\n", []string{"2:1: mixed is a list, not a mapping or text; write a mapping or text; cut /mixed"}},
		{"without the other", "name: Ada\nfrom: x\n", []string{"1:1: the file has from but lacks to; add it, or remove from; cut /from"}},
		{"beside the other", "name: Ada\ncount: 1\nlist: [true]\n", []string{"3:1: list can't stand beside count; keep one of them; cut /list"}},
		{"long", "name: Ada\n" + strings.Repeat("long", 20) + ": x\n", []string{"2:1: " + strings.Repeat("long", 15) + "… is not a field of a thing; remove it (known: bare, below, count, from, kind, list, map, means, mixed, name, page, some, to, version); unknown; cut /" + strings.Repeat("long", 20)}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			root, problems := tree.Parse(tree.YAML, []byte(tt.text), "f.yaml", 1)
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			var got []string
			for m := range form(t).Check(root) {
				got = append(got, line(m))
				if len(m.Cut) == 1 && m.Cut[0] != m.Pointer && m.Message != "the file has from but lacks to" {
					t.Errorf("%s: at %q, cut %q", m.Message, m.Pointer, m.Cut[0])
				}
				if len(m.Cut) == 0 && m.Pointer == "" && !strings.HasPrefix(m.Message, "the file") {
					t.Errorf("%s: at the file", m.Message)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func line(m fit.Misfit) string {
	s := fmt.Sprintf("%d:%d: %s; %s", m.Pos.Line, m.Pos.Col, m.Message, m.Mend)
	if m.Unknown {
		s += "; unknown"
	}
	if m.Pattern != "" {
		s += fmt.Sprintf("; pattern %s %q", m.Pattern, m.Text)
	}
	if len(m.Cut) > 0 {
		s += "; cut " + strings.Join(m.Cut, " ")
	}
	return s
}

// TestCheckStops holds that who has read enough is not told more.
func TestCheckStops(t *testing.T) {
	const text = "a: 1\nb: 2\ncount: 900719925474099100001\nkind: 900719925474099100001\nfrom: x\n"
	root, _ := tree.Parse(tree.YAML, []byte(text), "f.yaml", 1)
	all := 0
	for range form(t).Check(root) {
		all++
	}
	if all < 6 {
		t.Fatalf("%d misfits: too few to stop among", all)
	}
	for limit := 1; limit <= all; limit++ {
		n := 0
		for range form(t).Check(root) {
			if n++; n == limit {
				break
			}
		}
		if n != limit {
			t.Errorf("%d misfits, want %d", n, limit)
		}
	}
}
