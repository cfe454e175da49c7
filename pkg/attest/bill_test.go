// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package attest_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/opencontainers/go-digest"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/recap-oci/recap/pkg/attest"
	"github.com/recap-oci/recap/pkg/recap"
)

// cyclonedx returns the official schema of CycloneDX 1.6.
func cyclonedx(t testing.TB) *jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	for _, name := range []string{"bom-1.6.schema.json", "spdx.schema.json"} {
		file, err := os.Open("testdata/" + name + ".gz")
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		unzipped, err := gzip.NewReader(file)
		if err != nil {
			t.Fatal(err)
		}
		doc, err := jsonschema.UnmarshalJSON(unzipped)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.AddResource("http://cyclonedx.org/schema/"+name, doc); err != nil {
			t.Fatal(err)
		}
	}
	// Signatures inside a bill, which recap makes none of.
	if err := c.AddResource("http://cyclonedx.org/schema/jsf-0.82.schema.json", map[string]any{"definitions": map[string]any{"signature": false}}); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("http://cyclonedx.org/schema/bom-1.6.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func validate(t testing.TB, schema *jsonschema.Schema, raw []byte) {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(doc); err != nil {
		t.Errorf("%v\n%s", err, raw)
	}
}

func row(path string, role recap.Role, license string) recap.File {
	return recap.File{Path: path, MediaType: recap.MediaTypeOf(path), Role: role, Digest: digest.FromString(path).String(), Size: int64(len(path)), License: license}
}

func event() *recap.Recap {
	return &recap.Recap{
		Title: "A model conference", Slug: "a-model-conference", Date: "2024-03-27", Description: "What was said.",
		Authors: []recap.Agent{{Name: "alice"}, {Name: "Bob"}, {Name: "Bob"}, {}},
		Facts: recap.Facts{
			License: "cc-by-4.0", Event: recap.Event{Name: "KubeCon"},
			Entities: map[string]recap.Entity{"alice": {Name: "Alice Adams"}},
			Source:   &recap.Source{URL: "https://blog.example.com/kubecon", Derivation: "verbatim", Digest: digest.FromString("original").String()},
			Media: []recap.Media{
				{Fact: recap.Fact{URL: "https://photos.example.com/1"}, Src: "images/a.png", Original: "images/a.raw.png", Caption: "The stage", Credit: []recap.Agent{{Name: "Carol"}}},
				{Fact: recap.Fact{URL: "https://photos.example.com/1"}, Src: "images/a.png", Caption: "Again", Credit: []recap.Agent{{Name: "Carol"}, {Name: "Dan"}}},
				{Fact: recap.Fact{URL: "not an address"}, Src: "images/b.png"},
			},
		},
		Files: []recap.File{
			row("index.md", recap.RoleDocument, ""),
			row("images/b.png", recap.RoleImage, "NOASSERTION"),
			row("images/a.png", recap.RoleImage, "MIT OR Apache-2.0"),
			row("images/a.raw.png", recap.RoleImage, "all rights reserved, mostly"),
			row("c.csv", recap.RoleDataset, "NONE"),
		},
	}
}

func TestBillOfMaterials(t *testing.T) {
	r := event()
	before := fmt.Sprint(r)
	p, err := attest.BillOfMaterials(r, attest.BillOptions{Version: "1.2.0", RecapVersion: "0.4.0"})
	if err != nil {
		t.Fatal(err)
	}
	if p.Type != "https://cyclonedx.org/bom" {
		t.Errorf("type %s", p.Type)
	}
	if fmt.Sprint(r) != before {
		t.Error("the recap was changed")
	}
	validate(t, cyclonedx(t), p.JSON)

	type list = []any
	type object = map[string]any
	hashOf := func(text string) list {
		return list{object{"alg": "SHA-256", "content": digest.FromString(text).Encoded()}}
	}
	names := func(names ...string) list {
		var l list
		for _, n := range names {
			l = append(l, object{"name": n})
		}
		return l
	}
	origin := list{object{"type": "source-distribution", "url": "https://blog.example.com/kubecon", "comment": "verbatim", "hashes": hashOf("original")}}
	photo := list{object{"type": "source-distribution", "url": "https://photos.example.com/1"}}
	mine := list{object{"expression": "CC-BY-4.0"}}
	props := func(pairs ...string) list {
		var l list
		for i := 0; i < len(pairs); i += 2 {
			l = append(l, object{"name": "io.github.recap-oci." + pairs[i], "value": pairs[i+1]})
		}
		return l
	}
	want := object{
		"$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json", "bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1.0,
		"metadata": object{
			"tools": object{"components": list{object{"type": "application", "name": "recap", "version": "0.4.0"}}},
			"component": object{
				"type": "data", "bom-ref": "recap:a-model-conference", "name": "A model conference", "version": "1.2.0", "description": "What was said.",
				"authors": names("Alice Adams", "Bob"), "licenses": mine, "externalReferences": origin,
				"properties": props("slug", "a-model-conference", "event", "KubeCon", "date", "2024-03-27"),
			},
		},
		"components": list{
			object{
				"type": "file", "bom-ref": "file:c.csv", "name": "c.csv", "mime-type": "text/csv", "hashes": hashOf("c.csv"),
				"licenses": list{object{"license": object{"name": "NONE"}}}, "properties": props("role", "dataset", "size", "5"),
			},
			object{
				"type": "file", "bom-ref": "file:images/a.png", "name": "images/a.png", "mime-type": "image/png", "hashes": hashOf("images/a.png"),
				"description": "The stage", "authors": names("Carol", "Dan"), "licenses": list{object{"expression": "MIT OR Apache-2.0"}},
				"externalReferences": photo, "properties": props("role", "image", "size", "12"),
			},
			object{
				"type": "file", "bom-ref": "file:images/a.raw.png", "name": "images/a.raw.png", "mime-type": "image/png", "hashes": hashOf("images/a.raw.png"),
				"description": "The stage", "authors": names("Carol"), "licenses": list{object{"license": object{"name": "all rights reserved, mostly"}}},
				"externalReferences": photo, "properties": props("role", "image", "size", "16"),
			},
			object{
				"type": "file", "bom-ref": "file:images/b.png", "name": "images/b.png", "mime-type": "image/png", "hashes": hashOf("images/b.png"),
				"properties": props("role", "image", "size", "12"),
			},
			object{
				"type": "file", "bom-ref": "file:index.md", "name": "index.md", "mime-type": "text/markdown", "hashes": hashOf("index.md"),
				"authors": names("Alice Adams", "Bob"), "licenses": mine, "externalReferences": origin, "properties": props("role", "document", "size", "8"),
			},
		},
		"dependencies": list{object{
			"ref":       "recap:a-model-conference",
			"dependsOn": list{"file:c.csv", "file:images/a.png", "file:images/a.raw.png", "file:images/b.png", "file:index.md"},
		}},
	}
	if diff := cmp.Diff(any(want), decode(t, p.JSON)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}

	// The order of rows makes no difference.
	r.Files[0], r.Files[4] = r.Files[4], r.Files[0]
	again, err := attest.BillOfMaterials(r, attest.BillOptions{Version: "1.2.0", RecapVersion: "0.4.0"})
	if err != nil || !bytes.Equal(again.JSON, p.JSON) {
		t.Errorf("another order of rows gives other bytes: %v", err)
	}
}

// Whatever a recap says, the bill is one by the schema.
func TestBillOfMaterialsOfAnything(t *testing.T) {
	schema := cyclonedx(t)
	for name, change := range map[string]func(*recap.Recap){
		"nothing stated": func(r *recap.Recap) { *r = recap.Recap{Title: "T", Slug: "t", Files: r.Files[:1]} },
		"no files":       func(r *recap.Recap) { r.Files = nil },
		"hostile source": func(r *recap.Recap) {
			r.Facts.Source = &recap.Source{URL: "javascript:alert(1)", Digest: "sha256:x"}
		},
		"hostile text": func(r *recap.Recap) {
			r.Title, r.Description = "\x1b[2J\u202e", strings.Repeat("x", 1000)
		},
		"addresses": func(r *recap.Recap) {
			for _, u := range []string{"https://[::1", "https://exa mple.com", "http://a/\x00", "https://", "ftp://x", "https://x/%zz", "https://x/<y>", "https://x/{y}", "HTTPS://X/y", "https://ü.example/ö"} {
				r.Facts.Media = append(r.Facts.Media, recap.Media{Src: "images/a.png", Fact: recap.Fact{URL: u}})
			}
		},
		"licences": func(r *recap.Recap) {
			for i, l := range []string{"MIT", "LicenseRef-x", "mit and (bsd-3-clause)", "???", "NOASSERTION"} {
				r.Files[i].License = l
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := event()
			change(r)
			p, err := attest.BillOfMaterials(r, attest.BillOptions{})
			if err != nil {
				t.Fatal(err)
			}
			validate(t, schema, p.JSON)
		})
	}
}

func TestBillOfMaterialsRefuses(t *testing.T) {
	for name, d := range map[string]string{"no digest": "", "nonsense": "x", "another algorithm": "sha512:" + strings.Repeat("a", 128)} {
		t.Run(name, func(t *testing.T) {
			r := event()
			r.Files[2].Digest = d
			_, err := attest.BillOfMaterials(r, attest.BillOptions{})
			refused(t, err, recap.Usage, "bad-recap", "images/a.png")
		})
	}
	r := event()
	r.Files = r.Files[:1]
	for i := range recap.MaxLayers - 1 {
		r.Files = append(r.Files, row(fmt.Sprintf("images/%04d.png", i), recap.RoleImage, "MIT"))
	}
	p, err := attest.BillOfMaterials(r, attest.BillOptions{})
	if err != nil {
		t.Errorf("a recap of as many files as may be: %v", err)
	}
	t.Logf("%d files: %d bytes", recap.MaxLayers, len(p.JSON))
	for i := range r.Files {
		r.Files[i].Path = strings.Repeat("x", 500) + r.Files[i].Path
	}
	_, err = attest.BillOfMaterials(r, attest.BillOptions{})
	refused(t, err, recap.Unsafe, "too-large")
}

func TestSchemaRefuses(t *testing.T) {
	// The schema in testdata is one that can fail.
	var doc any
	if err := json.Unmarshal([]byte(`{"bomFormat":"CycloneDX","specVersion":"1.6","components":[{"type":"nonsense","name":"x"}]}`), &doc); err != nil {
		t.Fatal(err)
	}
	if cyclonedx(t).Validate(doc) == nil {
		t.Error("a component of type nonsense passes")
	}
}
