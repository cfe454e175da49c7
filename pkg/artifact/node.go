// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package artifact

import (
	"context"
	"fmt"
	"slices"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"

	"github.com/recap-oci/recap/pkg/recap"
)

// Kind says what a manifest or index is to recap.
type Kind string

// The kinds of nodes.
const (
	KindBundle   Kind = "bundle"   // one recap
	KindPack     Kind = "pack"     // an index of bundles
	KindCatalog  Kind = "catalog"  // the first child of a pack
	KindReferrer Kind = "referrer" // not recap's own, and about a subject: a signature, an attestation
	KindForeign  Kind = "foreign"  // anything else
)

// Node is a manifest or an index that was compared with its descriptor and has
// one meaning. Only [Parse] and [FetchNode] make one.
type Node struct {
	Descriptor ocispec.Descriptor // as it was asked for

	// Exactly one of the two is set. They state the types that are meant, in
	// whatever form they are written.
	Manifest *ocispec.Manifest
	Index    *ocispec.Index

	Form Form   // in which Raw is written; FormOCI for what isn't recap's own
	Raw  []byte // what was hashed
}

// FetchNode fetches the manifest or index that desc describes and parses it. What
// desc says is something else isn't fetched. Errors are those of [ReadBlob] and
// [Parse].
func FetchNode(ctx context.Context, src content.Fetcher, desc ocispec.Descriptor) (*Node, error) {
	if err := checkNode(desc); err != nil {
		return nil, err
	}
	raw, err := ReadBlob(ctx, src, desc, recap.MaxManifestSize)
	if err != nil {
		return nil, fmt.Errorf("fetching manifest: %w", err)
	}
	return Parse(desc, raw)
}

// Kind returns what n is.
func (n *Node) Kind() Kind {
	switch n.ownType() {
	case recap.ArtifactTypeBundle:
		return KindBundle
	case recap.ArtifactTypePack:
		return KindPack
	case recap.ArtifactTypeCatalog:
		return KindCatalog
	}
	if n.Subject() != nil {
		return KindReferrer
	}
	return KindForeign
}

// ownType returns the artifactType that n states itself.
func (n *Node) ownType() string {
	if n.Index != nil {
		return n.Index.ArtifactType
	}
	return n.Manifest.ArtifactType
}

// ArtifactType returns the artifactType of n or, for a manifest that states none,
// the media type of its config, as [OCI] has it.
//
// [OCI]: https://github.com/opencontainers/image-spec/blob/v1.1.1/manifest.md#guidelines-for-artifact-usage
func (n *Node) ArtifactType() string {
	if t := n.ownType(); t != "" || n.Manifest == nil {
		return t
	}
	return n.Manifest.Config.MediaType
}

// Annotations returns the annotations that n states about itself, not those of
// its descriptor; nil where there are none.
func (n *Node) Annotations() map[string]string {
	if n.Index != nil {
		return n.Index.Annotations
	}
	return n.Manifest.Annotations
}

// Subject returns what n says it is about, or nil. Nothing here follows it.
func (n *Node) Subject() *ocispec.Descriptor {
	if n.Index != nil {
		return n.Index.Subject
	}
	return n.Manifest.Subject
}

// Children returns the descriptors of what n is made of, in order: config and
// layers, or manifests. A digest may appear more than once: two files of the same
// content are two layers. The subject is no child.
func (n *Node) Children() []ocispec.Descriptor {
	if n.Index != nil {
		return slices.Clone(n.Index.Manifests)
	}
	return append([]ocispec.Descriptor{n.Manifest.Config}, n.Manifest.Layers...)
}
