// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package attest

import (
	"cmp"

	"github.com/opencontainers/go-digest"

	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/trust"
)

// PackBillOfMaterials returns what a pack is made of: each member with the hash
// of its manifest, its licence (its own or the pack's default), whose it is and
// where it comes from. What a member is made of is in the member's own bill, of
// which a pack of any size couldn't hold all. members are the recaps of p, in
// any order; what p says of a member counts where both say it.
//
// Errors: recap.Usage bad-pack for a member without its recap, or one without a
// digest; recap.Unsafe too-large for a pack of so many that no signature can
// carry the bill.
func PackBillOfMaterials(p *recap.Pack, members []*recap.Recap, opts BillOptions) (trust.Predicate, error) {
	bySlug := make(map[string]*recap.Recap, len(members))
	for _, r := range members {
		bySlug[r.Slug] = r
	}
	root := component{
		Type: "data", Ref: "pack:" + p.Name, Name: cmp.Or(p.Title, p.Name), Version: p.Version, Description: p.Description,
		Authors:    contacts(p.Entities, p.Authors),
		Licenses:   licenses(p.License),
		Properties: properties("name", p.Name),
	}
	if isIRI(p.URL) {
		root.External = []reference{{Type: "website", URL: p.URL}}
	}
	b := newBill(root, opts)
	for _, m := range p.Members {
		r, ok := bySlug[m.Slug]
		if !ok {
			return trust.Predicate{}, recap.Errorf(recap.Usage, "bad-pack", "member %s of pack %s: its recap is missing", m.Slug, p.Name)
		}
		d := digest.Digest(m.Digest)
		if d.Validate() != nil || d.Algorithm() != digest.SHA256 {
			return trust.Predicate{}, recap.Errorf(recap.Usage, "bad-pack", "member %s of pack %s has no SHA-256 digest", m.Slug, p.Name)
		}
		b.add(component{
			Type: "data", Ref: "recap:" + m.Slug, Name: m.Title, Version: m.Version,
			Authors:    contacts(r.Facts.Entities, r.Authors),
			Hashes:     []hash{{Algorithm: "SHA-256", Content: d.Encoded()}},
			Licenses:   licenses(cmp.Or(r.Facts.License, p.Defaults.License)),
			External:   origins(r.Facts.Source),
			Properties: properties("slug", m.Slug, "event", m.Event),
		})
	}
	return predicate(TypeBill, b)
}
