// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package canonical

import (
	"encoding"
	"encoding/json"
	"reflect"
	"strings"
	"unicode"
	"unicode/utf8"
)

// structFields is what encoding/json would match the keys of an object to.
type structFields struct {
	names map[string]string       // folded name to name
	types map[string]reflect.Type // name to type
}

// concrete returns what t points at, or nil where nothing can be known of the
// JSON it takes: an interface, or a type that decodes itself.
func concrete(t reflect.Type) reflect.Type {
	for t != nil && t.Kind() == reflect.Pointer && !decodesItself(t) {
		t = t.Elem()
	}
	if t == nil || t.Kind() == reflect.Interface || decodesItself(t) {
		return nil
	}
	return t
}

// nullable reports whether a value of type t can say that there is none. A field
// of a struct always can: null is one more way to leave it out, and some
// registries write all that they don't have. As an element it would be a value
// made of nothing.
func nullable(t reflect.Type) bool {
	if t == nil || decodesItself(t) {
		return true
	}
	switch t.Kind() {
	case reflect.Pointer, reflect.Map, reflect.Slice, reflect.Interface:
		return true
	default:
		return false
	}
}

func decodesItself(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	return p.Implements(reflect.TypeFor[json.Unmarshaler]()) || p.Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}

// elemOf returns the element type of t where t is of one of kinds, else nil.
func elemOf(t reflect.Type, kinds ...reflect.Kind) reflect.Type {
	if t == nil {
		return nil
	}
	for _, kind := range kinds {
		if t.Kind() == kind {
			return t.Elem()
		}
	}
	return nil
}

// fieldsOf returns the fields of t, or nil where t is no struct.
func (s *scanner) fieldsOf(t reflect.Type) *structFields {
	if t == nil || t.Kind() != reflect.Struct {
		return nil
	}
	if f, ok := s.fields[t]; ok {
		return f
	}
	f := &structFields{names: map[string]string{}, types: map[string]reflect.Type{}}
	f.add(t)
	s.fields[t] = f
	return f
}

// add collects the fields of t, its own before those of the structs it embeds.
func (f *structFields) add(t reflect.Type) {
	var embedded []reflect.Type
	for i := range t.NumField() {
		field := t.Field(i)
		tag := field.Tag.Get("json")
		name, _, _ := strings.Cut(tag, ",")
		if tag == "-" {
			continue
		}
		if field.Anonymous && name == "" {
			if e := concrete(field.Type); e != nil && e.Kind() == reflect.Struct {
				embedded = append(embedded, e)
				continue
			}
		}
		if !field.IsExported() {
			continue
		}
		if name == "" {
			name = field.Name
		}
		if _, ok := f.types[name]; !ok {
			f.names[fold(name)] = name
			f.types[name] = field.Type
		}
	}
	for _, e := range embedded {
		f.add(e)
	}
}

// fold maps keys that encoding/json would match to each other to one string: to
// each character the least of those that it folds to, so that s and the long s
// are one.
func fold(key string) string {
	return strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' { // their capitals are the least of them all
			return r + 'A' - 'a'
		}
		if r < utf8.RuneSelf {
			return r
		}
		least := r
		for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
			least = min(least, next)
		}
		return least
	}, key)
}
