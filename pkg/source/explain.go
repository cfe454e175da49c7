// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"github.com/recap-oci/recap/pkg/internal/tree"
)

func itoa(n int) string { return strconv.Itoa(n) }

// validate checks the front matter against its schema, reports what doesn't
// fit, and cuts that out, so that the rest can be understood.
func (l *loader) validate() {
	root := shapes([]*jsonschema.Schema{recapSchema()})
	value := l.settle(l.front, root, "")
	var invalid *jsonschema.ValidationError
	if !errors.As(recapSchema().Validate(value), &invalid) {
		return
	}
	l.broken = true
	var cuts []string
	for _, cause := range causes(invalid) {
		if l.full() {
			return // what is left is of no use
		}
		cuts = append(cuts, l.explain(cause, root)...)
	}
	l.cuts = cuts
	l.cut(cuts)
}

// causes returns the deepest errors below e. Of alternatives that all failed it
// takes the branch that was meant: the one that wants a value of the type that
// is there.
func causes(e *jsonschema.ValidationError) []*jsonschema.ValidationError {
	switch e.ErrorKind.(type) {
	case *kind.OneOf, *kind.AnyOf:
		if len(e.Causes) > 0 {
			return meant(e)
		}
	case *kind.PropertyNames:
		return []*jsonschema.ValidationError{e} // the causes below are about the key's text
	}
	if len(e.Causes) == 0 {
		return []*jsonschema.ValidationError{e}
	}
	var found []*jsonschema.ValidationError
	for _, c := range e.Causes {
		found = append(found, causes(c)...)
	}
	return found
}

func meant(e *jsonschema.ValidationError) []*jsonschema.ValidationError {
	var best, all []*jsonschema.ValidationError
	depth := -1
	for _, branch := range e.Causes {
		found := causes(branch)
		all = append(all, found...)
		if slices.ContainsFunc(found, func(c *jsonschema.ValidationError) bool {
			_, wrongType := c.ErrorKind.(*kind.Type)
			return wrongType && len(c.InstanceLocation) == len(e.InstanceLocation)
		}) {
			continue
		}
		deepest := 0
		for _, c := range found {
			deepest = max(deepest, len(c.InstanceLocation))
		}
		if deepest > depth || deepest == depth && len(found) < len(best) {
			best, depth = found, deepest
		}
	}
	if merged := merge(e, all); merged != nil {
		return merged
	}
	if best != nil {
		return best
	}
	return []*jsonschema.ValidationError{e}
}

// merge makes one error of branches that all say the same kind of thing about
// one value: a type, or a field that is missing.
func merge(e *jsonschema.ValidationError, all []*jsonschema.ValidationError) []*jsonschema.ValidationError {
	var types kind.Type
	var required kind.Required
	for _, c := range all {
		if len(c.InstanceLocation) != len(e.InstanceLocation) {
			return nil
		}
		switch k := c.ErrorKind.(type) {
		case *kind.Type:
			types.Got = k.Got
			types.Want = append(types.Want, k.Want...)
		case *kind.Required:
			required.Missing = append(required.Missing, k.Missing...)
		default:
			return nil
		}
	}
	merged := *e
	merged.Causes = nil
	switch {
	case len(types.Want) > 0 && len(required.Missing) == 0:
		slices.Sort(types.Want)
		types.Want = slices.Compact(types.Want)
		merged.ErrorKind = &types
	case len(types.Want) == 0 && len(required.Missing) > 0:
		merged.ErrorKind = &anyRequired{required}
	default:
		return nil
	}
	return []*jsonschema.ValidationError{&merged}
}

// anyRequired is a Required of which one field is enough.
type anyRequired struct{ kind.Required }

// explain reports one cause in plain words and returns the pointers of what has
// to be cut out for the rest to fit.
func (l *loader) explain(e *jsonschema.ValidationError, root []*jsonschema.Schema) (cuts []string) {
	pointer := ""
	for _, t := range e.InstanceLocation {
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
	switch k := e.ErrorKind.(type) {
	case *kind.AdditionalProperties:
		cuts = nil
		known := propertiesAt(root, e.InstanceLocation)
		for _, p := range k.Properties {
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
	case *kind.Required:
		cuts = nil
		for _, missing := range k.Missing {
			bad(fmt.Sprintf("add %s: %s", missing, describe(root, append(slices.Clone(e.InstanceLocation), missing))),
				"%s lacks %s", name, missing)
		}
	case *anyRequired:
		cuts = nil
		bad("add one of them", "%s lacks %s", name, strings.Join(k.Missing, " or "))
	case *kind.DependentRequired:
		bad("add it, or remove "+k.Prop, "%s has %s but lacks %s", name, k.Prop, strings.Join(k.Missing, ", "))
		cuts = []string{pointer + "/" + k.Prop}
	case *kind.FalseSchema:
		bad("keep one of them", "%s can't stand beside %s", name, dependent(e.SchemaURL))
	case *kind.Type:
		if k.Got == "null" {
			bad("fill it in, or remove the line", "%s is empty", name)
		} else {
			bad("write "+words(k.Want), "%s is %s, not %s", name, article(k.Got), words(k.Want))
		}
	case *kind.Enum:
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
	case *kind.Const:
		bad(fmt.Sprintf("write %v", k.Want), "%s%s must be %v", name, got, k.Want)
	case *kind.Pattern:
		l.explainPattern(e, name, value, pos)
	case *kind.PropertyNames:
		// The validator gives the place of another value here (it reuses the
		// slice); the ids of entities are the only keys that have a schema.
		field := "/recap/entities/" + tree.Escape(k.Property)
		at, _ := l.front.Find(field)
		l.report(ruleValue, at, "write "+forms["slug"], "entities: the key %q is no id", clip(k.Property))
		cuts = []string{field}
	case *kind.MinLength:
		bad("fill it in, or remove it", "%s is too short", name)
	case *kind.MaxLength:
		bad("shorten it", "%s has %d characters; at most %d are allowed", name, k.Got, k.Want)
	case *kind.MinItems:
		bad("add to it, or remove it", "%s is an empty list", name)
	case *kind.MaxItems:
		bad("split the recap, or drop some", "%s has %d items; at most %d are allowed", name, k.Got, k.Want)
	case *kind.MaxProperties:
		bad("split the recap, or drop some", "%s has %d entries; at most %d are allowed", name, k.Got, k.Want)
	case *kind.Minimum:
		want, _ := k.Want.Float64()
		bad(fmt.Sprintf("write %v or more", want), "%s%s is too small", name, got)
	case *kind.Maximum:
		want, _ := k.Want.Float64()
		bad(fmt.Sprintf("write %v or less", want), "%s%s is too large", name, got)
	default:
		bad("write what recap schema recap describes", "%s%s does not fit: %s", name, got,
			e.ErrorKind.LocalizedString(message.NewPrinter(language.English)))
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
func formOf(schemaURL string) string {
	_, fragment, _ := strings.Cut(schemaURL, "#")
	tokens := tree.Tokens(fragment)
	for _, t := range slices.Backward(tokens) {
		if _, ok := forms[t]; ok {
			return t
		}
	}
	return ""
}

func (l *loader) explainPattern(e *jsonschema.ValidationError, name string, value *tree.Node, pos tree.Pos) {
	form, text := formOf(e.SchemaURL), ""
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
func dependent(schemaURL string) string {
	tokens := strings.Split(schemaURL, "/")
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

// shapesAt returns what the schema says about a place.
func shapesAt(flat []*jsonschema.Schema, location []string) []*jsonschema.Schema {
	for _, t := range location {
		next := under(flat, t)
		if strings.Trim(t, "0123456789") == "" {
			if items := within(flat); items != nil {
				next = items
			}
		}
		flat = next
	}
	return flat
}

// propertiesAt returns the fields that a mapping may have, sorted.
func propertiesAt(root []*jsonschema.Schema, location []string) []string {
	var names []string
	for _, s := range shapesAt(root, location) {
		for name := range s.Properties {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// describe returns what the schema says a field is for.
func describe(root []*jsonschema.Schema, location []string) string {
	for _, s := range shapesAt(root, location) {
		if s.Description != "" {
			return strings.TrimSuffix(strings.ToLower(s.Description[:1])+s.Description[1:], ".")
		}
	}
	return "…"
}
