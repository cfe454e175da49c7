// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package tree

import (
	"bytes"
	"strings"

	"go.yaml.in/yaml/v3"
)

// YAML returns the value as a YAML document without fences, indented by two
// spaces. Scalars keep their quotes, and lists and maps their brackets; new
// lists and maps of scalars get brackets.
func (n *Node) YAML() ([]byte, error) {
	var b bytes.Buffer
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	root := n.yamlNode(true, false)
	doc := &yaml.Node{Kind: yaml.DocumentNode, Content: []*yaml.Node{root}, HeadComment: n.Top, FootComment: root.FootComment}
	root.FootComment = ""
	restore := replaceAstral(doc)
	if err := e.Encode(doc); err != nil {
		return nil, err
	}
	if err := e.Close(); err != nil {
		return nil, err
	}
	return []byte(restore(b.String())), nil
}

// yamlNode returns n for the encoder; flow tells that it stands in brackets.
func (n *Node) yamlNode(top, flow bool) *yaml.Node {
	y := &yaml.Node{
		HeadComment: n.Head, LineComment: n.Line, FootComment: n.Foot,
		Style: n.style, Tag: n.tag,
	}
	if n.tag == "" && !top && (n.Kind == List || n.Kind == Map) && n.small() {
		y.Style = yaml.FlowStyle
	}
	flow = flow || y.Style&yaml.FlowStyle != 0
	switch n.Kind {
	case List:
		y.Kind, y.Tag = yaml.SequenceNode, "!!seq"
		for _, item := range n.Items {
			y.Content = append(y.Content, item.yamlNode(false, flow))
		}
	case Map:
		y.Kind, y.Tag = yaml.MappingNode, "!!map"
		for _, e := range n.Entries {
			y.Content = append(y.Content, e.Key.yamlNode(false, flow), e.Value.yamlNode(false, flow))
		}
	default:
		y.Kind, y.Value = yaml.ScalarNode, n.Text
		switch {
		case n.Kind == Null && n.Text == "" && flow:
			y.Value = "null" // the encoder would write an empty text
		case y.Tag == "" && n.Kind == String:
			y.Tag = "!!str" // by which the encoder quotes what would be read as something else
		}
		// Lines that are indented more are not folded, and the encoder adds one more
		// line break to them each time: https://yaml.org/spec/1.2.2/#813-folded-style.
		if y.Style&yaml.FoldedStyle != 0 && (strings.Contains(n.Text, "\n ") || strings.Contains(n.Text, "\n\t")) {
			y.Style = yaml.LiteralStyle
		}
	}
	return y
}

// small reports whether a list or map of scalars, without comments, reads well
// in one line.
func (n *Node) small() bool {
	length := 0
	for _, item := range n.Items {
		if item.Kind == List || item.Kind == Map || item.Commented() {
			return false
		}
		length += len(item.Text) + 2
	}
	for _, e := range n.Entries {
		if e.Value.Kind == List || e.Value.Kind == Map || e.Key.Commented() || e.Value.Commented() {
			return false
		}
		length += len(e.Key.Text) + len(e.Value.Text) + 4
	}
	return length <= 100
}

// Commented reports whether n or anything below it has a comment.
func (n *Node) Commented() bool {
	if n.Top+n.Head+n.Line+n.Foot != "" {
		return true
	}
	for _, item := range n.Items {
		if item.Commented() {
			return true
		}
	}
	for _, e := range n.Entries {
		if e.Key.Commented() || e.Value.Commented() {
			return true
		}
	}
	return false
}

// Comments returns every comment at or below n, in order.
func (n *Node) Comments() []string {
	var all []string
	add := func(comments ...string) {
		for _, c := range comments {
			if c != "" {
				all = append(all, c)
			}
		}
	}
	add(n.Top, n.Head, n.Line)
	for _, item := range n.Items {
		all = append(all, item.Comments()...)
	}
	for _, e := range n.Entries {
		all = append(all, e.Key.Comments()...)
		all = append(all, e.Value.Comments()...)
	}
	add(n.Foot)
	return all
}
