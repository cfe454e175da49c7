// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package tree

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"
)

// yaml reads YAML 1.2 as yaml.v3 does, which is 1.2's core schema but for
// timestamps. Decoding into nodes expands no alias, so a bomb costs nothing.
func (r *reader) yaml(data []byte) *Node {
	empty := &Node{Kind: Map, Pos: Pos{Path: r.path, Line: r.first, Col: 1}}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var doc yaml.Node
	if err := decoder.Decode(&doc); err != nil {
		if errors.Is(err, io.EOF) {
			return empty
		}
		r.yamlError(err)
		return nil
	}
	var next yaml.Node
	switch err := decoder.Decode(&next); {
	case err == nil:
		r.fail(r.runes(next.Line, 1), Ambiguous, "keep one document", "a second YAML document begins here")
		return nil
	case !errors.Is(err, io.EOF):
		r.yamlError(err)
		return nil
	}
	if len(doc.Content) != 1 {
		return empty
	}
	root := r.yamlNode(doc.Content[0], 1)
	if root == nil {
		return nil
	}
	// A comment above everything or below everything belongs to the document.
	root.Top = doc.HeadComment
	root.Foot = join(root.Foot, doc.FootComment)
	if root.Kind == Null && root.Text == "" {
		empty.Top, empty.Head, empty.Foot = root.Top, root.Head, root.Foot
		return empty
	}
	return root
}

func join(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + "\n\n" + b
}

// yamlNode turns one node of yaml.v3 into one of ours. It returns nil for what
// it refuses.
func (r *reader) yamlNode(y *yaml.Node, depth int) *Node {
	pos := r.runes(y.Line, y.Column)
	if r.deep(depth, pos) {
		return nil
	}
	if y.Anchor != "" {
		r.fail(pos, Ambiguous, "write the value out where it is used", "the anchor &%s is not supported", y.Anchor)
	}
	if y.Kind == yaml.AliasNode {
		r.fail(pos, Ambiguous, "write the value out", "the alias *%s is not supported", y.Value)
		return nil
	}
	if y.Style&yaml.TaggedStyle != 0 {
		r.fail(pos, Ambiguous, "remove the tag; quote the value to make it text", "the tag %s is not supported", y.Tag)
	}
	n := &Node{
		Pos:  pos,
		Flow: y.Style&yaml.FlowStyle != 0,
		Head: y.HeadComment, Line: y.LineComment, Foot: y.FootComment,
		style: y.Style, tag: y.ShortTag(),
	}
	switch y.Kind {
	case yaml.ScalarNode:
		r.yamlScalar(n, y)
	case yaml.SequenceNode:
		n.Kind = List
		for _, item := range y.Content {
			if v := r.yamlNode(item, depth+1); v != nil {
				n.Items = append(n.Items, v)
			}
		}
	case yaml.MappingNode:
		n.Kind = Map
		for i := 0; i+1 < len(y.Content); i += 2 {
			key, value := r.yamlKey(y.Content[i]), r.yamlNode(y.Content[i+1], depth+1)
			if key != nil && value != nil {
				r.add(n, key, value)
			}
		}
	default:
		r.fail(pos, Malformed, "", "this is no YAML value")
		return nil
	}
	return n
}

func (r *reader) yamlKey(y *yaml.Node) *Node {
	pos := r.runes(y.Line, y.Column)
	switch {
	case y.Kind == yaml.AliasNode, y.Anchor != "":
		r.fail(pos, Ambiguous, "write the key out", "anchors and aliases are not supported")
		return nil
	case y.Kind != yaml.ScalarNode:
		r.fail(pos, Malformed, "write a word, then a colon", "a key must be text")
		return nil
	case y.Style&yaml.TaggedStyle != 0 && y.Tag != "!!merge":
		r.fail(pos, Ambiguous, "remove the tag", "the tag %s is not supported", y.Tag)
		return nil
	case y.Value == "<<" && y.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) == 0:
		r.fail(pos, Ambiguous, "write the merged keys out", "the merge key << is not supported")
		return nil
	}
	return &Node{
		Kind: String, Text: y.Value, Pos: pos,
		Head: y.HeadComment, Line: y.LineComment, Foot: y.FootComment,
		style: y.Style, tag: y.ShortTag(),
	}
}

func (r *reader) yamlScalar(n *Node, y *yaml.Node) {
	n.Kind, n.Text = String, y.Value
	const quoted = yaml.DoubleQuotedStyle | yaml.SingleQuotedStyle | yaml.LiteralStyle | yaml.FoldedStyle
	if y.Style&quoted != 0 {
		return
	}
	n.Plain = true
	switch y.ShortTag() {
	case "!!null":
		n.Kind = Null
	case "!!bool":
		n.Kind = Bool
		n.Bool = strings.EqualFold(y.Value, "true")
	case "!!timestamp":
		n.Kind = Time
	case "!!int", "!!float":
		// Infinity and not-a-number stay text: JSON has no such number.
		if f, exact, ok := number(y.Value); ok {
			n.Kind, n.Num, n.Inexact = Number, f, !exact
		}
	}
}

var yamlErrorLine = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^(?:yaml: )?line (\d+): `) })

// yamlError says in plain words what yaml.v3 could not read. Its line numbers
// are right to within one; it gives no column.
func (r *reader) yamlError(err error) {
	message, line := strings.TrimPrefix(err.Error(), "yaml: "), 1
	if m := yamlErrorLine().FindStringSubmatch(err.Error()); m != nil {
		line, _ = strconv.Atoi(m[1])
		message = strings.TrimPrefix(err.Error(), m[0])
	}
	pos := r.runes(line, 1)
	for _, known := range []struct{ contains, message, mend string }{
		{"mapping values are not allowed", "a colon stands where YAML allows none", `put a value that holds ": " in quotes, and line keys up in one column`},
		{"cannot start any token", "a character that YAML reserves begins a value, or a tab indents a line", "put the value in quotes; indent with spaces"},
		{"found a tab character", "a tab indents this line", "indent with spaces"},
		{"did not find expected key", "a line is not in one column with its neighbours, or a quote is not closed", "line keys up in one column and close quotes"},
		{"did not find expected '-' indicator", "a line of a list is not in one column with its neighbours", "line the dashes up in one column"},
		{"did not find expected ',' or", "a [list] or {mapping} in one line is not closed, or lacks a comma", "close it, and put values that hold , [ ] { } in quotes"},
		{"could not find expected ':'", "a key without a colon", "write key: value"},
		{"unexpected end of stream", "a quote is not closed", "close it"},
		{"exceeded max depth", "values nest too deep", "flatten it"},
		{"control characters are not allowed", "a control character stands in the text", "delete it"},
	} {
		if strings.Contains(message, known.contains) {
			r.fail(pos, Malformed, known.mend, "not readable as YAML: %s", known.message)
			return
		}
	}
	r.fail(pos, Malformed, "", "not readable as YAML: %s", message)
}
