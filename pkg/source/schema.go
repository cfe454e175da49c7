// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"sync"

	"github.com/recap-oci/recap/pkg/internal/shape"
	"github.com/recap-oci/recap/schemas"
)

// recapSchema is the compiled schema of a front matter, made once: compiling
// takes longer than checking a recap by it.
var recapSchema = sync.OnceValue(func() *shape.Schema {
	data, err := schemas.Read("recap")
	if err != nil {
		panic("source: " + err.Error()) // it is embedded
	}
	schema, err := shape.Compile(data)
	if err != nil {
		panic("source: " + err.Error()) // every test that loads a recap compiles it
	}
	return schema
})
