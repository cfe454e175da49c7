// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package tree

import (
	"bytes"
	"encoding/json"
	"strconv"
)

// JSON returns the value as JSON in one line, its keys in their order and its
// numbers as encoding/json writes them: 1 for 1.0, so that it is a whole number
// to every decoder.
func (n *Node) JSON() []byte {
	var b bytes.Buffer
	n.writeJSON(&b, "", "")
	return b.Bytes()
}

// Indented returns the value as JSON over several lines. Numbers keep their
// spelling where JSON has it.
func (n *Node) Indented(indent string) []byte {
	var b bytes.Buffer
	n.writeJSON(&b, "\n", indent)
	return b.Bytes()
}

// writeJSON writes n; newline is what stands before each item, growing by
// indent as values nest, or empty for one line.
func (n *Node) writeJSON(b *bytes.Buffer, newline, indent string) {
	inner, colon := newline, ":"
	if newline != "" {
		inner, colon = newline+indent, ": "
	}
	switch n.Kind {
	case Null:
		b.WriteString("null")
	case Bool:
		b.WriteString(strconv.FormatBool(n.Bool))
	case Number:
		if newline != "" && json.Valid([]byte(n.Text)) {
			b.WriteString(n.Text)
		} else {
			b.WriteString(strconv.FormatFloat(n.Num, 'g', -1, 64))
		}
	case String, Time:
		writeString(b, n.Text)
	case List:
		b.WriteByte('[')
		for i, item := range n.Items {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(inner)
			item.writeJSON(b, inner, indent)
		}
		if len(n.Items) > 0 {
			b.WriteString(newline)
		}
		b.WriteByte(']')
	case Map:
		b.WriteByte('{')
		for i, e := range n.Entries {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(inner)
			writeString(b, e.Key.Text)
			b.WriteString(colon)
			e.Value.writeJSON(b, inner, indent)
		}
		if len(n.Entries) > 0 {
			b.WriteString(newline)
		}
		b.WriteByte('}')
	}
}

func writeString(b *bytes.Buffer, s string) {
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		panic("tree: " + err.Error()) // a string always encodes
	}
	b.Truncate(b.Len() - 1) // Encode ends in a line feed
}
