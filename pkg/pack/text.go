// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package pack

import (
	"github.com/recap-oci/recap/pkg/internal/tree"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/rule"
)

// checkText reports whether data is text that shows what it says.
func (r *reader) checkText(data []byte) bool {
	if len(data) > maxFileSize {
		r.fail(tree.Pos{Line: 1, Col: 1}, rule.Encoding, "make two packs of it", "pack.yaml has more than %d bytes", maxFileSize)
		return false
	}
	problem := tree.CheckText(data, shows)
	if problem == nil {
		return true
	}
	code := rule.Encoding
	if problem.Class == tree.Hidden {
		code = rule.Control
	}
	r.fail(problem.Pos, code, problem.Mend, "%s", problem.Message)
	return false
}

// checkValues refuses values that an escape hides such a character in.
func (r *reader) checkValues(n *tree.Node) bool {
	ok := true
	for _, c := range n.Text {
		if !shows(c) && c != '\n' && c != '\t' {
			r.fail(n.Pos, rule.Control, "delete it", "a character that doesn't show (U+%04X) stands in this value", c)
			return false
		}
	}
	for _, item := range n.Items {
		ok = r.checkValues(item) && ok
	}
	for _, e := range n.Entries {
		ok = r.checkValues(e.Key) && r.checkValues(e.Value) && ok
	}
	return ok
}

// shows reports whether people can see c, or, of the joiners that some scripts
// and emoji need, what it does.
func shows(c rune) bool { return recap.IsPrintable(c) || c == '\u200c' || c == '\u200d' }
