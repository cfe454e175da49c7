// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/recap-oci/recap/pkg/internal/shape"
	"github.com/recap-oci/recap/pkg/internal/tree"
)

func itoa(n int) string { return strconv.Itoa(n) }

// validate checks the front matter against its schema, reports what doesn't
// fit, and cuts that out, so that the rest can be understood.
func (l *loader) validate() {
	shapes := recapSchema().Shapes()
	invalid := recapSchema().Validate(l.settle(l.front, shapes, ""))
	if invalid == nil {
		return
	}
	l.broken = true
	var cuts []string
	for _, e := range meant(invalid) {
		if l.full() {
			return // what is left is of no use
		}
		cuts = append(cuts, l.explain(e, shapes)...)
	}
	l.cuts = cuts
	l.cut(cuts)
}

// meant puts one error, or those of one alternative, in the place of each that
// is about alternatives.
func meant(errors []*shape.Error) []*shape.Error {
	var found []*shape.Error
	for _, e := range errors {
		switch e.Kind.(type) {
		case shape.OneOf:
			found = append(found, meantType(e)...)
		case shape.AnyOf:
			found = append(found, anyField(e))
		default:
			found = append(found, e)
		}
	}
	return found
}

// meantType returns what is wrong with the alternative that takes the type of
// the value that is there. There is at most one: our alternatives differ by
// their type, which a test holds. Without one the value has to be of any of their
// types.
func meantType(e *shape.Error) []*shape.Error {
	var types shape.Type
	for _, branch := range e.Branches {
		found := meant(branch)
		wrong, ok := found[0].Kind.(shape.Type)
		if !ok || len(found[0].Location) > len(e.Location) {
			return found
		}
		types.Got = wrong.Got
		types.Want = append(types.Want, wrong.Want...)
	}
	slices.Sort(types.Want)
	types.Want = slices.Compact(types.Want)
	return []*shape.Error{{Location: e.Location, Schema: e.Schema, Kind: types}}
}

// anyField makes one error of alternatives that require a field each, as all
// that our schema has under anyOf do.
func anyField(e *shape.Error) *shape.Error {
	var names anyRequired
	for _, branch := range e.Branches {
		if required, ok := branch[0].Kind.(shape.Required); ok {
			names.Missing = append(names.Missing, required.Missing...)
		}
	}
	return &shape.Error{Location: e.Location, Schema: e.Schema, Kind: names}
}

// anyRequired is a Required of which one field is enough.
type anyRequired struct{ shape.Required }

// explain reports one error in plain words and returns the pointers of what has
// to be cut out for the rest to fit.
func (l *loader) explain(e *shape.Error, root shape.Shapes) (cuts []string) {
	pointer := ""
	for _, t := range e.Location {
		pointer += "/" + tree.Escape(t)
	}
	pos, _ := l.front.Find(pointer)
	name, value := fieldName(pointer), l.at(pointer)
	if name == "" {
		name = "the front matter"
	}
	got := ""
	if value != nil && value.Kind != tree.List && value.Kind != tree.Map {
		got = fmt.Sprintf(" %q", clip(value.Text))
	}
	bad := func(mend, format string, args ...any) { l.report(ruleValue, pos, mend, format, args...) }
	cuts = []string{pointer}
	switch k := e.Kind.(type) {
	case shape.AdditionalProperties:
		cuts = nil
		known := root.At(e.Location).Properties()
		for _, p := range k.Names {
			if l.full() {
				break
			}
			field := pointer + "/" + tree.Escape(p)
			at, _ := l.front.Find(field)
			mend := fmt.Sprintf("remove it, or begin it with x- to keep it (known: %s)", strings.Join(known, ", "))
			if s := nearest(p, known); s != "" {
				mend = fmt.Sprintf("did you mean %s?", s)
			}
			l.report(ruleUnknown, at, mend, "%s is not a field of a recap", fieldName(field))
			cuts = append(cuts, field)
		}
	case shape.Required:
		cuts = nil
		for _, missing := range k.Missing {
			bad(fmt.Sprintf("add %s: %s", missing, describe(root.At(append(slices.Clone(e.Location), missing)))),
				"%s lacks %s", name, missing)
		}
	case anyRequired:
		cuts = nil
		bad("add one of them", "%s lacks %s", name, strings.Join(k.Missing, " or "))
	case shape.DependentRequired:
		bad("add it, or remove "+k.Property, "%s has %s but lacks %s", name, k.Property, strings.Join(k.Missing, ", "))
		cuts = []string{pointer + "/" + k.Property}
	case shape.FalseSchema:
		bad("keep one of them", "%s can't stand beside %s", name, dependent(e.Schema))
	case shape.Type:
		if k.Got == "null" {
			bad("fill it in, or remove the line", "%s is empty", name)
		} else {
			bad("write "+words(k.Want), "%s is %s, not %s", name, article(k.Got), words(k.Want))
		}
	case shape.Enum:
		want := make([]string, 0, len(k.Want))
		for _, w := range k.Want {
			want = append(want, fmt.Sprint(w))
		}
		mend := "use one of " + strings.Join(want, ", ")
		if value != nil {
			if s := nearest(value.Text, want); s != "" {
				mend = fmt.Sprintf("did you mean %s? known: %s", s, strings.Join(want, ", "))
			}
		}
		bad(mend, "%s%s is not one of the known values", name, got)
	case shape.Const:
		bad(fmt.Sprintf("write %v", k.Want), "%s%s must be %v", name, got, k.Want)
	case shape.Pattern:
		l.explainPattern(e, name, value, pos)
	case shape.PropertyNames:
		field := pointer + "/" + tree.Escape(k.Name)
		at, _ := l.front.Find(field)
		l.report(ruleValue, at, "write "+forms["slug"], "%s: the key %q is no id", name, clip(k.Name))
		cuts = []string{field}
	case shape.MinLength:
		bad("fill it in, or remove it", "%s is too short", name)
	case shape.MaxLength:
		bad("shorten it", "%s has %d characters; at most %d are allowed", name, k.Got, k.Want)
	case shape.MinItems:
		bad("add to it, or remove it", "%s is an empty list", name)
	case shape.MaxItems:
		bad("split the recap, or drop some", "%s has %d items; at most %d are allowed", name, k.Got, k.Want)
	case shape.MaxProperties:
		bad("split the recap, or drop some", "%s has %d entries; at most %d are allowed", name, k.Got, k.Want)
	case shape.Minimum:
		bad(fmt.Sprintf("write %v or more", k.Want), "%s%s is too small", name, got)
	case shape.Maximum:
		bad(fmt.Sprintf("write %v or less", k.Want), "%s%s is too large", name, got)
	default:
		bad("write what recap schema recap describes", "%s%s does not fit", name, got)
	}
	return cuts
}

// forms says what a pattern of the schema wants, by the definition or property
// that it belongs to.
var forms = map[string]string{
	"slug":        "lower-case letters, digits and single hyphens, such as kubecon-eu-2024",
	"date":        "as much as is known: 2024, 2024-03, 2024-03-27 or 2024-03-27T10:00:00Z",
	"uri":         "a whole address, such as https://example.com/page",
	"path":        "a path relative to index.md, with /",
	"lines":       `line numbers, such as 8, "8-10" or "12,21"`,
	"country":     "two capital letters (ISO 3166-1), such as FR",
	"currency":    "three capital letters (ISO 4217), such as USD",
	"language":    "a language tag (BCP 47), such as en or de-CH",
	"digest":      "sha256: and 64 hexadecimal digits",
	"duration":    "an ISO 8601 duration, such as PT36M12S",
	"readingTime": "an ISO 8601 duration, such as PT5M",
	"inferred":    "a JSON Pointer, such as /recap/source/author",
	"unavailable": "a JSON Pointer, such as /date",
}

// formOf returns the name in forms that a pattern at a schema location has.
func formOf(location string) string {
	_, fragment, _ := strings.Cut(location, "#")
	tokens := tree.Tokens(fragment)
	for _, t := range slices.Backward(tokens) {
		if _, ok := forms[t]; ok {
			return t
		}
	}
	return ""
}

func (l *loader) explainPattern(e *shape.Error, name string, value *tree.Node, pos tree.Pos) {
	form, text := formOf(e.Schema), ""
	if value != nil {
		text = value.Text
	}
	rule := ruleValue
	if scheme, _, ok := strings.Cut(text, ":"); form == "uri" && ok && !strings.ContainsAny(scheme, "/.") {
		rule = ruleScheme
	}
	l.report(rule, pos, "write "+forms[form], "%s %q has the wrong form", name, clip(text))
}

// dependent returns the field that forbids another, from a location such as
// …/dependentSchemas/value/properties/minValue.
func dependent(location string) string {
	tokens := strings.Split(location, "/")
	if i := slices.Index(tokens, "dependentSchemas"); i >= 0 && i+1 < len(tokens) {
		return tokens[i+1]
	}
	return "its neighbours"
}

// article returns a JSON type with its article.
func article(jsonType string) string {
	switch jsonType {
	case "string":
		return "text"
	case "boolean":
		return "true or false"
	case "array":
		return "a list"
	case "object":
		return "a mapping"
	case "null":
		return "nothing"
	case "integer":
		return "a whole number"
	}
	return "a " + jsonType
}

func words(jsonTypes []string) string {
	var list []string
	for _, t := range jsonTypes {
		if t != "null" {
			list = append(list, article(t))
		}
	}
	return strings.Join(list, " or ")
}

// describe returns what the schema says a field is for.
func describe(field shape.Shapes) string {
	text := field.Description()
	if text == "" {
		return "…"
	}
	return strings.TrimSuffix(strings.ToLower(text[:1])+text[1:], ".")
}
