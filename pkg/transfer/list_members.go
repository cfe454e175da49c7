// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package transfer

import (
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/recap-oci/recap/pkg/artifact"
	"github.com/recap-oci/recap/pkg/recap"
)

// MemberList is the recaps of a pack as its index lists them. Nothing of it is
// verified beyond the index's digest, and its text is somebody else's: not safe to
// print as it is.
type MemberList struct {
	Digest  digest.Digest `json:"digest"`            // of the pack
	Title   string        `json:"title,omitempty"`   // of the pack
	Version string        `json:"version,omitempty"` // of the pack
	Members []MemberEntry `json:"members"`           // in reading order
}

// MemberEntry is one recap of a pack.
type MemberEntry struct {
	Slug    string        `json:"slug"`
	Title   string        `json:"title"`             // a long one is cut, and ends in …
	Version string        `json:"version,omitempty"` // where the bundle states one
	Event   string        `json:"event,omitempty"`   // its id across the pack
	Digest  digest.Digest `json:"digest"`            // of the bundle's manifest
}

// ListMembers returns the recaps of the pack that p was resolved to. It takes no
// request: the index says all of it.
//
// Errors: [recap.Usage] not-a-pack for anything else.
func ListMembers(p *Pinned) (MemberList, error) {
	node := p.Node()
	if kind := node.Kind(); kind != artifact.KindPack {
		return MemberList{}, recap.Errorf(recap.Usage, "not-a-pack", "listing recaps: %s is a %s, not a pack", short(node.Descriptor.Digest), kind).
			WithHint("recap inspect REF shows what it is; a repository without a tag lists its versions")
	}
	about := node.Annotations()
	list := MemberList{
		Digest: node.Descriptor.Digest, Title: about[ocispec.AnnotationTitle], Version: about[ocispec.AnnotationVersion],
		Members: []MemberEntry{},
	}
	for _, child := range node.Index.Manifests[1:] {
		a := child.Annotations
		list.Members = append(list.Members, MemberEntry{
			Slug: a[artifact.AnnotationSlug], Title: a[artifact.AnnotationTitle],
			Version: a[artifact.AnnotationVersion], Event: a[artifact.AnnotationEvent], Digest: child.Digest,
		})
	}
	return list, nil
}
