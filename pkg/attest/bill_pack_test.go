// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package attest_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/opencontainers/go-digest"

	"github.com/recap-oci/recap/pkg/attest"
	"github.com/recap-oci/recap/pkg/recap"
)

func collection() (*recap.Pack, []*recap.Recap) {
	one, two := event(), &recap.Recap{Title: "Another", Slug: "another"}
	return &recap.Pack{
		Name: "talks", Version: "1.2.0", Title: "All talks", Description: "What was said.", URL: "https://talks.example.com", License: "CC0-1.0",
		Authors: []recap.Agent{{Name: "team"}}, Entities: map[string]recap.Entity{"team": {Name: "The team"}},
		Defaults: recap.PackDefaults{License: "MIT"},
		Members: []recap.PackMember{
			{Slug: one.Slug, Title: one.Title, Version: "1.0.0", Event: "kubecon-eu-2024", Digest: digest.FromString("one").String(), Size: 3},
			{Slug: two.Slug, Title: two.Title, Digest: digest.FromString("two").String(), Size: 3},
		},
	}, []*recap.Recap{two, one}
}

func TestPackBillOfMaterials(t *testing.T) {
	pack, members := collection()
	p, err := attest.PackBillOfMaterials(pack, members, attest.BillOptions{RecapVersion: "0.4.0"})
	if err != nil {
		t.Fatal(err)
	}
	validate(t, cyclonedx(t), p.JSON)
	type list = []any
	type object = map[string]any
	hashOf := func(text string) list {
		return list{object{"alg": "SHA-256", "content": digest.FromString(text).Encoded()}}
	}
	want := object{
		"$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json", "bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1.0,
		"metadata": object{
			"tools": object{"components": list{object{"type": "application", "name": "recap", "version": "0.4.0"}}},
			"component": object{
				"type": "data", "bom-ref": "pack:talks", "name": "All talks", "version": "1.2.0", "description": "What was said.",
				"authors": list{object{"name": "The team"}}, "licenses": list{object{"expression": "CC0-1.0"}},
				"externalReferences": list{object{"type": "website", "url": "https://talks.example.com"}},
				"properties":         list{object{"name": "io.github.recap-oci.name", "value": "talks"}},
			},
		},
		"components": list{
			object{
				"type": "data", "bom-ref": "recap:a-model-conference", "name": "A model conference", "version": "1.0.0", "hashes": hashOf("one"),
				"authors": list{object{"name": "Alice Adams"}, object{"name": "Bob"}}, "licenses": list{object{"expression": "CC-BY-4.0"}},
				"externalReferences": list{object{"type": "source-distribution", "url": "https://blog.example.com/kubecon", "comment": "verbatim", "hashes": hashOf("original")}},
				"properties": list{
					object{"name": "io.github.recap-oci.slug", "value": "a-model-conference"}, object{"name": "io.github.recap-oci.event", "value": "kubecon-eu-2024"},
				},
			},
			object{
				"type": "data", "bom-ref": "recap:another", "name": "Another", "hashes": hashOf("two"), "licenses": list{object{"expression": "MIT"}},
				"properties": list{object{"name": "io.github.recap-oci.slug", "value": "another"}},
			},
		},
		"dependencies": list{object{"ref": "pack:talks", "dependsOn": list{"recap:a-model-conference", "recap:another"}}},
	}
	if diff := cmp.Diff(any(want), decode(t, p.JSON)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	members[0], members[1] = members[1], members[0]
	again, err := attest.PackBillOfMaterials(pack, members, attest.BillOptions{RecapVersion: "0.4.0"})
	if err != nil || !bytes.Equal(again.JSON, p.JSON) {
		t.Errorf("another order of recaps gives other bytes: %v", err)
	}

	// The least that a pack states.
	empty, err := attest.PackBillOfMaterials(&recap.Pack{Name: "x", Version: "1.0.0", URL: "not an address"}, nil, attest.BillOptions{})
	if err != nil {
		t.Fatal(err)
	}
	validate(t, cyclonedx(t), empty.JSON)
}

func TestPackBillOfMaterialsRefuses(t *testing.T) {
	pack, members := collection()
	_, err := attest.PackBillOfMaterials(pack, members[:1], attest.BillOptions{})
	refused(t, err, recap.Usage, "bad-pack", "a-model-conference")
	pack.Members[1].Digest = ""
	_, err = attest.PackBillOfMaterials(pack, members, attest.BillOptions{})
	refused(t, err, recap.Usage, "bad-pack", "another")

	pack, members = &recap.Pack{Name: "large", Version: "1.0.0"}, nil
	fill := func(n int) {
		for i := len(members); i < n; i++ {
			r := event()
			r.Slug = fmt.Sprintf("member-%d", i)
			members = append(members, r)
			pack.Members = append(pack.Members, recap.PackMember{Slug: r.Slug, Title: r.Title, Digest: digest.FromString(r.Slug).String(), Size: 1})
		}
	}
	fill(1000)
	p, err := attest.PackBillOfMaterials(pack, members, attest.BillOptions{})
	if err != nil {
		t.Errorf("1,000 members: %v", err)
	}
	t.Logf("1,000 members: %d bytes", len(p.JSON))
	fill(recap.MaxMembers)
	_, err = attest.PackBillOfMaterials(pack, members, attest.BillOptions{})
	refused(t, err, recap.Unsafe, "too-large")
}
