// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package pack

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/recap-oci/recap/pkg/draft"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/spdx"
	"github.com/recap-oci/recap/schemas"
)

// ScaffoldOptions are what a new pack begins with. Everything has a default.
type ScaffoldOptions struct {
	Name    string // default: made from the title, else my-recaps
	Title   string // left out when empty
	Author  string // left out when empty
	License string // of the pack and its first recap; left out when empty

	// Recaps tells that there are recaps in the directory already, in
	// ./recaps. Default: the pack begins with one.
	Recaps bool

	Event string // of the first recap; default: that of a recap's scaffold
	Date  string // likewise
}

// Scaffold returns the files of a new pack, by path: a pack.yaml that names its
// schema for editors and shows as comments what it may say, and a first recap.
// They pass a check.
//
// Errors are recap.Usage: bad-slug for the name, bad-license, and those of
// [draft.Scaffold].
func Scaffold(opts ScaffoldOptions) (map[string][]byte, error) {
	if opts.Name == "" && opts.Title != "" {
		opts.Name = recap.Slug(opts.Title)
	}
	if opts.Name == "" {
		opts.Name = "my-recaps"
	}
	if err := recap.CheckSlug(opts.Name); err != nil {
		return nil, err
	}
	if opts.License != "" {
		if _, err := spdx.Parse(opts.License); err != nil {
			return nil, err
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "# yaml-language-server: $schema=%s\napiVersion: recap/v1\nkind: Pack\nname: %s\nversion: 0.1.0\n", schemas.URL("pack"), opts.Name)
	for _, field := range []struct{ key, value string }{{"title", opts.Title}, {"license", opts.License}, {"authors", opts.Author}} {
		if field.value != "" {
			fmt.Fprintf(&b, "%s: %s\n", field.key, strconv.Quote(field.value))
		}
	}
	b.WriteString(scaffoldRest)
	files := map[string][]byte{FileName: []byte(b.String())}
	if _, problems := Parse(files[FileName]); slices.ContainsFunc(problems, isError) {
		return nil, recap.Errorf(recap.Usage, "bad-pack", "%s", problems[0].Message).WithHint("%s", problems[0].Mend)
	}
	if opts.Recaps {
		return files, nil
	}
	first, err := draft.Scaffold(draft.ScaffoldOptions{Event: opts.Event, Author: opts.Author, License: opts.License, Date: opts.Date})
	if err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(first)) {
		files[path.Join("recaps", "first", name)] = first[name]
	}
	return files, nil
}

// scaffoldRest shows what else a pack may say. It is comments, so that nothing is
// stated that nobody meant.
const scaffoldRest = `
# In reading order: directories, .md files, globs, or bundles that others
# published, such as oci://registry.example.com/team/recaps:1.0.0, which
# pack.lock then pins.
members:
  - ./recaps/*

# What holds for recaps that don't say.
# defaults: {license: CC-BY-4.0, language: en}

# Declared once; recaps name them by id or name.
# events:
#   example-days-2026: {name: Example Days 2026, startDate: 2026-03-23, place: {city: Lyon, country: FR}}
# entities:
#   ada-example: {kind: person, name: Ada Example}

# What recaps call differently and is one thing.
# aliases:
#   topics: {wasm: [WebAssembly, Wasm]}
#   sessions: {opening: ["first-recap#opening", "second-recap#keynote-1"]}

# Contradictions that stay, by the id that recap check prints.
# conflicts:
#   accepted: [{id: attendance, note: both counts are official}]

# checks: {requireLicense: true, requireAlt: true, maxBytes: 512Mi}
`
