// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package transfer

import (
	"context"
	"fmt"
	"strings"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"

	"github.com/recap-oci/recap/pkg/artifact"
	"github.com/recap-oci/recap/pkg/recap"
)

// Inspection is what an artifact consists of and what refers to it, as its
// manifests say. Nothing of it is verified beyond digests, and its text is
// somebody else's: not safe to print as it is.
type Inspection struct {
	Kind artifact.Kind `json:"kind"`

	// Compat is the form in which the types that are listed are written down,
	// where it isn't OCI's own.
	Compat artifact.Form `json:"compat,omitempty"`

	// Size is how many bytes the root and everything below it have, each
	// object once. What lies below the children of an index is not asked for
	// and not counted.
	Size int64 `json:"size"`

	Root InspectedNode `json:"root"`
}

// InspectedNode is one object: the root, a config, a layer, a manifest.
type InspectedNode struct {
	Digest       digest.Digest     `json:"digest"`
	MediaType    string            `json:"mediaType"`
	ArtifactType string            `json:"artifactType,omitempty"`
	Size         int64             `json:"size"`            // bytes
	Title        string            `json:"title,omitempty"` // org.opencontainers.image.title, a layer's file name
	Annotations  map[string]string `json:"annotations,omitempty"`

	// PredicateType is what a referrer claims to say: nobody has looked.
	PredicateType string `json:"predicateType,omitempty"`

	Config    *InspectedNode  `json:"config,omitempty"`
	Layers    []InspectedNode `json:"layers,omitempty"`
	Manifests []InspectedNode `json:"manifests,omitempty"` // children of an index
	Referrers []InspectedNode `json:"referrers,omitempty"` // of the root
}

// predicateTypeAnnotation is where cosign notes what a signature or an
// attestation says.
const predicateTypeAnnotation = "dev.sigstore.bundle.predicateType"

// Inspect reads the manifest at root and those that refer to it. Blobs are not
// fetched.
//
// Errors: [recap.Integrity] for a manifest that isn't what its digest says or
// has no one meaning, [recap.Unsafe] too-many-referrers, [recap.Unavailable]
// when the source can't say what refers to root.
func Inspect(ctx context.Context, src content.ReadOnlyGraphStorage, root ocispec.Descriptor) (Inspection, error) {
	node, err := artifact.FetchNode(ctx, src, root)
	if err != nil {
		return Inspection{}, fmt.Errorf("inspecting %s: %w", short(root.Digest), err)
	}
	in := Inspection{Kind: node.Kind(), Compat: node.Form, Root: inspectNode(node), Size: node.Descriptor.Size}
	for _, desc := range distinct(node.Children()) {
		in.Size += desc.Size
	}
	g := &graph{seen: map[digest.Digest]bool{root.Digest: true}}
	found, err := g.referring(ctx, src, []*artifact.Node{node})
	if err != nil {
		return Inspection{}, fmt.Errorf("inspecting %s: %w", short(root.Digest), err)
	}
	for _, ref := range found {
		in.Root.Referrers = append(in.Root.Referrers, inspectNode(ref))
	}
	return in, nil
}

func inspectNode(n *artifact.Node) InspectedNode {
	in := inspectDescriptor(n.Descriptor)
	in.ArtifactType, in.Annotations = n.ArtifactType(), n.Annotations()
	in.PredicateType = in.Annotations[predicateTypeAnnotation]
	if n.Index != nil {
		for _, child := range n.Index.Manifests {
			in.Manifests = append(in.Manifests, inspectDescriptor(child))
		}
		return in
	}
	config := inspectDescriptor(n.Manifest.Config)
	in.Config = &config
	for _, layer := range n.Manifest.Layers {
		in.Layers = append(in.Layers, inspectDescriptor(layer))
	}
	return in
}

func inspectDescriptor(desc ocispec.Descriptor) InspectedNode {
	return InspectedNode{
		Digest: desc.Digest, MediaType: desc.MediaType, ArtifactType: desc.ArtifactType, Size: desc.Size,
		Title: desc.Annotations[ocispec.AnnotationTitle], Annotations: desc.Annotations,
	}
}

// Path returns the path of a bundle's layer inside the recap: its title without
// the slug.
func (n *InspectedNode) Path() string {
	_, path, ok := strings.Cut(n.Title, "/")
	if !ok || len(path) > recap.MaxPathLength {
		return n.Title
	}
	return path
}
