// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package recap

// Quantity is a figure as people write it, taken apart: a value, or bounds.
type Quantity struct {
	Value        *float64
	MinValue     *float64
	MaxValue     *float64
	ExclusiveMin bool
	ExclusiveMax bool
	Approximate  bool
	Unit         string // "percent" for %; otherwise the word after the number
}

// ParseQuantity reads s. The second result tells whether s begins like a number:
// if it doesn't, s is text and there is no error; if it does and can't be read,
// there is one.
func ParseQuantity(s string) (q Quantity, numeric bool, err error) { return Quantity{}, false, nil }
