// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package fit

import (
	"iter"
	"slices"
	"strings"

	"github.com/recap-oci/recap/pkg/internal/shape"
	"github.com/recap-oci/recap/pkg/internal/tree"
	"github.com/recap-oci/recap/pkg/internal/words"
)

// Form is a schema with the words to speak about it.
type Form struct {
	Schema *shape.Schema
	Name   string // of the schema, as recap schema takes it: recap
	Thing  string // what an unknown field is no field of: a recap
	Whole  string // the whole value, in a sentence: the front matter

	// Omit is a key at the top that fields are named without, because nearly
	// everything stands under it.
	Omit string

	// Patterns says what each pattern of the schema wants, by the name of the
	// definition or property that it belongs to: "slug": "lower-case letters".
	Patterns map[string]string

	Unknown string // what to do about an unknown field; default: remove it
	TooMany string // what to do about too many items; default: drop some

	// Needed says that no empty field may be removed to mend it: the rest
	// would mean something else without.
	Needed bool
}

// Misfit is one thing that doesn't fit.
type Misfit struct {
	Pos     tree.Pos
	Pointer string // to the value or, where something is missing, what lacks it
	Message string // what is wrong, about which field
	Mend    string // in the imperative
	Unknown bool   // a field that the schema doesn't have
	Pattern string // name in Form.Patterns of what the text at Pos doesn't look like
	Text    string // that text

	// Cut are pointers to what has to be taken out for the rest to fit; none
	// where something is missing.
	Cut []string
}

// Check gives every value in root the type that the schema wants, where its
// spelling allows one, and goes through what doesn't fit. Who stops early has
// not seen everything; the types are given nevertheless.
func (f Form) Check(root *tree.Node) iter.Seq[Misfit] {
	return func(yield func(Misfit) bool) {
		shapes := f.Schema.Shapes()
		s := settling{form: f}
		value := s.settle(root, shapes, "")
		for _, m := range s.found {
			if !yield(m) {
				return
			}
		}
		for _, e := range meant(f.Schema.Validate(value)) {
			x := explanation{form: f, root: root, shapes: shapes, error: e}
			if !x.explain(yield) {
				return
			}
		}
	}
}

// fieldName returns a pointer as people write it: observations[3].minValue.
func (f Form) fieldName(pointer string) string {
	tokens := tree.Tokens(pointer)
	if len(tokens) > 1 && tokens[0] == f.Omit {
		tokens = tokens[1:]
	}
	var b strings.Builder
	for _, t := range tokens {
		switch {
		case t != "" && strings.Trim(t, "0123456789") == "":
			b.WriteString("[" + t + "]")
		case b.Len() > 0:
			b.WriteString("." + words.Clip(t))
		default:
			b.WriteString(words.Clip(t))
		}
	}
	return b.String()
}

// PatternOf returns the name in Patterns that belongs to a location in the
// schema: of the innermost definition or property; or nothing.
func (f Form) PatternOf(location string) string {
	_, fragment, _ := strings.Cut(location, "#")
	for _, t := range slices.Backward(tree.Tokens(fragment)) {
		if _, ok := f.Patterns[t]; ok {
			return t
		}
	}
	return ""
}
