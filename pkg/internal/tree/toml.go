// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package tree

import (
	"errors"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// toml reads TOML 1.0. The decoder checks the language's rules, among them
// duplicate keys and tables that are opened twice; the syntax parser, which
// checks none of them, then gives places. Dotted keys become maps.
func (r *reader) toml(data []byte) *Node {
	var discard map[string]any
	if err := toml.Unmarshal(data, &discard); err != nil {
		r.tomlError(err)
		return nil
	}
	t := &tomlReader{reader: r}
	t.parser.Reset(data)
	root := NewMap(Pos{Path: r.path, Line: r.first, Col: 1})
	table := root
	for t.parser.NextExpression() {
		expression := t.parser.Expression()
		switch expression.Kind {
		case unstable.Table:
			table = t.table(root, expression, false)
		case unstable.ArrayTable:
			table = t.table(root, expression, true)
		case unstable.KeyValue:
			if table != nil {
				t.keyValue(table, expression, 1)
			}
		}
	}
	if err := t.parser.Error(); err != nil {
		r.tomlError(err)
		return nil
	}
	return root
}

type tomlReader struct {
	*reader
	parser unstable.Parser
}

func (t *tomlReader) pos(n *unstable.Node) Pos { return t.offset(int(n.Raw.Offset)) }

// table returns the map that [a.b] or [[a.b]] opens. A name that passes through
// an array of tables means its last one.
func (t *tomlReader) table(root *Node, expression *unstable.Node, array bool) *Node {
	current := root
	for it, depth := expression.Key(), 1; it.Next(); depth++ {
		part := it.Node()
		if t.deep(depth, t.pos(part)) {
			return nil
		}
		last := it.IsLast()
		value := t.lookup(current, string(part.Data))
		switch {
		case value == nil && last && array:
			list := NewList(t.pos(part), NewMap(t.pos(part)))
			t.add(current, Text(string(part.Data), t.pos(part)), list)
			value = list.Items[0]
		case value == nil:
			value = NewMap(t.pos(part))
			t.add(current, Text(string(part.Data), t.pos(part)), value)
		case value.Kind == List && last && array:
			value.Items = append(value.Items, NewMap(t.pos(part)))
			value = value.Items[len(value.Items)-1]
		case value.Kind == List && len(value.Items) > 0:
			value = value.Items[len(value.Items)-1]
		}
		if value.Kind != Map {
			t.fail(t.pos(part), Duplicate, "rename one of them", "%q is already a value, not a table", part.Data)
			return nil
		}
		current = value
	}
	return current
}

func (t *tomlReader) keyValue(table *Node, expression *unstable.Node, depth int) {
	current := table
	for it := expression.Key(); it.Next(); depth++ {
		part := it.Node()
		if t.deep(depth, t.pos(part)) {
			return
		}
		key := Text(string(part.Data), t.pos(part))
		if it.IsLast() {
			if value := t.value(expression.Value(), key.Pos, depth+1); value != nil {
				t.add(current, key, value)
			}
			return
		}
		value := t.lookup(current, key.Text)
		if value == nil {
			value = NewMap(key.Pos)
			t.add(current, key, value)
		}
		if value.Kind != Map {
			t.fail(key.Pos, Duplicate, "rename one of them", "%q is already a value, not a table", key.Text)
			return
		}
		current = value
	}
}

// value turns a node of the syntax parser, which gives arrays no place, into
// one of ours.
func (t *tomlReader) value(v *unstable.Node, key Pos, depth int) *Node {
	n := &Node{Pos: key, Plain: true}
	if v.Raw.Length > 0 {
		n.Pos = t.pos(v)
	}
	if t.deep(depth, n.Pos) {
		return nil
	}
	n.Text = string(v.Data)
	switch v.Kind {
	case unstable.String:
		n.Kind, n.Plain = String, false
	case unstable.Bool:
		n.Kind, n.Bool = Bool, n.Text == "true"
	case unstable.Integer, unstable.Float:
		n.Kind = String // infinity and not-a-number: JSON has no such number
		if f, exact, ok := number(n.Text); ok {
			n.Kind, n.Num, n.Inexact = Number, f, !exact
		}
	case unstable.LocalDate, unstable.LocalTime, unstable.LocalDateTime, unstable.DateTime:
		n.Kind = Time
	case unstable.Array:
		n.Kind = List
		for it := v.Children(); it.Next(); {
			if it.Node().Kind == unstable.Comment {
				continue
			}
			if item := t.value(it.Node(), n.Pos, depth+1); item != nil {
				n.Items = append(n.Items, item)
			}
		}
	case unstable.InlineTable:
		n.Kind = Map
		for it := v.Children(); it.Next(); {
			if it.Node().Kind == unstable.KeyValue {
				t.keyValue(n, it.Node(), depth+1)
			}
		}
	default:
		t.fail(n.Pos, Malformed, "", "not readable as TOML")
		return nil
	}
	return n
}

func (r *reader) tomlError(err error) {
	pos := Pos{Path: r.path, Line: r.first, Col: 1}
	var decode *toml.DecodeError
	if errors.As(err, &decode) {
		line, col := decode.Position()
		pos = Pos{Path: r.path, Line: r.first + max(line, 1) - 1, Col: max(col, 1)}
	}
	message := strings.TrimPrefix(err.Error(), "toml: ")
	class := Malformed
	if strings.Contains(message, "already") {
		class = Duplicate
	}
	r.fail(pos, class, "mend the syntax; texts stand in quotes", "not readable as TOML: %s", message)
}
