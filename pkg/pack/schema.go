// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package pack

import (
	"bytes"
	"encoding/json"
	"sync"

	"github.com/recap-oci/recap/pkg/internal/fit"
	"github.com/recap-oci/recap/pkg/internal/shape"
	"github.com/recap-oci/recap/schemas"
)

// form is the schema of pack.yaml with the words to speak about it, made once.
var form = sync.OnceValue(func() fit.Form {
	document, err := joinedSchema()
	if err != nil {
		panic("pack: " + err.Error()) // it is embedded
	}
	schema, err := shape.Compile(document)
	if err != nil {
		panic("pack: " + err.Error()) // every test that loads a pack compiles it
	}
	return fit.Form{
		Schema: schema, Name: "pack", Thing: "a pack", Whole: "pack.yaml",
		Unknown: "remove it, or begin it with x- to keep it",
		TooMany: "make two packs of it",
		Patterns: map[string]string{
			"name":     "lower-case letters, digits and single hyphens, such as kubecon-recaps",
			"version":  "a semantic version without build metadata, such as 1.2.0",
			"language": "a language tag (BCP 47), such as en or de-CH",
			"maxBytes": `a number of bytes, such as "512Mi" or 2Gi`,
			"events":   "an id: lower-case letters, digits and single hyphens",
			"entities": "an id: lower-case letters, digits and single hyphens",
			"aliases":  "an id: lower-case letters, digits and single hyphens",
			"slug":     "lower-case letters, digits and single hyphens",
			"date":     "as much as is known: 2024, 2024-03, 2024-03-27 or 2024-03-27T10:00:00Z",
			"uri":      "a whole address, such as https://example.com/page",
			"lines":    `line numbers, such as 8, "8-10" or "12,21"`,
			"country":  "two capital letters (ISO 3166-1), such as FR",
		},
	}
})

// joinedSchema returns the schema of pack.yaml with the definitions that it takes
// from that of recaps, as one document.
func joinedSchema() ([]byte, error) {
	own, err := schemas.Read("pack")
	if err != nil {
		return nil, err
	}
	recaps, err := schemas.Read("recap")
	if err != nil {
		return nil, err
	}
	own = bytes.ReplaceAll(own, []byte(schemas.URL("recap")+"#/$defs/"), []byte("#/$defs/"))
	var joined map[string]json.RawMessage
	if err := json.Unmarshal(own, &joined); err != nil {
		return nil, err
	}
	var from struct {
		Defs map[string]json.RawMessage `json:"$defs"`
	}
	if err := json.Unmarshal(recaps, &from); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(joined["$defs"], &from.Defs); err != nil { // its own come on top
		return nil, err
	}
	if joined["$defs"], err = json.Marshal(from.Defs); err != nil {
		return nil, err
	}
	return json.Marshal(joined)
}
