// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package transfer_test

import (
	"testing"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2"
	"oras.land/oras-go/v2/content"

	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/transfer"
)

// Whoever knows a pack's members can put their manifests under a tag as layers. That
// says nothing of what they lead to: a push or copy there sends it.
func TestManifestsThatABaseNamesAsLayers(t *testing.T) {
	g := packOf(t, "1.0.0", many(t, 3, -1)...)
	for name, send := range map[string]func(dst oras.GraphTarget){
		"push": func(dst oras.GraphTarget) { push(t, g, dst, "latest") },
		"copy": func(dst oras.GraphTarget) {
			src := openLayout(t, t.TempDir()+"/source")
			push(t, g, src, "1.0.0")
			if _, err := transfer.Copy(t.Context(), src, g.Root, dst, []string{"latest"}, transfer.CopyOptions{}); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			dst := openLayout(t, t.TempDir()+"/layout")
			var layers []ocispec.Descriptor
			for _, desc := range g.Nodes() {
				if !recap.IsManifest(desc.MediaType) || desc.Digest == g.Root.Digest {
					continue
				}
				raw, err := content.FetchAll(t.Context(), g, desc)
				if err != nil {
					t.Fatal(err)
				}
				layer := content.NewDescriptorFromBytes("text/plain", raw)
				pushIfAbsent(t, dst, layer, raw)
				layers = append(layers, layer)
			}
			base, err := oras.PackManifest(t.Context(), dst, oras.PackManifestVersion1_1, "application/vnd.example.base", oras.PackManifestOptions{Layers: layers})
			if err != nil {
				t.Fatal(err)
			}
			if err := dst.Tag(t.Context(), base, "latest"); err != nil {
				t.Fatal(err)
			}
			send(dst)
			if whole, err := dst.Whole(t.Context(), []ocispec.Descriptor{g.Root}); err != nil || !whole[0] {
				t.Errorf("what was sent is not all there: %v", err)
			}
		})
	}
}
