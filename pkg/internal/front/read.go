// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package front

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"github.com/recap-oci/recap/pkg/document"
	"github.com/recap-oci/recap/pkg/internal/tree"
	"github.com/recap-oci/recap/pkg/recap"
)

// Key is the one key of a front matter that is recap's own.
const Key = "recap"

// Fail reports that what stands at pos breaks the rule with the given code.
type Fail func(pos tree.Pos, code, mend, format string, args ...any)

// Read returns the recap that a front matter says, which fits its schema, and
// the tree of its JSON: every value in it has the place where the author wrote
// it. What can't be understood is reported to fail. The front matter is changed.
//
// The error is about a tree that isn't what its schema promised.
func Read(front *tree.Node, fail Fail) (*recap.Recap, *tree.Node, error) {
	root := normalise(front, fail)
	found := map[string]json.RawMessage{}
	extensions(root, "", found)
	r, err := decode(root)
	if err != nil {
		return nil, root, err
	}
	if len(found) > 0 {
		r.Extensions = found
	}
	return r, root, nil
}

// decode reads a normalised tree into the types.
func decode(root *tree.Node) (*recap.Recap, error) {
	decoder := json.NewDecoder(strings.NewReader(string(root.JSON())))
	decoder.DisallowUnknownFields()
	r := &recap.Recap{}
	if err := decoder.Decode(r); err != nil {
		return nil, errors.New(strings.TrimPrefix(err.Error(), "json: "))
	}
	return r, nil
}

// extensions takes the keys that begin with x- out of the tree and returns
// their values as JSON by the pointer of the key. The site generator's keys at
// the top aren't looked at.
func extensions(n *tree.Node, pointer string, found map[string]json.RawMessage) {
	for i, item := range n.Items {
		extensions(item, pointer+"/"+strconv.Itoa(i), found)
	}
	if n.Kind != tree.Map {
		return
	}
	kept := n.Entries[:0:0]
	for _, e := range n.Entries {
		at := pointer + "/" + tree.Escape(e.Key.Text)
		if strings.HasPrefix(e.Key.Text, "x-") && pointer != "" {
			found[at] = e.Value.JSON()
			continue
		}
		extensions(e.Value, at, found)
		kept = append(kept, e)
	}
	n.Entries = kept
}

// SyntaxOf returns the language of a front matter; ok is false where there is none.
func SyntaxOf(f document.Format) (tree.Syntax, bool) {
	switch f {
	case document.FormatYAML:
		return tree.YAML, true
	case document.FormatTOML:
		return tree.TOML, true
	case document.FormatJSON:
		return tree.JSON, true
	}
	return "", false
}
