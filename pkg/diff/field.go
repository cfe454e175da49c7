// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package diff

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/recap-oci/recap/pkg/internal/tree"
	"github.com/recap-oci/recap/pkg/reader"
	"github.com/recap-oci/recap/pkg/recap"
)

// object is a JSON object of a config, unknown fields included.
type object = map[string]any

// configs returns the configs of two readers as they were published, so that a
// field that this version doesn't know isn't passed over.
func configs(a, b *reader.Reader) (was, is object, err error) {
	if was, err = decode(a.Config()); err == nil {
		is, err = decode(b.Config())
	}
	return was, is, err
}

// decode reads what artifact has read strictly before.
func decode(config []byte) (object, error) {
	dec := json.NewDecoder(bytes.NewReader(config))
	dec.UseNumber()
	var o object
	if err := dec.Decode(&o); err != nil {
		return nil, recap.Errorf(recap.Integrity, "bad-config", "config: %w", err)
	}
	return o, nil
}

// without returns a set of keys to leave out.
func without(keys ...string) map[string]bool {
	set := map[string]bool{}
	for _, key := range keys {
		set[key] = true
	}
	return set
}

// names tells what a reference of a recap stands for; nil where nothing is known.
type names func(ref string) string

func (of names) name(ref string) string {
	if of == nil {
		return ref
	}
	return of(ref)
}

// references are the fields that hold references, alone or in people, which are
// known by name.
var references = map[string]bool{
	"about": true, "attribution": true, "by": true, "event": true, "parent": true, "recipients": true,
	"session": true, "sessions": true, "to": true, "topics": true, "affiliation": true, "formerAffiliation": true,
	"author": true, "authors": true, "credit": true, "organizer": true, "speaker": true, "speakers": true,
}

// compareFields compares two objects field by field, those within them too, in
// order of their names. at is the pointer to both.
func compareFields(at string, a, b object, skip map[string]bool, ofA, ofB names) []FieldChange {
	var changes []FieldChange
	keys := maps.Clone(a)
	if keys == nil {
		keys = object{}
	}
	maps.Copy(keys, b)
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		was, is := a[key], b[key]
		if skip[key] || reflect.DeepEqual(was, is) {
			continue
		}
		pointer := at + "/" + tree.Escape(key)
		from, ok := was.(object)
		to, also := is.(object)
		if (ok || was == nil) && (also || is == nil) {
			for _, c := range compareFields(pointer, from, to, nil, ofA, ofB) {
				c.Field = cut(key + "." + c.Field)
				changes = append(changes, c)
			}
			continue
		}
		changes = append(changes, compareField(key, pointer, was, is, ofA, ofB))
	}
	return changes
}

// compareField compares two values that differ.
func compareField(key, pointer string, was, is any, ofA, ofB names) FieldChange {
	if !references[key] {
		ofA, ofB = nil, nil
	}
	from, to := plain(was, ofA, false), plain(is, ofB, false)
	if from == to { // two things of one name, or what the short form leaves out
		from, to = plain(was, nil, true), plain(is, nil, true)
	}
	from, to = cutBoth(from, to)
	return FieldChange{Field: cut(key), Pointer: exact(pointer), From: from, To: to}
}

// exact returns a pointer that is short enough to be kept: cut, it would lead
// elsewhere.
func exact(pointer string) string {
	if len(pointer) > maxValue {
		return ""
	}
	return pointer
}

// maxPlain is how many bytes of a value are written before it is cut to what
// people read: where two long texts differ may be far from their start.
const maxPlain = recap.MaxConfigSize

// plain writes a value as people do: lists with commas, people by name.
func plain(v any, of names, whole bool) string {
	var b strings.Builder
	writePlain(&b, v, of, whole)
	return b.String()
}

func writePlain(b *strings.Builder, v any, of names, whole bool) {
	if b.Len() > maxPlain {
		return
	}
	switch v := v.(type) {
	case nil:
	case string:
		b.WriteString(of.name(v))
	case bool:
		b.WriteString(map[bool]string{true: "yes", false: "no"}[v])
	case json.Number:
		b.WriteString(v.String())
	case []any:
		for i, item := range v {
			if i > 0 {
				b.WriteString(", ")
			}
			writePlain(b, item, of, whole)
		}
	case object:
		if name, ok := v["name"].(string); ok && !whole {
			affiliation, _ := v["affiliation"].(string)
			b.WriteString(recap.Agent{Name: of.name(name), Affiliation: of.name(affiliation)}.String())
			return
		}
		for i, key := range slices.Sorted(maps.Keys(v)) {
			if i > 0 {
				b.WriteString(", ")
			}
			b.WriteString(key + " ")
			writePlain(b, v[key], of, whole)
		}
	default:
		fmt.Fprint(b, v)
	}
}

// compareValue compares two values of one field; nil where they are equal.
func compareValue(from, to string) *ValueChange {
	if from == to {
		return nil
	}
	from, to = cutBoth(from, to)
	return &ValueChange{from, to}
}

// compareAnnotations compares what two manifests state beside their configs. What
// repeats the config isn't looked at, and neither is the time of a build.
func compareAnnotations(a, b map[string]string) []FieldChange {
	skip := without(ocispec.AnnotationTitle, ocispec.AnnotationDescription, ocispec.AnnotationVersion, ocispec.AnnotationAuthors,
		ocispec.AnnotationLicenses, ocispec.AnnotationURL, ocispec.AnnotationCreated)
	changes := compareFields("", annotations(a), annotations(b), skip, nil, nil)
	for i := range changes {
		changes[i].Field, changes[i].Pointer = cut("annotation "+changes[i].Field), "" // it isn't in the config
	}
	return changes
}

func annotations(stated map[string]string) object {
	o := object{}
	for key, value := range stated {
		o[key] = value
	}
	return o
}

// maxValue is how many characters of a value are kept.
const maxValue = 500

// ellipsis stands for what is cut.
const ellipsis = "…"

// cut returns the start of a long text.
func cut(s string) string {
	if len(s) <= maxValue {
		return s
	}
	return cutFrom(s, 0)
}

// cutBoth cuts two texts that differ to where they do.
func cutBoth(a, b string) (string, string) {
	if len(a) <= maxValue && len(b) <= maxValue {
		return a, b
	}
	const context = 60 // bytes of what is equal, to find the place by
	same := 0
	for same < min(len(a), len(b)) && a[same] == b[same] {
		same++
	}
	from := max(same-context, 0)
	for from > 0 && !utf8.RuneStart(a[from]) {
		from--
	}
	return cutFrom(a, from), cutFrom(b, from)
}

// cutFrom returns a copy of at most maxValue bytes of s from a place on.
func cutFrom(s string, from int) string {
	start, end := "", ""
	if from > 0 {
		start = ellipsis
	}
	s = s[from:]
	if len(s) > maxValue {
		to := maxValue
		for to > 0 && !utf8.RuneStart(s[to]) {
			to--
		}
		s, end = s[:to], ellipsis
	}
	return start + strings.Clone(s) + end
}
