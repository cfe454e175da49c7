// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package attest

import (
	"cmp"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/opencontainers/go-digest"

	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/spdx"
	"github.com/recap-oci/recap/pkg/trust"
)

// BillOptions are what a bill of materials states that a recap doesn't.
type BillOptions struct {
	// Version of the bundle; a pack states its own. Default: none is stated.
	Version string

	// RecapVersion is the version of recap that wrote the bill. Default: none
	// is stated.
	RecapVersion string
}

// propertyPrefix starts the names of properties that CycloneDX has no field for.
const propertyPrefix = "io.github.recap-oci."

// The parts of CycloneDX 1.6 that a bill of content needs. The module
// github.com/CycloneDX/cyclonedx-go was looked at and not taken: it brings XML,
// every earlier version and five times the fields.
//
// See https://cyclonedx.org/docs/1.6/json/
type (
	bill struct {
		Schema       string       `json:"$schema"`
		Format       string       `json:"bomFormat"`
		SpecVersion  string       `json:"specVersion"`
		Version      int          `json:"version"`
		Metadata     billMetadata `json:"metadata"`
		Components   []component  `json:"components"`
		Dependencies []dependsOn  `json:"dependencies"`
	}
	billMetadata struct {
		Tools     tools     `json:"tools"`
		Component component `json:"component"`
	}
	tools struct {
		Components []component `json:"components"`
	}
	component struct {
		Type        string      `json:"type"`
		Ref         string      `json:"bom-ref,omitempty"`
		MediaType   string      `json:"mime-type,omitempty"`
		Authors     []contact   `json:"authors,omitempty"`
		Publisher   string      `json:"publisher,omitempty"`
		Name        string      `json:"name"`
		Version     string      `json:"version,omitempty"`
		Description string      `json:"description,omitempty"`
		Hashes      []hash      `json:"hashes,omitempty"`
		Licenses    []license   `json:"licenses,omitempty"`
		External    []reference `json:"externalReferences,omitempty"`
		Properties  []property  `json:"properties,omitempty"`
	}
	contact struct {
		Name string `json:"name"`
	}
	hash struct {
		Algorithm string `json:"alg"`
		Content   string `json:"content"`
	}
	// license is an expression, or the name of what is none.
	license struct {
		Expression string        `json:"expression,omitempty"`
		License    *namedLicense `json:"license,omitempty"`
	}
	namedLicense struct {
		Name string `json:"name"`
	}
	reference struct {
		Type    string `json:"type"`
		URL     string `json:"url"`
		Comment string `json:"comment,omitempty"`
		Hashes  []hash `json:"hashes,omitempty"`
	}
	property struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	}
	dependsOn struct {
		Ref       string   `json:"ref"`
		DependsOn []string `json:"dependsOn"`
	}
)

// BillOfMaterials returns what a recap is made of as a CycloneDX 1.6 bill: each
// file with its hash, its licence (its own or the recap's) and, where the
// recap says so, whose it is and where it comes from. r is a recap whose files
// have digests, as one has that was built or opened.
//
// Errors: recap.Usage bad-recap for a file without a digest, recap.Unsafe
// too-large for a recap of so many files that no signature can carry the bill.
func BillOfMaterials(r *recap.Recap, opts BillOptions) (trust.Predicate, error) {
	root := component{
		Type: "data", Ref: "recap:" + r.Slug, Name: r.Title, Version: opts.Version, Description: r.Description,
		Authors:    contacts(r.Facts.Entities, r.Authors),
		Licenses:   licenses(r.Facts.License),
		External:   origins(r.Facts.Source),
		Properties: properties("slug", r.Slug, "event", r.Facts.Event.Name, "date", string(r.Date)),
	}
	b := newBill(root, opts)
	files := slices.Clone(r.Files)
	slices.SortFunc(files, func(a, b recap.File) int { return cmp.Compare(a.Path, b.Path) })
	for _, f := range files {
		c, err := fileComponent(r, f)
		if err != nil {
			return trust.Predicate{}, err
		}
		b.add(c)
	}
	return predicate(TypeBill, b)
}

// newBill returns the bill of root, without anything that it is made of.
func newBill(root component, opts BillOptions) *bill {
	return &bill{
		Schema: "http://cyclonedx.org/schema/bom-1.6.schema.json", Format: "CycloneDX", SpecVersion: "1.6", Version: 1,
		Metadata: billMetadata{
			Tools:     tools{Components: []component{{Type: "application", Name: "recap", Version: opts.RecapVersion}}},
			Component: root,
		},
		Components:   []component{},
		Dependencies: []dependsOn{{Ref: root.Ref, DependsOn: []string{}}},
	}
}

// add states that the root is made of c, too.
func (b *bill) add(c component) {
	b.Components = append(b.Components, c)
	b.Dependencies[0].DependsOn = append(b.Dependencies[0].DependsOn, c.Ref)
}

// fileComponent describes one file.
func fileComponent(r *recap.Recap, f recap.File) (component, error) {
	d := digest.Digest(f.Digest)
	if d.Validate() != nil || d.Algorithm() != digest.SHA256 {
		return component{}, recap.Errorf(recap.Usage, "bad-recap", "file %q of recap %q has no SHA-256 digest", f.Path, r.Slug)
	}
	c := component{
		Type: "file", Ref: "file:" + f.Path, Name: f.Path, MediaType: f.MediaType,
		Hashes:     []hash{{Algorithm: "SHA-256", Content: d.Encoded()}},
		Licenses:   licenses(cmp.Or(f.License, r.Facts.License)),
		Properties: properties("role", string(f.Role), "size", strconv.FormatInt(f.Size, 10)),
	}
	if f.Role == recap.RoleDocument {
		c.Authors, c.External = contacts(r.Facts.Entities, r.Authors), origins(r.Facts.Source)
	}
	for _, m := range r.Facts.Media {
		switch f.Path {
		case m.Src, m.Original:
		default:
			continue
		}
		c.Authors = append(c.Authors, contacts(r.Facts.Entities, m.Credit)...)
		c.Description = cmp.Or(c.Description, m.Caption)
		if isIRI(m.URL) {
			c.External = append(c.External, reference{Type: "source-distribution", URL: m.URL})
		}
	}
	c.Authors, c.External = distinct(c.Authors), distinctReferences(c.External)
	return c, nil
}

// contacts returns people and organisations by name, an entity's id resolved.
func contacts(entities map[string]recap.Entity, agents []recap.Agent) []contact {
	var list []contact
	for _, a := range agents {
		name := a.Name
		if e, ok := entities[name]; ok && e.Name != "" {
			name = e.Name
		}
		if name != "" {
			list = append(list, contact{Name: name})
		}
	}
	return distinct(list)
}

// licenses returns an expression as CycloneDX has it. What is no expression is
// kept as a name; NOASSERTION says nothing, and so does the bill.
func licenses(expression string) []license {
	if expression == "" {
		return nil
	}
	parsed, err := spdx.Parse(expression)
	switch {
	case err != nil:
		return []license{{License: &namedLicense{Name: expression}}}
	case parsed.NoAssertion:
		return nil
	case parsed.None:
		return []license{{License: &namedLicense{Name: parsed.Expression}}}
	}
	return []license{{Expression: parsed.Expression}}
}

// origins says where the text comes from.
func origins(s *recap.Source) []reference {
	if s == nil || !isIRI(s.URL) {
		return nil
	}
	origin := reference{Type: "source-distribution", URL: s.URL, Comment: s.Derivation}
	if d := digest.Digest(s.Digest); d.Validate() == nil && d.Algorithm() == digest.SHA256 {
		origin.Hashes = []hash{{Algorithm: "SHA-256", Content: d.Encoded()}}
	}
	return []reference{origin}
}

// isIRI reports whether s can stand where CycloneDX wants an address. What
// can't isn't one that anybody could follow.
func isIRI(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && checkText(s) == nil && !strings.ContainsAny(s, " <>\"{}|\\^`")
}

// properties pairs names and values; empty values are left out.
func properties(pairs ...string) []property {
	var list []property
	for pair := range slices.Chunk(pairs, 2) {
		if pair[1] != "" {
			list = append(list, property{Name: propertyPrefix + pair[0], Value: pair[1]})
		}
	}
	return list
}

func distinct(list []contact) []contact {
	var unique []contact
	for _, c := range list {
		if !slices.Contains(unique, c) {
			unique = append(unique, c)
		}
	}
	return unique
}

func distinctReferences(list []reference) []reference {
	var unique []reference
	for _, r := range list {
		if !slices.ContainsFunc(unique, func(u reference) bool { return u.URL == r.URL }) {
			unique = append(unique, r)
		}
	}
	return unique
}
