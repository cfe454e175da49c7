// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package tree

import (
	"math"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// MaxDepth is how deep values may nest. The deepest recap nests nine levels;
// the limit stops a file of brackets from exhausting the stack.
const MaxDepth = 64

// Kind is the type of a value.
type Kind int

// The kinds.
const (
	Null Kind = iota
	Bool
	Number
	String
	Time // a date or time without quotes, in YAML and TOML
	List
	Map
)

// String returns the kind in the words of an error message.
func (k Kind) String() string {
	switch k {
	case Null:
		return "nothing"
	case Bool:
		return "true or false"
	case Number:
		return "a number"
	case String:
		return "text"
	case Time:
		return "a date"
	case List:
		return "a list"
	case Map:
		return "a mapping"
	}
	return "an unknown value"
}

// Pos is a place in a file.
type Pos struct {
	Path string
	Line int // from 1
	Col  int // from 1, in bytes
}

// Node is one value.
type Node struct {
	Kind    Kind
	Text    string  // a string's value; the spelling of any other scalar
	Plain   bool    // written without quotes
	Bool    bool    // of Bool
	Num     float64 // of Number
	Inexact bool    // Number that a float64 can't hold: too large, or with more digits than it has
	Pos     Pos
	Items   []*Node // of List
	Entries []Entry // of Map, in the order written, keys unique
	Flow    bool    // written in one line with brackets (YAML)

	Head, Line, Foot string // YAML comments, with their #
	Top              string // of the root: the comment above all, with a blank line below it

	style yaml.Style // as YAML had it; 0 for a new node
	tag   string     // what YAML took a scalar for; "" for a new node
}

// Entry is a key and its value.
type Entry struct {
	Key   *Node // a String
	Value *Node
}

// Get returns the value of key, or nil.
func (n *Node) Get(key string) *Node {
	if n == nil {
		return nil
	}
	for _, e := range n.Entries {
		if e.Key.Text == key {
			return e.Value
		}
	}
	return nil
}

// List returns the items of a list; none for anything else, nil included.
func (n *Node) List() []*Node {
	if n == nil {
		return nil
	}
	return n.Items
}

// Map returns the entries of a map; none for anything else, nil included.
func (n *Node) Map() []Entry {
	if n == nil {
		return nil
	}
	return n.Entries
}

// Has reports whether the map has key.
func (n *Node) Has(key string) bool { return n.Get(key) != nil }

// Set replaces the value of key, or appends the entry.
func (n *Node) Set(key string, value *Node) {
	for i, e := range n.Entries {
		if e.Key.Text == key {
			n.Entries[i].Value = value
			return
		}
	}
	n.Entries = append(n.Entries, Entry{Key: Text(key, value.Pos), Value: value})
}

// Delete removes key.
func (n *Node) Delete(key string) {
	for i, e := range n.Entries {
		if e.Key.Text == key {
			n.Entries = append(n.Entries[:i:i], n.Entries[i+1:]...)
			return
		}
	}
}

// Clone returns a deep copy.
func (n *Node) Clone() *Node {
	if n == nil {
		return nil
	}
	c := *n
	c.Items = nil
	for _, item := range n.Items {
		c.Items = append(c.Items, item.Clone())
	}
	c.Entries = nil
	for _, e := range n.Entries {
		c.Entries = append(c.Entries, Entry{Key: e.Key.Clone(), Value: e.Value.Clone()})
	}
	return &c
}

// Text returns a new string at pos.
func Text(s string, pos Pos) *Node { return &Node{Kind: String, Text: s, Pos: pos} }

// NewMap returns a new, empty map at pos.
func NewMap(pos Pos) *Node { return &Node{Kind: Map, Pos: pos} }

// NewList returns a new list at pos.
func NewList(pos Pos, items ...*Node) *Node { return &Node{Kind: List, Pos: pos, Items: items} }

// Float returns a new number at pos.
func Float(f float64, pos Pos) *Node {
	format := byte('f') // as people write it, where that is no longer than what they can read
	if a := math.Abs(f); a >= 1e15 || a < 1e-6 && a > 0 {
		format = 'g'
	}
	return &Node{Kind: Number, Num: f, Text: strconv.FormatFloat(f, format, -1, 64), Plain: true, Pos: pos}
}

// True returns a new true at pos.
func True(pos Pos) *Node {
	return &Node{Kind: Bool, Bool: true, Text: "true", Plain: true, Pos: pos}
}

// Child returns the value at one token of a JSON Pointer, or nil. The key
// node is returned beside it for a map.
func (n *Node) Child(token string) (value, key *Node) {
	switch n.Kind {
	case Map:
		for _, e := range n.Entries {
			if e.Key.Text == token {
				return e.Value, e.Key
			}
		}
	case List:
		i, err := strconv.Atoi(token)
		if err == nil && i >= 0 && i < len(n.Items) && strconv.Itoa(i) == token {
			return n.Items[i], nil
		}
	}
	return nil, nil
}

// At returns the value at a JSON Pointer, or nil.
func (n *Node) At(pointer string) *Node {
	for _, t := range Tokens(pointer) {
		if n, _ = n.Child(t); n == nil {
			return nil
		}
	}
	return n
}

// Find returns the place of the value at a JSON Pointer, or of the deepest
// value above it that exists, and whether the value itself does. Values that
// stand under a key are placed at the key: that is where a reader looks.
func (n *Node) Find(pointer string) (pos Pos, ok bool) {
	pos = n.Pos
	for _, token := range Tokens(pointer) {
		value, key := n.Child(token)
		if value == nil {
			return pos, false
		}
		n, pos = value, value.Pos
		if key != nil {
			pos = key.Pos
		}
	}
	return pos, true
}

// KeyPos returns where the key of a map stands, and the place of the map where it
// has no such key.
func (n *Node) KeyPos(key string) Pos {
	for _, e := range n.Entries {
		if e.Key.Text == key {
			return e.Key.Pos
		}
	}
	return n.Pos
}

// Tokens splits a JSON Pointer (RFC 6901) into its unescaped tokens.
func Tokens(pointer string) []string {
	if pointer == "" {
		return nil
	}
	tokens := strings.Split(strings.TrimPrefix(pointer, "/"), "/")
	for i, t := range tokens {
		tokens[i] = strings.ReplaceAll(strings.ReplaceAll(t, "~1", "/"), "~0", "~")
	}
	return tokens
}

// Escape makes s a token of a JSON Pointer.
func Escape(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, "~", "~0"), "/", "~1")
}
