// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

// Package schemas holds the JSON Schemas (draft 2020-12) of every file and
// every --format json output of recap: the truth about each format.
//
// A name is that of the format alone, such as recap or policy; the version is
// part of the file name and of the $id. A schema only grows within a version.
// Files that people write name their schema, so that editors complete and
// check:
//
//	# yaml-language-server: $schema=https://raw.githubusercontent.com/recap-oci/recap/main/schemas/pack.v1.schema.json
package schemas

import (
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

// Base is the address below which every schema of this package is published:
// its $id is Base followed by its file name.
const Base = "https://raw.githubusercontent.com/recap-oci/recap/main/schemas/"

const suffix = ".v1.schema.json"

//go:embed *.schema.json
var files embed.FS

// Names returns the names that [Read] knows, sorted.
func Names() []string {
	entries, err := fs.ReadDir(files, ".")
	if err != nil {
		panic("schemas: " + err.Error()) // an embedded directory always reads
	}
	names := make([]string, 0, len(entries))
	for _, entry := range entries {
		names = append(names, strings.TrimSuffix(entry.Name(), suffix))
	}
	slices.Sort(names) // the files are, which is another order: policy-check.v1 before policy.v1
	return names
}

// Read returns the schema of that name, such as "recap", "pack" or "policy".
// The error wraps fs.ErrNotExist where there is none.
func Read(name string) ([]byte, error) {
	if strings.ContainsAny(name, "./\\") {
		return nil, fmt.Errorf("schema %q: %w", name, fs.ErrNotExist)
	}
	data, err := files.ReadFile(name + suffix)
	if err != nil {
		return nil, fmt.Errorf("schema %q: %w", name, fs.ErrNotExist)
	}
	return data, nil
}

// URL returns the $id of the schema of that name: what to write after
// "$schema=" in a file.
func URL(name string) string { return Base + name + suffix }
