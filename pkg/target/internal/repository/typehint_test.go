// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package repository

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/recaptest"
)

// A registry with a list of types says which it doesn't take, and the hint says
// what helps: another form, an operator, or another registry.
func TestRefusedTypeHint(t *testing.T) {
	subject := &ocispec.Descriptor{MediaType: ocispec.MediaTypeImageManifest, Digest: digest.FromString("x"), Size: 1}
	for _, tt := range []struct {
		name         string
		artifactType string
		config       string
		subject      *ocispec.Descriptor
		want         string // in the text
		hint         string
	}{
		{"a bundle", recap.ArtifactTypeBundle, recap.MediaTypeConfig, nil, recap.ArtifactTypeBundle, "--compat image"},
		{"a catalog", recap.ArtifactTypeCatalog, recap.MediaTypePackConfig, nil, recap.ArtifactTypeCatalog, "--compat image"},
		{"a signature", "application/vnd.dev.sigstore.bundle.v0.3+json", ocispec.MediaTypeEmptyJSON, subject, "sigstore.bundle", "its operator can allow \"application/vnd.dev.sigstore.bundle.v0.3+json\""},
		{"an older signature", "", "application/vnd.example.sig", subject, "vnd.example.sig", "its operator can allow \"application/vnd.example.sig\""},
		{"a hostile signature", "a/\x1b[2J" + strings.Repeat("x", 500), "", subject, "", "its operator can allow"},
		{"somebody else's", "application/vnd.example", ocispec.MediaTypeEmptyJSON, nil, "vnd.example", "a registry that takes OCI artifacts"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := recaptest.NewRegistry(t, recaptest.RegistryOptions{})
			r.Inject(recaptest.OnlyTypes())
			dst, _ := create(t, r)
			data, err := json.Marshal(ocispec.Manifest{
				MediaType: ocispec.MediaTypeImageManifest, ArtifactType: tt.artifactType, Subject: tt.subject,
				Config: ocispec.Descriptor{MediaType: tt.config, Digest: digest.FromString("{}"), Size: 2},
			})
			if err != nil {
				t.Fatal(err)
			}
			desc := ocispec.Descriptor{MediaType: ocispec.MediaTypeImageManifest, Digest: digest.FromBytes(data), Size: int64(len(data))}
			e := recaptest.WantError(t, dst.Push(t.Context(), desc, bytes.NewReader(data)), recap.Integrity, "registry-refuses-type")
			if !strings.Contains(e.Hint, tt.hint) || !strings.Contains(e.Error(), tt.want) || !strings.Contains(e.Error(), r.Host()) {
				t.Errorf("%v\nhint: %s", e, e.Hint)
			}
			if said := e.Error() + e.Hint; strings.ContainsRune(said, '\x1b') || len(e.Hint) > 700 {
				t.Errorf("said raw: %q", said)
			}
		})
	}
}
