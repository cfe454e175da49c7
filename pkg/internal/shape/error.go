// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package shape

// Error is one thing that doesn't fit.
type Error struct {
	Location []string // of the value: tokens of a JSON Pointer, unescaped
	Schema   string   // location of the schema that it doesn't fit, as a URI fragment: #/$defs/slug
	Kind     any      // what is wrong: one of the structs below, each named for the keyword that it violates

	// Branches tells why each alternative of AnyOf or OneOf doesn't fit. It is
	// nil for all other kinds, and where too many alternatives fit.
	Branches [][]*Error
}

// The kinds of an [Error]. Lengths are in characters.
type (
	FalseSchema struct{} // the value may not be there
	Type        struct {
		Got  string
		Want []string
	}
	Const struct{ Want any }
	Enum  struct{ Want []any }
	AnyOf struct{}
	OneOf struct {
		Fit []string // fields that the alternatives that fit require, where more than one does
	}
	Required             struct{ Missing []string }
	AdditionalProperties struct{ Names []string }
	PropertyNames        struct{ Name string } // of a field of the object that Location gives
	DependentRequired    struct {
		Property string
		Missing  []string
	}
	MaxProperties struct{ Got, Want int }
	MinItems      struct{ Got, Want int }
	MaxItems      struct{ Got, Want int }
	MinLength     struct{ Got, Want int }
	MaxLength     struct{ Got, Want int }
	Pattern       struct{ Got, Want string }
	Minimum       struct{ Got, Want float64 }
	Maximum       struct{ Got, Want float64 }
)
