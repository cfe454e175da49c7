// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package artifact

import (
	"bytes"
	"context"
	"maps"
	"slices"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"

	"github.com/recap-oci/recap/pkg/recap"
)

// Form is how an artifact writes its types down. It changes the digest and
// nothing that is said.
type Form string

const (
	// FormOCI is how OCI has it: an artifactType, and configs and layers of
	// their own types.
	FormOCI Form = ""

	// FormImage is for registries that refuse types which they don't know, though
	// OCI forbids them to. It looks like an image: no artifactType, the config
	// of an image around recap's own, octet-stream layers. The types stand in
	// annotations.
	FormImage Form = "image"
)

// Annotations of [FormImage] that state what its types hide. They appear in this
// form and nowhere else, so that nobody can read one artifact in two ways.
const (
	AnnotationArtifactType = "io.github.recap-oci.artifactType" // of a manifest, an index, or the child of an index
	AnnotationMediaType    = "io.github.recap-oci.mediaType"    // of a config or a layer
)

// mediaTypeOctetStream is that of every layer in [FormImage].
const mediaTypeOctetStream = "application/octet-stream"

// checkForm refuses what is no form.
func checkForm(f Form) error {
	if f == FormOCI || f == FormImage {
		return nil
	}
	return recap.Errorf(recap.Usage, "bad-form", "there is no form %.40q of an artifact", string(f)).WithHint("%q is the only one there is beside OCI's own", string(FormImage))
}

// manifest returns m, which is as OCI has it, in the form f, and its config.
func (f Form) manifest(m ocispec.Manifest, config []byte) (ocispec.Manifest, []byte) {
	if f == FormOCI {
		return m, config
	}
	config = wrapConfig(config)
	own := m.Config.MediaType
	m.Config = describe(ocispec.MediaTypeImageConfig, config)
	m.Config.Annotations = annotate(nil, AnnotationMediaType, own)
	m.Layers = slices.Clone(m.Layers)
	for i := range m.Layers {
		m.Layers[i].Annotations = annotate(m.Layers[i].Annotations, AnnotationMediaType, m.Layers[i].MediaType)
		m.Layers[i].MediaType = mediaTypeOctetStream
	}
	m.Annotations = annotate(m.Annotations, AnnotationArtifactType, m.ArtifactType)
	m.ArtifactType = ""
	return m, config
}

// index returns x, which is as OCI has it, in the form f.
func (f Form) index(x ocispec.Index) ocispec.Index {
	if f == FormOCI {
		return x
	}
	x.Manifests = slices.Clone(x.Manifests)
	for i := range x.Manifests {
		x.Manifests[i].ArtifactType = "" // its annotations say so
	}
	x.Annotations = annotate(x.Annotations, AnnotationArtifactType, x.ArtifactType)
	x.ArtifactType = ""
	return x
}

// child returns the descriptor of n as the child of an index.
func (f Form) child(n *Node) ocispec.Descriptor {
	desc := n.Descriptor
	if f == FormImage {
		desc.Annotations = annotate(desc.Annotations, AnnotationArtifactType, n.ownType())
	}
	return desc
}

// root returns the descriptor of a manifest or index in the form f.
func (f Form) root(mediaType, artifactType string, raw []byte) ocispec.Descriptor {
	desc := describe(mediaType, raw)
	if f == FormOCI {
		desc.ArtifactType = artifactType
	}
	return desc
}

func annotate(annotations map[string]string, key, value string) map[string]string {
	annotations = maps.Clone(annotations)
	if annotations == nil {
		annotations = map[string]string{}
	}
	annotations[key] = value
	return annotations
}

// The config of an image that holds nothing but files, around recap's own, in
// RFC 8785. It satisfies the schema of image configs:
// https://github.com/opencontainers/image-spec/blob/v1.1.1/config.md#properties
//
// The layers are no root file system, so no diff_ids are listed: tools that compare
// them, such as crane validate, count by media type, and none of these is a layer of
// a file system to them. What the layers are, recap's own config says.
const (
	imageConfigStart = `{"architecture":"unknown","io.github.recap-oci.config":`
	imageConfigEnd   = `,"os":"unknown","rootfs":{"diff_ids":[],"type":"layers"}}`
)

// wrapConfig returns the config of an image around config.
func wrapConfig(config []byte) []byte {
	return slices.Concat([]byte(imageConfigStart), config, []byte(imageConfigEnd))
}

// ownConfig returns recap's own config out of raw, the config of n. Around it
// there is only one way to write the config of an image, byte for byte: whatever
// else stood there, another reader could take for the truth. What lies within is
// for its decoder to judge.
func (n *Node) ownConfig(raw []byte) ([]byte, error) {
	if n.Form == FormOCI {
		return raw, nil
	}
	own, ok := bytes.CutPrefix(raw, []byte(imageConfigStart))
	if !ok {
		return nil, badConfig("it doesn't begin as that of an image around recap's own does")
	}
	if own, ok = bytes.CutSuffix(own, []byte(imageConfigEnd)); !ok {
		return nil, badConfig("it doesn't end as that of an image without a root file system does")
	}
	return own, nil
}

// ReadConfig fetches the config of n, a bundle or a catalog, and returns it as
// recap's own, whatever the form of n. Errors are those of [ReadBlob] and
// [recap.Integrity] bad-config.
func ReadConfig(ctx context.Context, src content.Fetcher, n *Node) ([]byte, error) {
	raw, err := ReadBlob(ctx, src, n.Manifest.Config, recap.MaxConfigSize)
	if err != nil {
		return nil, err
	}
	return n.ownConfig(raw)
}

// readForm finds out in which form n is written. Of [FormImage] it puts the types
// that the annotations state where they belong, in the place of the annotations,
// so that nobody behind it has to know. Children alone keep theirs: they say to
// whoever reads the child in which form it must be.
func (n *Node) readForm() error {
	stated, ok := n.Annotations()[AnnotationArtifactType]
	if !ok {
		return n.checkNoForm()
	}
	switch {
	case n.ownType() != "":
		return ambiguous("has artifactType %s and, in the annotation %s, %s", printable(n.ownType()), AnnotationArtifactType, printable(stated))
	case !ownArtifactType(stated):
		return ambiguous("states artifactType %s in an annotation, which is none of recap's", printable(stated))
	}
	n.Form = FormImage
	if n.Index != nil {
		n.Index.ArtifactType = stated
		n.Index.Annotations = without(n.Index.Annotations, AnnotationArtifactType)
		return n.readChildren()
	}
	n.Manifest.ArtifactType = stated
	n.Manifest.Annotations = without(n.Manifest.Annotations, AnnotationArtifactType)
	return n.readLayers()
}

// without deletes an annotation; of none it leaves nothing.
func without(annotations map[string]string, key string) map[string]string {
	delete(annotations, key)
	if len(annotations) == 0 {
		return nil
	}
	return annotations
}

// readChildren is readForm of an index.
func (n *Node) readChildren() error {
	for i := range n.Index.Manifests {
		child := &n.Index.Manifests[i]
		stated, ok := child.Annotations[AnnotationArtifactType]
		switch {
		case child.ArtifactType != "":
			return ambiguous("is written as an image, and its child %d is not: it has artifactType %s", i, printable(child.ArtifactType))
		case !ok:
			return ambiguous("is written as an image, and its child %d states no artifactType in an annotation", i)
		}
		child.ArtifactType = stated
	}
	return nil
}

// readLayers is readForm of a manifest.
func (n *Node) readLayers() error {
	m := n.Manifest
	if m.Config.MediaType != ocispec.MediaTypeImageConfig {
		return ambiguous("is written as an image and has a config of %s", printable(m.Config.MediaType))
	}
	if err := readMediaType("its config", &m.Config); err != nil {
		return err
	}
	for i := range m.Layers {
		layer := &m.Layers[i]
		if layer.MediaType != mediaTypeOctetStream {
			return ambiguous("is written as an image, and layer %d is %s, not %s", i, printable(layer.MediaType), mediaTypeOctetStream)
		}
		if err := readMediaType("a layer", layer); err != nil {
			return err
		}
	}
	return nil
}

func readMediaType(what string, desc *ocispec.Descriptor) error {
	stated, ok := desc.Annotations[AnnotationMediaType]
	switch {
	case !ok:
		return ambiguous("is written as an image, and %s, %s, states no media type in an annotation", what, desc.Digest)
	case recap.IsManifest(stated):
		// Only recap would look for it among the manifests.
		return ambiguous("is written as an image, and %s, %s, is one of %s", what, desc.Digest, stated)
	}
	desc.MediaType = stated
	desc.Annotations = without(desc.Annotations, AnnotationMediaType)
	return nil
}

// checkNoForm refuses half of a form: one reader would see it, another not. What
// an index of others copies from its children is theirs.
func (n *Node) checkNoForm() error {
	if n.Index != nil {
		if !ownArtifactType(n.Index.ArtifactType) {
			return nil
		}
		for i, child := range n.Index.Manifests {
			if _, ok := child.Annotations[AnnotationArtifactType]; ok {
				return ambiguous("is not written as an image, and its child %d is", i)
			}
		}
		return nil
	}
	for _, desc := range n.Children() {
		if _, ok := desc.Annotations[AnnotationMediaType]; ok {
			return ambiguous("is not written as an image, and %s states its media type in an annotation", desc.Digest)
		}
	}
	return nil
}

// checkListed holds what n is against what its descriptor says. The child of a
// pack is written as the pack is. Where neither side speaks of recap they may
// differ: registries are known to list others' artifacts by the type of their
// config.
func (n *Node) checkListed() error {
	own, listed, noted := n.ownType(), n.Descriptor.ArtifactType, n.Descriptor.Annotations[AnnotationArtifactType]
	if n.Form == FormImage && n.Manifest != nil && listed == ocispec.MediaTypeImageConfig {
		listed = "" // so registries list what states no artifactType
	}
	switch {
	case !ownArtifactType(own) && !ownArtifactType(listed) && !ownArtifactType(noted):
		return nil
	case n.Form == FormImage && listed != "" && noted == "":
		return ambiguous("is written as an image, and its descriptor, which has artifactType %s, is not", printable(listed))
	case n.Form == FormOCI && noted != "":
		return ambiguous("is not written as an image, and its descriptor, of %s, is", printable(noted))
	}
	for _, t := range []string{listed, noted} {
		if t != "" && t != own {
			return ambiguous("has artifactType %s, its descriptor %s", printable(own), printable(t))
		}
	}
	return nil
}
