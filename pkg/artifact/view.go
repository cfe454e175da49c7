// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package artifact

import (
	"slices"
	"strings"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/recap-oci/recap/pkg/internal/safepath"
	"github.com/recap-oci/recap/pkg/recap"
)

// View is one layer of a catalog: something that machines read, derived from the
// members of a pack. It says nothing that they don't.
type View struct {
	Path      string // below [CatalogDirectory], such as chunks/kubecon-eu-2024.jsonl.zst
	MediaType string
	Raw       []byte // never empty
}

// CatalogDirectory is where the views of a pack lie beside its recaps when all
// of it is pulled. No slug is called so.
const CatalogDirectory = "catalog"

// checkCatalog holds the manifest of a catalog to the rules of the format. Which
// views there are is open; a reader takes those that it knows.
func checkCatalog(n *Node) error {
	m := n.Manifest
	if m.Config.Size > recap.MaxConfigSize {
		return recap.Errorf(recap.Unsafe, "too-large", "config %s has %d bytes, more than the %d allowed", m.Config.Digest, m.Config.Size, recap.MaxConfigSize)
	}
	if len(m.Layers) > recap.MaxLayers {
		return recap.Errorf(recap.Unsafe, "too-large", "%d layers, more than the %d allowed", len(m.Layers), recap.MaxLayers)
	}
	if err := checkUntitled("the config", m.Config); err != nil {
		return err
	}
	paths := make([]string, len(m.Layers))
	for i, layer := range m.Layers {
		title := layer.Annotations[ocispec.AnnotationTitle]
		path, ok := strings.CutPrefix(title, CatalogDirectory+"/")
		if !ok || path == "" {
			if title != "" {
				if err := safepath.Check(title); err != nil {
					return err
				}
			}
			return malformed("layer %d is titled %.120q, not %s/<path>", i, title, CatalogDirectory)
		}
		if err := checkPlain("layer "+path, layer); err != nil {
			return err
		}
		switch {
		case !validMediaType(layer.MediaType):
			return malformed("layer %.120q has media type %.100q", path, layer.MediaType)
		case layer.Size == 0:
			return malformed("layer %.120q is empty", path)
		case layer.Digest == m.Config.Digest:
			return ambiguous("layer %.120q is the config", path)
		}
		paths[i] = path
	}
	return checkPaths(paths)
}

// Views returns the layers of that media type in the pack's catalog, in order.
func (p *Pack) Views(mediaType string) []ocispec.Descriptor {
	return slices.DeleteFunc(slices.Clone(p.Catalog.Manifest.Layers), func(layer ocispec.Descriptor) bool {
		return layer.MediaType != mediaType
	})
}
