// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package shape

import (
	"encoding/json"
	"fmt"
	"regexp"
)

// Schema is a compiled schema, or a part of one.
type Schema struct {
	location    string // in its document, as a URI fragment: #/$defs/slug
	description string
	never       bool // false in place of a schema: no value fits

	ref                 *Schema
	allOf, anyOf, oneOf []*Schema

	types  []string // JSON types, and "integer"; any where nil
	enum   []any    // scalars; any value where nil
	scalar *any     // const

	properties        map[string]*Schema
	patternProperties []patternSchema // by pattern
	additional        *Schema         // additionalProperties
	names             *Schema         // propertyNames
	required          []string
	dependentSchemas  []dependentSchema  // by property
	dependentRequired []dependentRequire // by property
	maxProperties     *int

	items              *Schema
	minItems, maxItems *int

	minLength, maxLength *int // in characters
	pattern              *regexp.Regexp

	minimum, maximum *float64
}

type patternSchema struct {
	pattern *regexp.Regexp
	schema  *Schema
}

type dependentSchema struct {
	property string
	schema   *Schema
}

type dependentRequire struct {
	property string
	required []string
}

// Compile reads a schema. The error names the place of the first keyword that
// isn't known, or is used in a way that isn't: a programmer's mistake, since a
// schema isn't input.
func Compile(document []byte) (*Schema, error) {
	var root any
	if err := json.Unmarshal(document, &root); err != nil {
		return nil, fmt.Errorf("reading a schema: %w", err)
	}
	c := &compiler{definitions: map[string]*Schema{}, patterns: map[string]*regexp.Regexp{}}
	if m, ok := root.(map[string]any); ok {
		c.define(m["$defs"])
	}
	s := c.schema(root, rootLocation)
	c.checkCycles()
	if c.err != nil {
		return nil, c.err
	}
	return s, nil
}
