// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package recaptest

import (
	"encoding/json"
	"testing"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// BlobOf describes some bytes.
func BlobOf(data []byte) ocispec.Descriptor {
	return ocispec.Descriptor{MediaType: "application/octet-stream", Digest: digest.FromBytes(data), Size: int64(len(data))}
}

// ManifestOf returns a manifest of layers, referring to subject if it isn't nil.
// Another note makes another manifest.
func ManifestOf(t testing.TB, note string, subject *ocispec.Descriptor, layers ...ocispec.Descriptor) (ocispec.Descriptor, []byte) {
	t.Helper()
	m := ocispec.Manifest{
		Versioned:    specs.Versioned{SchemaVersion: 2},
		MediaType:    ocispec.MediaTypeImageManifest,
		ArtifactType: "application/vnd.test",
		Config:       ocispec.DescriptorEmptyJSON,
		Layers:       layers,
		Subject:      subject,
		Annotations:  map[string]string{"note": note},
	}
	m.Config.Data = nil
	if m.Layers == nil {
		m.Layers = []ocispec.Descriptor{}
	}
	data, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	desc := BlobOf(data)
	desc.MediaType = ocispec.MediaTypeImageManifest
	return desc, data
}
