// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package tree

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
)

// json reads one JSON value token by token: the only way to get places out of
// encoding/json, and duplicate keys with them.
func (r *reader) json(data []byte) *Node {
	j := &jsonReader{reader: r, decoder: json.NewDecoder(bytes.NewReader(data))}
	j.decoder.UseNumber()
	root := j.value(1)
	if root == nil {
		return nil
	}
	rest := j.next()
	if _, err := j.decoder.Token(); !errors.Is(err, io.EOF) {
		r.fail(rest, Malformed, "delete it", "not readable as JSON: something follows the value")
		return nil
	}
	return root
}

type jsonReader struct {
	*reader
	decoder *json.Decoder
}

// start returns the offset of the next token: the decoder tells where the last
// one ended.
func (j *jsonReader) start() int {
	n := int(j.decoder.InputOffset())
	for n < len(j.data) && bytes.IndexByte([]byte(" \t\r\n,:"), j.data[n]) >= 0 {
		n++
	}
	return n
}

func (j *jsonReader) next() Pos { return j.offset(j.start()) }

func (j *jsonReader) token() (json.Token, bool) {
	at := j.next()
	token, err := j.decoder.Token()
	if err == nil {
		return token, true
	}
	var syntax *json.SyntaxError
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		j.fail(j.offset(len(j.data)), Malformed, "close what is open", "not readable as JSON: it ends too early")
	case errors.As(err, &syntax):
		j.fail(at, Malformed, "mend the syntax", "not readable as JSON: %s", syntax.Error())
	default:
		j.fail(at, Malformed, "mend the syntax", "not readable as JSON: %s", err)
	}
	return nil, false
}

func (j *jsonReader) value(depth int) *Node {
	n := &Node{Pos: j.next()}
	if j.deep(depth, n.Pos) {
		return nil
	}
	token, ok := j.token()
	if !ok {
		return nil
	}
	switch t := token.(type) {
	case nil:
		n.Kind, n.Text, n.Plain = Null, "null", true
	case bool:
		n.Kind, n.Bool, n.Text = Bool, t, "false"
		if t {
			n.Text = "true"
		}
	case string:
		n.Kind, n.Text = String, t
	case json.Number:
		n.Kind, n.Text, n.Plain = Number, t.String(), true
		f, exact, _ := number(n.Text)
		n.Num, n.Inexact = f, !exact
	case json.Delim:
		if !j.composite(n, t, depth) {
			return nil
		}
	}
	return n
}

func (j *jsonReader) composite(n *Node, open json.Delim, depth int) bool {
	n.Kind = List
	if open == '{' {
		n.Kind = Map
	}
	for j.decoder.More() {
		if n.Kind == List {
			item := j.value(depth + 1)
			if item == nil {
				return false
			}
			n.Items = append(n.Items, item)
			continue
		}
		pos := j.next()
		key, ok := j.token()
		if !ok {
			return false
		}
		name, ok := key.(string)
		if !ok {
			j.fail(pos, Malformed, "put the key in quotes", "not readable as JSON: a key must be text")
			return false
		}
		value := j.value(depth + 1)
		if value == nil {
			return false
		}
		j.add(n, Text(name, pos), value)
	}
	_, ok := j.token()
	return ok
}
