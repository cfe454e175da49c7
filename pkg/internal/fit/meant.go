// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package fit

import (
	"slices"

	"github.com/recap-oci/recap/pkg/internal/shape"
)

// meant puts one error, or those of one alternative, in the place of each that
// is about alternatives.
func meant(errors []*shape.Error) []*shape.Error {
	var found []*shape.Error
	for _, e := range errors {
		switch kind := e.Kind.(type) {
		case shape.OneOf:
			switch {
			case e.Branches == nil:
				found = append(found, &shape.Error{Location: e.Location, Schema: e.Schema, Kind: together{kind.Fit}})
			case fields(e) != nil:
				found = append(found, fields(e))
			default:
				found = append(found, meantType(e)...)
			}
		case shape.AnyOf:
			found = append(found, fields(e))
		default:
			found = append(found, e)
		}
	}
	return found
}

// meantType returns what is wrong with the alternative that takes the type of
// the value that is there. There is at most one. Without one the value has to
// be of any of their types.
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

// fields makes one error of alternatives that require a field each and say
// nothing else; nil where they do.
func fields(e *shape.Error) *shape.Error {
	var names anyRequired
	for _, branch := range e.Branches {
		required, ok := branch[0].Kind.(shape.Required)
		if !ok || len(branch) > 1 || len(branch[0].Location) > len(e.Location) {
			return nil
		}
		names.Missing = append(names.Missing, required.Missing...)
	}
	return &shape.Error{Location: e.Location, Schema: e.Schema, Kind: names}
}

type (
	anyRequired struct{ Missing []string } // a shape.Required of which one field is enough
	together    struct{ Names []string }   // fields of which one may be there, and more are
)
