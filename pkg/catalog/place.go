// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"strconv"
	"strings"

	"github.com/recap-oci/recap/pkg/document"
	"github.com/recap-oci/recap/pkg/internal/tree"
	"github.com/recap-oci/recap/pkg/recap"
)

// maxSearched is how many bytes of text are gone through for the quotes of one
// recap, all quotes together. Later ones are placed by their front matter.
const maxSearched = 64 << 20

// places finds where facts stand in the files of a member.
type places struct {
	doc  *document.Document
	own  *recap.Resolver
	left int // bytes that may still be searched

	path   string // of the file that the facts are written in
	prefix string // of the pointers that lead into it
	root   *tree.Node
	moved  []string // where sessions are written that stand inside of recommendations
}

func (m *Source) places() *places {
	p := &places{doc: m.Document, own: m.Recap.Resolver(), left: maxSearched}
	switch {
	case m.Metadata != nil:
		p.path, p.prefix = recap.MetadataPath, "/recap"
		p.root, _ = tree.Parse(tree.YAML, m.Metadata, p.path, 1)
	case m.Document != nil && m.Document.FrontMatter.Format != document.FormatNone:
		front := m.Document.FrontMatter
		p.path = recap.DocumentPath
		p.root, _ = tree.Parse(tree.Syntax(front.Format), m.Document.Text[front.Data.Start:front.Data.End], p.path, front.Line)
	}
	if p.root == nil {
		return p
	}
	sessions := strings.TrimPrefix("/recap/sessions", p.prefix)
	recommendations := strings.TrimPrefix("/recap/recommendations", p.prefix)
	for i := range p.root.At(sessions).List() {
		p.moved = append(p.moved, sessions+"/"+strconv.Itoa(i))
	}
	for i, r := range p.root.At(recommendations).List() {
		if s := r.Get("session"); s != nil && s.Kind == tree.Map {
			p.moved = append(p.moved, recommendations+"/"+strconv.Itoa(i)+"/session")
		}
	}
	return p
}

// find returns where a fact stands: the words that it quotes, where they are in
// the text exactly once, else what is written at pointer, or around it.
func (p *places) find(quote, pointer string) (path string, lines []int) {
	if p.doc != nil && quote != "" && p.left > 0 {
		p.left -= len(p.doc.Text)
		if n, found := p.doc.FindQuote(quote); n == 1 {
			return recap.DocumentPath, []int{found.First, found.Last}
		}
	}
	if p.root == nil {
		return "", nil
	}
	at := strings.TrimPrefix(pointer, p.prefix)
	if rest, ok := strings.CutPrefix(pointer, "/recap/sessions/"); ok {
		if i, err := strconv.Atoi(rest); err == nil && i < len(p.moved) {
			at = p.moved[i]
		}
	}
	pos, exact := p.root.Find(at)
	if pos.Line < 1 {
		return "", nil
	}
	last := pos.Line
	if exact {
		last = max(last, lastLine(p.root.At(at)))
	}
	return p.path, []int{pos.Line, last}
}

// lastLine returns the line that the last value of n begins on.
func lastLine(n *tree.Node) int {
	if n == nil {
		return 0
	}
	last := n.Pos.Line
	for _, item := range n.Items {
		last = max(last, lastLine(item))
	}
	for _, e := range n.Entries {
		last = max(last, e.Key.Pos.Line, lastLine(e.Value))
	}
	return last
}
