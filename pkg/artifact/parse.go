// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package artifact

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/recap-oci/recap/pkg/internal/canonical"
	"github.com/recap-oci/recap/pkg/recap"
)

// Parse compares raw with the size and digest of desc and then reads it as the
// manifest or index that desc says it is.
//
// Whatever the kind, it refuses a document that states another media type than
// desc (none is accepted of a manifest with one of recap's artifact types), that
// has what both a manifest and an index have, or that lists a digest that isn't
// SHA-256, a size that can't be, one digest with two sizes, or embedded data that
// isn't what its digest says. A bundle or pack must also keep every rule of the
// format that its manifest alone can show, and be written in one [Form].
//
// Errors: [recap.Unsafe] too-large, unsafe-path, path-collision, reserved-name;
// [recap.Integrity] digest-mismatch, size-mismatch, bad-digest, bad-size,
// ambiguous-manifest, bad-manifest, and not-a-recap for a media type that is
// neither manifest nor index.
func Parse(desc ocispec.Descriptor, raw []byte) (*Node, error) {
	if err := checkNode(desc); err != nil {
		return nil, err
	}
	if err := checkContent("manifest", desc, raw); err != nil {
		return nil, err
	}
	node, err := parse(desc, raw)
	if err != nil {
		return nil, fmt.Errorf("manifest %s: %w", desc.Digest, err)
	}
	return node, nil
}

// checkNode refuses what is no manifest or index by its descriptor alone, before
// anything is fetched.
func checkNode(desc ocispec.Descriptor) error {
	if err := checkDescriptor("manifest", desc); err != nil {
		return err
	}
	if !isNodeType(desc.MediaType) {
		return recap.Errorf(recap.Integrity, "not-a-recap", "%s is %s, neither an OCI image manifest nor an index", desc.Digest, printable(desc.MediaType))
	}
	if desc.Size > recap.MaxManifestSize {
		return recap.Errorf(recap.Unsafe, "too-large", "manifest %s has %d bytes, more than the %d allowed", desc.Digest, desc.Size, recap.MaxManifestSize)
	}
	return nil
}

// document is everything that a manifest and an index may have, so that what
// has parts of both is seen.
type document struct {
	SchemaVersion *int                  `json:"schemaVersion"`
	MediaType     *string               `json:"mediaType"`
	ArtifactType  string                `json:"artifactType"`
	Config        *ocispec.Descriptor   `json:"config"`
	Layers        *[]ocispec.Descriptor `json:"layers"`
	Manifests     *[]ocispec.Descriptor `json:"manifests"`
	Subject       *ocispec.Descriptor   `json:"subject"`
	Annotations   map[string]string     `json:"annotations"`
}

func parse(desc ocispec.Descriptor, raw []byte) (*Node, error) {
	var doc document
	if err := canonical.Unmarshal(raw, &doc); err != nil {
		if errors.Is(err, canonical.ErrAmbiguous) {
			return nil, ambiguous("%w", err)
		}
		return nil, malformed("%w", err)
	}
	var present map[string]json.RawMessage                // null included, which doc doesn't show
	if err := json.Unmarshal(raw, &present); err != nil { // no longer ambiguous
		return nil, malformed("%w", err)
	}
	if err := doc.checkShape(desc, present); err != nil {
		return nil, err
	}
	node := &Node{Descriptor: desc, Raw: raw}
	var stated string // what is absent stays so
	if doc.MediaType != nil {
		stated = *doc.MediaType
	}
	if isIndexType(desc.MediaType) {
		node.Index = &ocispec.Index{
			Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: stated, ArtifactType: doc.ArtifactType,
			Manifests: *doc.Manifests, Subject: doc.Subject, Annotations: doc.Annotations,
		}
	} else {
		node.Manifest = &ocispec.Manifest{
			Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: stated, ArtifactType: doc.ArtifactType,
			Config: *doc.Config, Layers: *doc.Layers, Subject: doc.Subject, Annotations: doc.Annotations,
		}
	}
	if err := node.checkDescriptors(); err != nil {
		return nil, err
	}
	if err := node.readForm(); err != nil {
		return nil, err
	}
	if err := node.checkListed(); err != nil {
		return nil, err
	}
	if err := node.checkTypes(); err != nil {
		return nil, err
	}
	switch node.Kind() {
	case KindBundle:
		return node, checkBundle(node)
	case KindPack:
		return node, checkPack(node)
	case KindCatalog:
		return node, checkCatalog(node)
	default:
		return node, nil
	}
}

// checkShape sees to it that the document is what the descriptor calls it, and
// nothing else besides.
func (doc *document) checkShape(desc ocispec.Descriptor, present map[string]json.RawMessage) error {
	if doc.SchemaVersion == nil || *doc.SchemaVersion != 2 {
		return malformed("schemaVersion is not 2")
	}
	switch {
	case doc.MediaType != nil && *doc.MediaType != desc.MediaType:
		return ambiguous("calls itself %s, its descriptor %s", printable(*doc.MediaType), desc.MediaType)
	case doc.MediaType == nil && (isIndexType(desc.MediaType) || !ownArtifactType(doc.ArtifactType)):
		return ambiguous("states no mediaType")
	}
	foreign := []string{"manifests"} // keys that would make it something else
	if isIndexType(desc.MediaType) {
		foreign = []string{"config", "layers"}
	}
	// blobs is the artifact manifest's that OCI gave up; fsLayers Docker's first.
	for _, key := range append(foreign, "blobs", "fsLayers") {
		if _, ok := present[key]; ok {
			return ambiguous("is %s and has %q", desc.MediaType, key)
		}
	}
	switch {
	case isIndexType(desc.MediaType):
		if doc.Manifests == nil {
			return malformed("has no manifests")
		}
	case doc.Config == nil:
		return malformed("has no config")
	case doc.Layers == nil:
		return malformed("has no layers")
	}
	return nil
}

// checkDescriptors looks at every descriptor by itself, and for one digest with
// two sizes: whoever believes the wrong one stores or promises what isn't there.
func (n *Node) checkDescriptors() error {
	sizes := map[digest.Digest]int64{}
	check := func(what string, desc ocispec.Descriptor) error {
		if err := checkDescriptor(what, desc); err != nil {
			return err
		}
		if size, ok := sizes[desc.Digest]; ok && size != desc.Size {
			return recap.Errorf(recap.Integrity, "bad-size", "%s %s has size %d and, elsewhere in the manifest, %d", what, desc.Digest, desc.Size, size)
		}
		sizes[desc.Digest] = desc.Size
		return nil
	}
	if n.Manifest != nil {
		if err := check("config", n.Manifest.Config); err != nil {
			return err
		}
		for i, layer := range n.Manifest.Layers {
			if err := check(fmt.Sprintf("layer %d", i), layer); err != nil {
				return err
			}
		}
	} else {
		for i, child := range n.Index.Manifests {
			if err := check(fmt.Sprintf("manifest %d", i), child); err != nil {
				return err
			}
		}
	}
	if subject := n.Subject(); subject != nil {
		return check("subject", *subject)
	}
	return nil
}

// checkTypes compares the other three places that say what an artifact of recap's
// is: media type, artifactType, type of the config.
func (n *Node) checkTypes() error {
	own := n.ownType()
	var mediaType, config string
	switch own {
	case recap.ArtifactTypeBundle:
		mediaType, config = ocispec.MediaTypeImageManifest, recap.MediaTypeConfig
	case recap.ArtifactTypeCatalog:
		mediaType, config = ocispec.MediaTypeImageManifest, recap.MediaTypePackConfig
	case recap.ArtifactTypePack:
		mediaType = ocispec.MediaTypeImageIndex
	default:
		if n.Manifest != nil {
			switch t := n.Manifest.Config.MediaType; t {
			case recap.MediaTypeConfig, recap.MediaTypePackConfig:
				return ambiguous("has artifactType %s and a config of %s", printable(own), t)
			}
		}
		return nil
	}
	if n.Descriptor.MediaType != mediaType {
		return ambiguous("has artifactType %s and is %s", own, n.Descriptor.MediaType)
	}
	if n.Manifest != nil && n.Manifest.Config.MediaType != config {
		return ambiguous("has artifactType %s and a config of %s", own, printable(n.Manifest.Config.MediaType))
	}
	return nil
}

func ownArtifactType(t string) bool {
	switch t {
	case recap.ArtifactTypeBundle, recap.ArtifactTypePack, recap.ArtifactTypeCatalog:
		return true
	default:
		return false
	}
}

func ambiguous(format string, args ...any) error {
	return recap.Errorf(recap.Integrity, "ambiguous-manifest", format, args...)
}

func malformed(format string, args ...any) error {
	return recap.Errorf(recap.Integrity, "bad-manifest", format, args...)
}

// printable returns a type from elsewhere as it can stand in a message.
func printable(mediaType string) string {
	if mediaType == "" {
		return "nothing"
	}
	if len(mediaType) <= 255 && validMediaType(mediaType) {
		return mediaType
	}
	return fmt.Sprintf("%.100q", mediaType)
}
