// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package shape

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"unicode/utf8"
)

// Validate returns everything in value that doesn't fit, in an order that
// depends on value and schema only. value is as encoding/json decodes into an
// any: nil, bool, float64, string, []any and map[string]any; Validate panics at
// anything else.
//
// A value of the wrong type, or that is none of the constants, is not looked
// into by that schema: it would only say the same again.
func (s *Schema) Validate(value any) []*Error {
	v := &validation{}
	v.check(s, value)
	return v.errors
}

// validation is one run of Validate.
type validation struct {
	location []string // of the value being checked
	errors   []*Error
}

func (v *validation) fail(s *Schema, kind any, branches ...[]*Error) {
	location := append([]string(nil), v.location...)
	v.errors = append(v.errors, &Error{Location: location, Schema: s.location, Kind: kind, Branches: branches})
}

func (v *validation) check(s *Schema, value any) {
	if s.never {
		v.fail(s, FalseSchema{})
		return
	}
	got := typeOf(value)
	if s.types != nil && !slices.Contains(s.types, got) && (!isInteger(value) || !slices.Contains(s.types, "integer")) {
		v.fail(s, Type{Got: got, Want: s.types})
		return
	}
	if s.scalar != nil && *s.scalar != value {
		v.fail(s, Const{Want: *s.scalar})
		return
	}
	if s.enum != nil && !slices.Contains(s.enum, value) {
		v.fail(s, Enum{Want: s.enum})
		return
	}
	if s.ref != nil {
		v.check(s.ref, value)
	}
	switch value := value.(type) {
	case map[string]any:
		v.object(s, value)
	case []any:
		v.array(s, value)
	case string:
		v.text(s, value)
	case float64:
		if s.minimum != nil && value < *s.minimum {
			v.fail(s, Minimum{Got: value, Want: *s.minimum})
		}
		if s.maximum != nil && value > *s.maximum {
			v.fail(s, Maximum{Got: value, Want: *s.maximum})
		}
	}
	v.alternatives(s, value)
}

// at checks a value that stands below the one being checked.
func (v *validation) at(token string, s *Schema, value any) {
	v.location = append(v.location, token)
	v.check(s, value)
	v.location = v.location[:len(v.location)-1]
}

// try checks without reporting, and returns what would have been reported.
func (v *validation) try(s *Schema, value any) []*Error {
	reported := v.errors
	v.errors = nil
	v.check(s, value)
	found := v.errors
	v.errors = reported
	return found
}

func (v *validation) alternatives(s *Schema, value any) {
	for _, every := range s.allOf {
		v.check(every, value)
	}
	if s.anyOf != nil {
		if branches := v.branches(s.anyOf, value); len(branches) == len(s.anyOf) {
			v.fail(s, AnyOf{}, branches...)
		}
	}
	if s.oneOf != nil {
		switch branches := v.branches(s.oneOf, value); len(branches) {
		case len(s.oneOf) - 1:
		case len(s.oneOf):
			v.fail(s, OneOf{}, branches...)
		default:
			v.fail(s, OneOf{Fit: v.fitting(s.oneOf, value)})
		}
	}
}

// fitting returns the fields that the alternatives that fit require.
func (v *validation) fitting(alternatives []*Schema, value any) []string {
	var names []string
	for _, s := range alternatives {
		if v.try(s, value) == nil {
			names = append(names, s.required...)
		}
	}
	return names
}

// branches returns why alternatives don't fit, of those that don't.
func (v *validation) branches(alternatives []*Schema, value any) [][]*Error {
	var failed [][]*Error
	for _, s := range alternatives {
		if found := v.try(s, value); found != nil {
			failed = append(failed, found)
		}
	}
	return failed
}

func (v *validation) object(s *Schema, object map[string]any) {
	if s.maxProperties != nil && len(object) > *s.maxProperties {
		v.fail(s, MaxProperties{Got: len(object), Want: *s.maxProperties})
	}
	if missing := missing(object, s.required); missing != nil {
		v.fail(s, Required{Missing: missing})
	}
	for _, d := range s.dependentRequired {
		if _, ok := object[d.property]; !ok {
			continue
		}
		if missing := missing(object, d.required); missing != nil {
			v.fail(s, DependentRequired{Property: d.property, Missing: missing})
		}
	}
	for _, d := range s.dependentSchemas {
		if _, ok := object[d.property]; ok {
			v.check(d.schema, object)
		}
	}
	if s.properties == nil && s.patternProperties == nil && s.additional == nil && s.names == nil {
		return // nothing to say about its fields
	}
	var unknown []string
	for name, value := range sorted(object) {
		if s.names != nil && v.try(s.names, name) != nil {
			v.fail(s, PropertyNames{Name: name})
		}
		p, known := s.properties[name]
		if known {
			v.at(name, p, value)
		}
		for _, p := range s.patternProperties {
			if p.pattern.MatchString(name) {
				known = true
				v.at(name, p.schema, value)
			}
		}
		switch {
		case known || s.additional == nil:
		case s.additional.never:
			unknown = append(unknown, name)
		default:
			v.at(name, s.additional, value)
		}
	}
	if unknown != nil {
		v.fail(s, AdditionalProperties{Names: unknown})
	}
}

// missing returns the names that an object lacks.
func missing(object map[string]any, names []string) []string {
	var missing []string
	for _, name := range names {
		if _, ok := object[name]; !ok {
			missing = append(missing, name)
		}
	}
	return missing
}

func (v *validation) array(s *Schema, array []any) {
	if s.minItems != nil && len(array) < *s.minItems {
		v.fail(s, MinItems{Got: len(array), Want: *s.minItems})
	}
	if s.maxItems != nil && len(array) > *s.maxItems {
		v.fail(s, MaxItems{Got: len(array), Want: *s.maxItems})
	}
	if s.items == nil {
		return
	}
	for i, item := range array {
		v.at(strconv.Itoa(i), s.items, item)
	}
}

func (v *validation) text(s *Schema, text string) {
	if s.minLength != nil || s.maxLength != nil {
		n := utf8.RuneCountInString(text)
		if s.minLength != nil && n < *s.minLength {
			v.fail(s, MinLength{Got: n, Want: *s.minLength})
		}
		if s.maxLength != nil && n > *s.maxLength {
			v.fail(s, MaxLength{Got: n, Want: *s.maxLength})
		}
	}
	if s.pattern != nil && !s.pattern.MatchString(text) {
		v.fail(s, Pattern{Got: text, Want: s.pattern.String()})
	}
}

// typeOf returns the JSON type of a value.
func typeOf(value any) string {
	switch value.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case float64:
		return "number"
	case string:
		return "string"
	case []any:
		return "array"
	case map[string]any:
		return "object"
	}
	panic(fmt.Sprintf("shape: a %T is no JSON value", value))
}

func isInteger(value any) bool {
	f, ok := value.(float64)
	return ok && f == math.Trunc(f) && !math.IsInf(f, 0)
}
