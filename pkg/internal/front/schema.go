// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package front

import (
	"strings"
	"sync"

	"github.com/recap-oci/recap/pkg/internal/shape"
	"github.com/recap-oci/recap/pkg/internal/tree"
	"github.com/recap-oci/recap/schemas"
)

// recapSchema is the compiled schema of a front matter, made once: compiling
// takes longer than checking a recap by it.
var recapSchema = sync.OnceValue(func() *shape.Schema {
	data, err := schemas.Read("recap")
	if err != nil {
		panic("front: " + err.Error()) // it is embedded
	}
	schema, err := shape.Compile(data)
	if err != nil {
		panic("front: " + err.Error()) // every test that loads a recap compiles it
	}
	return schema
})

// SchemaTree is the schema of a front matter as a tree: unlike the
// compiled one it keeps the order of its properties, which is the order that
// fields are formatted in.
func SchemaTree() *tree.Node { return schemaTree() }

var schemaTree = sync.OnceValue(func() *tree.Node {
	data, err := schemas.Read("recap")
	if err != nil {
		panic("front: " + err.Error()) // it is embedded
	}
	root, problems := tree.Parse(tree.JSON, data, "recap.v1.schema.json", 1)
	if len(problems) > 0 {
		panic("front: " + problems[0].Message)
	}
	return root
})

// Follow returns the schemas that say something about a value themselves.
func Follow(s *tree.Node) []*tree.Node {
	if s == nil || s.Kind != tree.Map {
		return nil
	}
	found := []*tree.Node{s}
	if ref := s.Get("$ref"); ref != nil {
		name := strings.TrimPrefix(ref.Text, "#/$defs/")
		found = append(found, Follow(SchemaTree().Get("$defs").Get(name))...)
	}
	for _, combination := range []string{"oneOf", "anyOf", "allOf"} {
		for _, branch := range s.Get(combination).List() {
			found = append(found, Follow(branch)...)
		}
	}
	return found
}
