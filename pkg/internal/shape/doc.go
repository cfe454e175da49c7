// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

// Package shape checks values against a JSON Schema, and tells what a schema
// says about a place in a value: which fields it may have, of which types, and
// what they are for.
//
// Start with [Compile], then [Schema.Validate] and [Schema.Shapes].
//
// It knows the part of draft 2020-12 that the schema of a recap is written in
// and no more: [Compile] refuses any other keyword, so that a schema can't grow
// beyond what is checked. A $ref names a definition of the same document,
// #/$defs/NAME; patterns are RE2; enum and const hold scalars.
//
// The tests hold it to github.com/santhosh-tekuri/jsonschema, finding by
// finding. The command doesn't link that module itself: it compiles the
// metaschemas of five drafts when a process starts, which takes as long as
// everything else that a short command does.
//
// A [Schema] never changes and may be used by goroutines at once. Validate
// recurses as deep as the value nests, once per level and branch: who hands it
// what others wrote bounds the depth, as pkg/internal/tree does.
package shape
