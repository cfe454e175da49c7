// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package fit

import (
	"fmt"
	"math"
	"strconv"

	"github.com/recap-oci/recap/pkg/internal/shape"
	"github.com/recap-oci/recap/pkg/internal/tree"
)

// settling is one walk through a tree.
type settling struct {
	form  Form
	found []Misfit
}

// settle gives every value below n the type that the schema wants, where its
// spelling allows one: a plain 1.10, 2024-03-27 or NO is text where text is
// wanted. It returns n as encoding/json would have decoded it.
func (s *settling) settle(n *tree.Node, shapes shape.Shapes, pointer string) any {
	switch n.Kind {
	case tree.List:
		items := make([]any, len(n.Items))
		for i, item := range n.Items {
			items[i] = s.settle(item, shapes.Within(), pointer+"/"+strconv.Itoa(i))
		}
		return items
	case tree.Map:
		entries := make(map[string]any, len(n.Entries))
		for _, e := range n.Entries {
			entries[e.Key.Text] = s.settle(e.Value, shapes.Under(e.Key.Text), pointer+"/"+tree.Escape(e.Key.Text))
		}
		return entries
	case tree.Time:
		n.Kind = tree.String
	case tree.Bool:
		if n.Plain && !shapes.Accept("boolean") && shapes.Accept("string") {
			n.Kind = tree.String
		}
	case tree.Number:
		if !shapes.Accept("number") && !shapes.Accept("integer") && shapes.Accept("string") {
			n.Kind = tree.String
		} else if n.Inexact || math.IsInf(n.Num, 0) {
			s.found = append(s.found, Misfit{
				Pos: n.Pos, Pointer: pointer, Mend: "put it in quotes to keep it as text",
				Message: fmt.Sprintf("%s is a number that JSON can't keep exactly", s.form.fieldName(pointer)),
			})
		}
	}
	switch n.Kind {
	case tree.Bool:
		return n.Bool
	case tree.Number:
		return n.Num
	case tree.String:
		return n.Text
	}
	return nil
}
