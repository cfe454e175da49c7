// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package shape

import (
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

const (
	rootLocation       = "#"
	definitionLocation = "#/$defs/"
	dialect            = "https://json-schema.org/draft/2020-12/schema"
)

// compiler is one run of Compile. It goes on after an error, whose effect is
// only that there is no schema in the end.
type compiler struct {
	definitions map[string]*Schema // by name
	patterns    map[string]*regexp.Regexp
	err         error // the first
}

func (c *compiler) fail(at, format string, args ...any) {
	if c.err == nil {
		c.err = fmt.Errorf("schema at %s: %s", at, fmt.Sprintf(format, args...))
	}
}

// below returns the location of a part of the schema at a location.
func below(at string, tokens ...string) string {
	for _, t := range tokens {
		at += "/" + strings.ReplaceAll(strings.ReplaceAll(t, "~", "~0"), "/", "~1")
	}
	return at
}

// define compiles the definitions. All of them exist before the first is
// compiled: they refer to one another.
func (c *compiler) define(value any) {
	if value == nil {
		return
	}
	raw := c.object(value, "#/$defs")
	names := slices.Sorted(maps.Keys(raw))
	for _, name := range names {
		c.definitions[name] = &Schema{location: below(rootLocation, "$defs", name)}
	}
	for _, name := range names {
		c.fill(c.definitions[name], raw[name])
	}
}

func (c *compiler) schema(value any, at string) *Schema {
	s := &Schema{location: at}
	c.fill(s, value)
	return s
}

func (c *compiler) fill(s *Schema, value any) {
	if always, ok := value.(bool); ok {
		s.never = !always
		return
	}
	raw := c.object(value, s.location)
	for _, keyword := range slices.Sorted(maps.Keys(raw)) {
		c.keyword(s, keyword, raw[keyword])
	}
}

func (c *compiler) keyword(s *Schema, keyword string, value any) {
	at := below(s.location, keyword)
	switch keyword {
	case "title", "$comment", "default", "examples": // for readers
	case "description":
		s.description = c.text(value, at)
	case "$schema", "$id", "$defs":
		if s.location != rootLocation {
			c.fail(at, "may stand at the root only")
		}
		if keyword == "$schema" && value != dialect {
			c.fail(at, "is not %s", dialect)
		}
	case "$ref":
		s.ref = c.reference(value, at)
	case "allOf":
		s.allOf = c.schemas(value, at)
	case "anyOf":
		s.anyOf = c.schemas(value, at)
	case "oneOf":
		s.oneOf = c.schemas(value, at)
	case "type":
		s.types = c.types(value, at)
	case "enum":
		s.enum = c.list(value, at)
		for _, v := range s.enum {
			c.scalar(v, at)
		}
	case "const":
		c.scalar(value, at)
		s.scalar = &value
	case "properties":
		raw := c.object(value, at)
		s.properties = make(map[string]*Schema, len(raw))
		for name, p := range sorted(raw) {
			s.properties[name] = c.schema(p, below(at, name))
		}
	case "patternProperties":
		for pattern, p := range sorted(c.object(value, at)) {
			s.patternProperties = append(s.patternProperties, patternSchema{c.pattern(pattern, at), c.schema(p, below(at, pattern))})
		}
	case "additionalProperties":
		s.additional = c.schema(value, at)
	case "propertyNames":
		s.names = c.schema(value, at)
	case "required":
		s.required = c.texts(value, at)
	case "dependentSchemas":
		for property, p := range sorted(c.object(value, at)) {
			s.dependentSchemas = append(s.dependentSchemas, dependentSchema{property, c.schema(p, below(at, property))})
		}
	case "dependentRequired":
		for property, names := range sorted(c.object(value, at)) {
			s.dependentRequired = append(s.dependentRequired, dependentRequire{property, c.texts(names, below(at, property))})
		}
	case "maxProperties":
		s.maxProperties = c.count(value, at)
	case "items":
		s.items = c.schema(value, at)
	case "minItems":
		s.minItems = c.count(value, at)
	case "maxItems":
		s.maxItems = c.count(value, at)
	case "minLength":
		s.minLength = c.count(value, at)
	case "maxLength":
		s.maxLength = c.count(value, at)
	case "pattern":
		s.pattern = c.pattern(c.text(value, at), at)
	case "minimum":
		s.minimum = c.number(value, at)
	case "maximum":
		s.maximum = c.number(value, at)
	default:
		c.fail(at, "the keyword is not known")
	}
}

// reference returns the definition that a $ref names.
func (c *compiler) reference(value any, at string) *Schema {
	ref := c.text(value, at)
	name, ok := strings.CutPrefix(ref, definitionLocation)
	s := c.definitions[name]
	if !ok || s == nil {
		c.fail(at, "%q names no definition of this document", ref)
		return &Schema{location: at}
	}
	return s
}

// pattern compiles an expression once, however often it stands there.
func (c *compiler) pattern(expression, at string) *regexp.Regexp {
	if p := c.patterns[expression]; p != nil {
		return p
	}
	p, err := regexp.Compile(expression)
	if err != nil {
		c.fail(at, "%v", err)
	}
	c.patterns[expression] = p
	return p
}

func (c *compiler) types(value any, at string) []string {
	types := []string{}
	if one, ok := value.(string); ok {
		types = append(types, one)
	} else {
		types = c.texts(value, at)
	}
	for _, t := range types {
		switch t {
		case "null", "boolean", "number", "integer", "string", "array", "object":
		default:
			c.fail(at, "%q is no type", t)
		}
	}
	return types
}

func (c *compiler) schemas(value any, at string) []*Schema {
	var schemas []*Schema
	for i, item := range c.list(value, at) {
		schemas = append(schemas, c.schema(item, below(at, strconv.Itoa(i))))
	}
	return schemas
}

func (c *compiler) object(value any, at string) map[string]any {
	m, ok := value.(map[string]any)
	if !ok {
		c.fail(at, "is no object")
	}
	return m
}

// list returns the items of a list, of which there must be one: an empty enum
// or oneOf fits nothing, which nobody means.
func (c *compiler) list(value any, at string) []any {
	l, ok := value.([]any)
	if !ok || len(l) == 0 {
		c.fail(at, "is no list of anything")
	}
	return l
}

func (c *compiler) texts(value any, at string) []string {
	l, ok := value.([]any)
	if !ok {
		c.fail(at, "is no list")
	}
	texts := make([]string, len(l))
	for i, item := range l {
		texts[i] = c.text(item, at)
	}
	return texts
}

func (c *compiler) text(value any, at string) string {
	s, ok := value.(string)
	if !ok {
		c.fail(at, "is no text")
	}
	return s
}

func (c *compiler) scalar(value any, at string) {
	switch value.(type) {
	case []any, map[string]any:
		c.fail(at, "holds a list or an object, which can't be compared")
	}
}

func (c *compiler) number(value any, at string) *float64 {
	f, ok := value.(float64)
	if !ok {
		c.fail(at, "is no number")
	}
	return &f
}

func (c *compiler) count(value any, at string) *int {
	f := *c.number(value, at)
	if f < 0 || f > math.MaxInt32 || f != math.Trunc(f) {
		c.fail(at, "is no count")
		f = 0
	}
	n := int(f)
	return &n
}

// checkCycles refuses definitions that lead back to themselves without going
// into the value: checking by them would not end.
func (c *compiler) checkCycles() {
	done := map[*Schema]bool{} // false while it is being followed
	var follow func(s *Schema)
	follow = func(s *Schema) {
		if finished, seen := done[s]; seen {
			if !finished {
				c.fail(s.location, "refers to itself")
			}
			return
		}
		done[s] = false
		for _, next := range s.beside() {
			follow(next)
		}
		for _, d := range s.dependentSchemas {
			follow(d.schema)
		}
		done[s] = true
	}
	for _, s := range sorted(c.definitions) {
		follow(s)
	}
}

// sorted goes through a map by key, so that errors and findings have an order.
func sorted[V any](m map[string]V) func(yield func(string, V) bool) {
	return func(yield func(string, V) bool) {
		for _, k := range slices.Sorted(maps.Keys(m)) {
			if !yield(k, m[k]) {
				return
			}
		}
	}
}
