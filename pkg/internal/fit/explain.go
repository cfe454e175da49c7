// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package fit

import (
	"fmt"
	"slices"
	"strings"

	"github.com/recap-oci/recap/pkg/internal/shape"
	"github.com/recap-oci/recap/pkg/internal/tree"
	"github.com/recap-oci/recap/pkg/internal/words"
)

// explanation is one error of a schema being put in plain words.
type explanation struct {
	form   Form
	root   *tree.Node
	shapes shape.Shapes
	error  *shape.Error
}

// explain yields what the error says, and returns false when nobody wants to
// hear more.
func (x explanation) explain(yield func(Misfit) bool) bool {
	pointer := ""
	for _, t := range x.error.Location {
		pointer += "/" + tree.Escape(t)
	}
	pos, _ := x.root.Find(pointer)
	name, value := x.form.fieldName(pointer), x.root.At(pointer)
	if name == "" {
		name = x.form.Whole
	}
	got := ""
	if value != nil && value.Kind != tree.List && value.Kind != tree.Map {
		got = fmt.Sprintf(" %q", words.Clip(value.Text))
	}
	bad := func(mend, format string, args ...any) bool {
		return yield(Misfit{Pos: pos, Pointer: pointer, Mend: mend, Message: fmt.Sprintf(format, args...), Cut: []string{pointer}})
	}
	lacks := func(mend, format string, args ...any) bool {
		return yield(Misfit{Pos: pos, Pointer: pointer, Mend: mend, Message: fmt.Sprintf(format, args...)})
	}
	switch k := x.error.Kind.(type) {
	case shape.AdditionalProperties:
		return x.unknown(pointer, k.Names, yield)
	case shape.Required:
		for _, missing := range k.Missing {
			field := x.shapes.At(append(slices.Clone(x.error.Location), missing))
			if !lacks(fmt.Sprintf("add %s: %s", missing, describe(field)), "%s lacks %s", name, missing) {
				return false
			}
		}
		return true
	case anyRequired:
		return lacks("add one of them", "%s lacks %s", name, strings.Join(k.Missing, " or "))
	case together:
		return bad("keep one of them", "%s has %s", name, and(k.Names))
	case shape.DependentRequired:
		return yield(Misfit{
			Pos: pos, Pointer: pointer, Mend: "add it, or remove " + k.Property, Cut: []string{pointer + "/" + k.Property},
			Message: fmt.Sprintf("%s has %s but lacks %s", name, k.Property, strings.Join(k.Missing, ", ")),
		})
	case shape.FalseSchema:
		return bad("keep one of them", "%s can't stand beside %s", name, dependent(x.error.Schema))
	case shape.Type:
		if k.Got == "null" {
			return bad(x.form.fill("fill it in", "remove the line"), "%s is empty", name)
		}
		return bad("write "+wordsFor(k.Want), "%s is %s, not %s", name, article(k.Got), wordsFor(k.Want))
	case shape.Enum:
		return bad(choose(k.Want, value), "%s%s is not one of the known values", name, got)
	case shape.Const:
		return bad(fmt.Sprintf("write %v", k.Want), "%s%s must be %v", name, got, k.Want)
	case shape.Pattern:
		pattern, text := x.form.PatternOf(x.error.Schema), ""
		if value != nil {
			text = value.Text
		}
		return yield(Misfit{
			Pos: pos, Pointer: pointer, Mend: "write " + x.form.Patterns[pattern], Pattern: pattern, Text: text, Cut: []string{pointer},
			Message: fmt.Sprintf("%s %q has the wrong form", name, words.Clip(text)),
		})
	case shape.PropertyNames:
		field := pointer + "/" + tree.Escape(k.Name)
		at, _ := x.root.Find(field)
		return yield(Misfit{
			Pos: at, Pointer: field, Mend: "write " + x.form.Patterns["slug"], Cut: []string{field},
			Message: fmt.Sprintf("%s: the key %q is no id", name, words.Clip(k.Name)),
		})
	case shape.MinLength:
		return bad(x.form.fill("fill it in", "remove it"), "%s is too short", name)
	case shape.MaxLength:
		return bad("shorten it", "%s has %d characters; at most %d are allowed", name, k.Got, k.Want)
	case shape.MinItems:
		return bad(x.form.fill("add to it", "remove it"), "%s is an empty list", name)
	case shape.MaxItems:
		return bad(x.form.tooMany(), "%s has %d items; at most %d are allowed", name, k.Got, k.Want)
	case shape.MaxProperties:
		return bad(x.form.tooMany(), "%s has %d entries; at most %d are allowed", name, k.Got, k.Want)
	case shape.Minimum:
		return bad(fmt.Sprintf("write %v or more", k.Want), "%s%s is too small", name, got)
	case shape.Maximum:
		return bad(fmt.Sprintf("write %v or less", k.Want), "%s%s is too large", name, got)
	default:
		return bad("write what recap schema "+x.form.Name+" describes", "%s%s does not fit", name, got)
	}
}

// fill says how to mend what is empty.
func (f Form) fill(fill, remove string) string {
	if f.Needed {
		return fill
	}
	return fill + ", or " + remove
}

// unknown speaks of fields that the schema doesn't have.
func (x explanation) unknown(pointer string, names []string, yield func(Misfit) bool) bool {
	known := x.shapes.At(x.error.Location).Properties()
	advice := x.form.Unknown
	if advice == "" {
		advice = "remove it"
	}
	for _, name := range names {
		field := pointer + "/" + tree.Escape(name)
		at, _ := x.root.Find(field)
		mend := fmt.Sprintf("%s (known: %s)", advice, strings.Join(known, ", "))
		if s := Nearest(name, known); s != "" {
			mend = fmt.Sprintf("did you mean %s?", s)
		}
		if !yield(Misfit{
			Pos: at, Pointer: field, Mend: mend, Unknown: true, Cut: []string{field},
			Message: fmt.Sprintf("%s is not a field of %s", x.form.fieldName(field), x.form.Thing),
		}) {
			return false
		}
	}
	return true
}

// choose says which of the known values to write.
func choose(known []any, value *tree.Node) string {
	want := make([]string, 0, len(known))
	for _, w := range known {
		want = append(want, fmt.Sprint(w))
	}
	list := strings.Join(want, ", ")
	if value != nil {
		if s := Nearest(value.Text, want); s != "" {
			return fmt.Sprintf("did you mean %s? known: %s", s, list)
		}
	}
	return "use one of " + list
}

func (f Form) tooMany() string {
	if f.TooMany == "" {
		return "drop some"
	}
	return f.TooMany
}
