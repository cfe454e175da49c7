// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package transfer

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"

	"github.com/recap-oci/recap/pkg/artifact"
	"github.com/recap-oci/recap/pkg/internal/tasks"
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

	// Unreadable is why a referrer can't be read; what is said of it then comes
	// from whoever lists it.
	Unreadable string `json:"unreadable,omitempty"`

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
// Errors: [recap.Integrity] for a root that isn't what its digest says or
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
	if in.Root.Referrers, err = inspectReferrers(ctx, src, node); err != nil {
		return Inspection{}, fmt.Errorf("inspecting %s: %w", short(root.Digest), err)
	}
	return in, nil
}

// inspectReferrers reads what refers to node. Anybody may put something beside
// it that can't be read, which is said of it and says nothing about node.
func inspectReferrers(ctx context.Context, src content.ReadOnlyGraphStorage, node *artifact.Node) ([]InspectedNode, error) {
	listed, err := allReferrers(ctx, src, node.Descriptor)
	if err != nil {
		return nil, err
	}
	read := make([]*InspectedNode, len(listed)) // nil: it isn't about node
	group, ctx := tasks.WithContext(ctx)
	group.SetLimit(atOnce)
	for i, desc := range listed {
		group.Go(func() error {
			ref, err := artifact.FetchNode(ctx, src, desc)
			switch {
			case errors.Is(err, recap.Integrity), errors.Is(err, recap.Unsafe):
				in := inspectDescriptor(desc)
				in.Unreadable = err.Error()
				read[i] = &in
			case err != nil:
				return err
			case ref.Subject() != nil && ref.Subject().Digest == node.Descriptor.Digest:
				in := inspectNode(ref)
				read[i] = &in
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	var found []InspectedNode
	for _, in := range read {
		if in != nil {
			found = append(found, *in)
		}
	}
	return found, nil
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
