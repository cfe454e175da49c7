// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package layout

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/recap-oci/recap/pkg/internal/canonical"
	"github.com/recap-oci/recap/pkg/layout/internal/blob"
	"github.com/recap-oci/recap/pkg/recap"
)

// annotationSubject names, in an entry of index.json, the digest that the
// manifest has as its subject. A hint only: see the package documentation.
const annotationSubject = "io.github.recap-oci.subject"

// node is what the layout itself needs to know of a manifest: what it points
// to. Whether it makes sense as an artifact is for its reader to say.
type node struct {
	desc        ocispec.Descriptor // plain, with the artifact type
	subject     digest.Digest      // empty when it has none
	annotations map[string]string  // those of a referrer, which a list of referrers repeats
	members     []ocispec.Descriptor
	blobs       []ocispec.Descriptor // config and layers
}

// entry is how a node is listed in index.json.
func (n *node) entry() ocispec.Descriptor {
	desc := n.desc
	if n.subject != "" {
		desc.Annotations = map[string]string{annotationSubject: n.subject.String()}
	}
	return desc
}

// parseNode parses a manifest whose bytes have been verified.
func parseNode(desc ocispec.Descriptor, raw []byte) (*node, error) {
	var m struct {
		MediaType    string               `json:"mediaType"`
		ArtifactType string               `json:"artifactType"`
		Config       *ocispec.Descriptor  `json:"config"`
		Layers       []ocispec.Descriptor `json:"layers"`
		Blobs        []ocispec.Descriptor `json:"blobs"`
		Manifests    []ocispec.Descriptor `json:"manifests"`
		Subject      *ocispec.Descriptor  `json:"subject"`
		Annotations  map[string]string    `json:"annotations"`
	}
	if err := canonical.Unmarshal(raw, &m); err != nil {
		return nil, badManifest(desc.Digest, err)
	}
	if m.MediaType != "" && m.MediaType != desc.MediaType {
		return nil, badManifest(desc.Digest, fmt.Errorf("it says it is %.100q, its descriptor %q", m.MediaType, desc.MediaType))
	}
	if m.Manifests != nil && (m.Layers != nil || m.Config != nil) {
		return nil, badManifest(desc.Digest, fmt.Errorf("it is a manifest and an index at once"))
	}
	n := &node{desc: plain(desc)}
	n.desc.ArtifactType = m.ArtifactType
	if m.Config != nil {
		n.blobs = append(n.blobs, slim(*m.Config))
	}
	for _, d := range append(m.Layers, m.Blobs...) {
		n.blobs = append(n.blobs, slim(d))
	}
	for _, d := range m.Manifests {
		n.members = append(n.members, slim(d))
	}
	for _, list := range [][]ocispec.Descriptor{n.blobs, n.members} {
		for _, d := range list {
			if err := blob.CheckDescriptor(d); err != nil {
				return nil, badManifest(desc.Digest, err)
			}
		}
	}
	if m.Subject != nil {
		if err := blob.CheckDescriptor(*m.Subject); err != nil {
			return nil, badManifest(desc.Digest, err)
		}
		n.subject = m.Subject.Digest
		n.annotations = m.Annotations
	}
	if n.subject != "" && n.desc.ArtifactType == "" && m.Config != nil {
		// As a registry answers when it is asked for referrers.
		n.desc.ArtifactType = m.Config.MediaType
	}
	return n, nil
}

// slim drops what nobody here reads; there may be many.
func slim(d ocispec.Descriptor) ocispec.Descriptor {
	return ocispec.Descriptor{MediaType: d.MediaType, Digest: d.Digest, Size: d.Size, URLs: d.URLs}
}

func badManifest(d digest.Digest, err error) error {
	return recap.Errorf(recap.Integrity, "bad-manifest", "manifest %s: %w", d, err).
		WithHint("it was written so: ask who made it for another")
}

// sniffManifest returns the media type of a manifest that nothing describes,
// and nothing for other content.
func sniffManifest(raw []byte) string {
	var m struct {
		MediaType string          `json:"mediaType"`
		Config    json.RawMessage `json:"config"`
		Manifests json.RawMessage `json:"manifests"`
	}
	if canonical.Unmarshal(raw, &m) != nil {
		return ""
	}
	switch {
	case recap.IsManifest(m.MediaType):
		return m.MediaType
	case m.MediaType != "":
		return ""
	case m.Manifests != nil:
		return ocispec.MediaTypeImageIndex
	case m.Config != nil:
		return ocispec.MediaTypeImageManifest
	}
	return ""
}

// node returns a manifest of the layout, parsed. It is read once, but it must
// still be there.
func (s *Store) node(ctx context.Context, desc ocispec.Descriptor) (*node, error) {
	if n := s.nodes.get(desc.Digest); n != nil && n.desc.Size == desc.Size && n.desc.MediaType == desc.MediaType {
		exists, err := s.Exists(ctx, desc)
		if err != nil {
			return nil, err
		}
		if exists {
			return n, nil
		}
	}
	if !recap.IsManifest(desc.MediaType) || desc.Size > recap.MaxManifestSize {
		return &node{desc: plain(desc)}, nil
	}
	raw, err := s.readBlob(ctx, desc)
	if err != nil {
		return nil, err
	}
	n, err := parseNode(desc, raw)
	if err != nil {
		return nil, s.wrap(err)
	}
	s.nodes.put(n)
	return n, nil
}

// maxCached bounds the descriptors that nodes keeps, some 200 bytes each.
const maxCached = 100_000

// nodes keeps parsed manifests; what a digest names doesn't change.
type nodes struct {
	mu   sync.Mutex
	byID map[digest.Digest]*node
	size int
}

func (c *nodes) get(d digest.Digest) *node {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.byID[d]
}

func (c *nodes) put(n *node) {
	c.mu.Lock()
	defer c.mu.Unlock()
	weight := 1 + len(n.blobs) + len(n.members)
	if c.byID == nil || c.size+weight > maxCached {
		c.byID, c.size = make(map[digest.Digest]*node), 0
	}
	if c.byID[n.desc.Digest] == nil {
		c.byID[n.desc.Digest] = n
		c.size += weight
	}
}
