// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package shape

import (
	"maps"
	"slices"
	"strings"
)

// Shapes are all that a schema says about one value: its parts, with references
// and alternatives followed. Whether the alternatives exclude one another is not
// asked.
type Shapes []*Schema

// Shapes returns what s says about a whole value.
func (s *Schema) Shapes() Shapes { return Shapes(nil).with(s) }

// with returns the shapes and those of s behind them, each once.
func (f Shapes) with(s *Schema) Shapes {
	if slices.Contains(f, s) {
		return f
	}
	f = append(f, s)
	for _, next := range s.beside() {
		f = f.with(next)
	}
	return f
}

// beside returns the parts of s that speak of the same value.
func (s *Schema) beside() []*Schema {
	var found []*Schema
	if s.ref != nil {
		found = append(found, s.ref)
	}
	return slices.Concat(found, s.allOf, s.anyOf, s.oneOf)
}

// Under returns what they say about the field of that name.
func (f Shapes) Under(name string) Shapes {
	var found Shapes
	for _, s := range f {
		if p, ok := s.properties[name]; ok {
			found = found.with(p)
			continue
		}
		matched := false
		for _, p := range s.patternProperties {
			if p.pattern.MatchString(name) {
				found, matched = found.with(p.schema), true
			}
		}
		if s.additional != nil && !matched {
			found = found.with(s.additional)
		}
	}
	return found
}

// Within returns what they say about the items of a list.
func (f Shapes) Within() Shapes {
	var found Shapes
	for _, s := range f {
		if s.items != nil {
			found = found.with(s.items)
		}
	}
	return found
}

// At returns what they say about a place: field names, and positions in lists.
func (f Shapes) At(location []string) Shapes {
	for _, token := range location {
		next := f.Under(token)
		if strings.Trim(token, "0123456789") == "" {
			if items := f.Within(); items != nil {
				next = items
			}
		}
		f = next
	}
	return f
}

// Accept reports whether any of them takes values of a JSON type.
func (f Shapes) Accept(jsonType string) bool {
	return slices.ContainsFunc(f, func(s *Schema) bool {
		if slices.Contains(s.types, jsonType) || s.scalar != nil && typeOf(*s.scalar) == jsonType {
			return true
		}
		return slices.ContainsFunc(s.enum, func(v any) bool { return typeOf(v) == jsonType })
	})
}

// Properties returns the names of the fields that they describe, sorted.
func (f Shapes) Properties() []string {
	var names []string
	for _, s := range f {
		names = slices.AppendSeq(names, maps.Keys(s.properties))
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Description returns the first description among them.
func (f Shapes) Description() string {
	for _, s := range f {
		if s.description != "" {
			return s.description
		}
	}
	return ""
}
