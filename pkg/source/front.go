// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"slices"

	"github.com/recap-oci/recap/pkg/document"
	"github.com/recap-oci/recap/pkg/internal/front"
	"github.com/recap-oci/recap/pkg/internal/tree"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/rule"
)

// readFacts reads recap.yaml, where there is one.
func (l *loader) readFacts() (*tree.Node, error) {
	text, err := l.read(FactsPath, recap.MaxFrontMatterSize)
	if err != nil || text == nil {
		return nil, err
	}
	at := l.display(FactsPath)
	if !l.checkEncoding(at, text) {
		return nil, nil
	}
	lines := l.checkInvisible(at, text)
	node := l.parse(tree.YAML, text, at, 1)
	if node != nil {
		l.checkHidden(node, lines)
	}
	return node, nil
}

// readFront reads the front matter and joins it with the facts of recap.yaml.
// It leaves l.front nil when there is nothing to go on with.
func (l *loader) readFront(text []byte, block document.FrontMatter, facts *tree.Node, hiddenLines map[int]bool) {
	at := l.display(recap.DocumentPath)
	start := tree.Pos{Path: at, Line: 1, Col: 1}
	syntax, ok := front.SyntaxOf(block.Format)
	if !ok {
		l.report(rule.FrontMatter, start, "begin the file with a line of ---, then title: and recap:, then --- again, or run recap init on it",
			"there is no front matter")
		return
	}
	if block.Data.Len() > recap.MaxFrontMatterSize {
		l.report(rule.Limit, start, "move facts to "+FactsPath+", or drop some",
			"the front matter has %d bytes; at most %d are read", block.Data.Len(), recap.MaxFrontMatterSize)
		return
	}
	root := l.parse(syntax, text[block.Data.Start:block.Data.End], at, block.Line)
	if root == nil {
		return
	}
	if root.Kind != tree.Map {
		l.report(rule.FrontMatter, root.Pos, "write key: value lines", "the front matter is %s, not a mapping", root.Kind)
		return
	}
	l.checkHidden(root, hiddenLines)
	if facts != nil {
		if root.Has(front.Key) {
			l.report(rule.TwoSources, root.KeyPos(front.Key), "keep the recap key or "+FactsPath+", not both",
				"the facts stand here and in %s", FactsPath)
		} else {
			root.Entries = append(root.Entries, tree.Entry{Key: tree.Text(front.Key, facts.Pos), Value: facts})
		}
	} else if slices.ContainsFunc(l.list, func(f listed) bool { return f.path == FactsPath }) && !root.Has(front.Key) {
		return // recap.yaml could not be read; that was reported
	}
	l.front = root
}

// parse reads text and reports what is wrong with it; nil when it can't be
// used. A text with an ambiguity is used all the same: what was understood
// still has rules to meet, and the finding stops it anyway.
func (l *loader) parse(syntax tree.Syntax, text []byte, at string, first int) *tree.Node {
	root, problems := tree.Parse(syntax, text, at, first)
	for _, p := range problems {
		l.report(ruleOf(p.Class), p.Pos, p.Mend, "%s", p.Message)
		l.broken = true
	}
	return root
}

func ruleOf(c tree.Class) string {
	switch c {
	case tree.Duplicate:
		return rule.Duplicate
	case tree.Ambiguous:
		return rule.Ambiguous
	}
	return rule.FrontMatter
}
