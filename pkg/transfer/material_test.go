// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package transfer_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"

	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/transfer"
)

func TestTrustMaterial(t *testing.T) {
	for name, material := range map[string]transfer.TrustMaterial{
		"root and policy": {TrustedRoot: []byte("{}\n"), Policy: []byte("kind: TrustPolicy\n")},
		"root alone":      {TrustedRoot: []byte("{}\n")},
		"policy alone":    {Policy: []byte("kind: TrustPolicy\n")},
	} {
		for _, place := range []string{"l", "l.tar"} {
			t.Run(name+" in "+place, func(t *testing.T) {
				path := t.TempDir() + "/" + place
				store := openLayout(t, path)
				desc, err := transfer.PushTrust(t.Context(), store, material)
				if err != nil {
					t.Fatal(err)
				}
				if err := store.Commit(t.Context()); err != nil {
					t.Fatal(err)
				}
				again, err := transfer.PushTrust(t.Context(), store, material)
				if err != nil || again.Digest != desc.Digest {
					t.Errorf("pushed again: %v, %v, want %v", again.Digest, err, desc.Digest)
				}
				pinned, err := transfer.Resolve(t.Context(), openLayout(t, path), desc.Digest.String())
				if err != nil {
					t.Fatal(err)
				}
				got, err := transfer.FetchTrust(t.Context(), pinned)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(material, got); diff != "" {
					t.Errorf("(-pushed +fetched):\n%s", diff)
				}
				list, err := transfer.List(t.Context(), store, transfer.ListOptions{})
				if err != nil || len(list.Tags) != 0 {
					t.Errorf("it has a tag: %v, %v", list.Tags, err)
				}
			})
		}
	}
}

// What material lacks is neither written nor replaced.
func TestInstallTrust(t *testing.T) {
	for name, tt := range map[string]struct {
		material transfer.TrustMaterial
		want     contents
	}{
		"both":         {transfer.TrustMaterial{TrustedRoot: []byte("{}"), Policy: []byte("p")}, contents{"root.json": "{}", "policy.yaml": "p"}},
		"root alone":   {transfer.TrustMaterial{TrustedRoot: []byte("{}")}, contents{"root.json": "{}", "policy.yaml": "mine"}},
		"policy alone": {transfer.TrustMaterial{Policy: []byte("p")}, contents{"root.json": "mine", "policy.yaml": "p"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, contents{"root.json": "mine", "policy.yaml": "mine"})
			if err := tt.material.Install(dir+"/root.json", dir+"/policy.yaml", true); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, read(t, dir)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestFetchTrustRefuses(t *testing.T) {
	const (
		rootType   = "application/vnd.dev.sigstore.trustedroot+json;version=0.1"
		policyType = "application/vnd.recap.policy.v1+yaml"
	)
	type layer struct{ mediaType, text string }
	for name, c := range map[string]struct {
		artifactType string
		layers       []layer
		kind         recap.Kind
		code         string
	}{
		"another artifact":   {"application/vnd.example.v1", []layer{{rootType, "{}"}}, recap.Usage, "not-trust-material"},
		"nothing in it":      {transfer.TypeTrust, []layer{{policyType, ""}}, recap.Integrity, "bad-trust-material"},
		"two roots":          {transfer.TypeTrust, []layer{{rootType, "{}"}, {rootType, "{} "}}, recap.Integrity, "bad-trust-material"},
		"something else too": {transfer.TypeTrust, []layer{{rootType, "{}"}, {"text/plain", "x"}}, recap.Integrity, "bad-trust-material"},
		"a huge policy":      {transfer.TypeTrust, []layer{{rootType, "{}"}, {policyType, strings.Repeat("#", recap.MaxPolicySize+1)}}, recap.Unsafe, "too-large"},
		"a huge root":        {transfer.TypeTrust, []layer{{rootType, strings.Repeat(" ", 1<<20+1)}}, recap.Unsafe, "too-large"},
	} {
		t.Run(name, func(t *testing.T) {
			store := openLayout(t, t.TempDir()+"/l")
			manifest := ocispec.Manifest{
				Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispec.MediaTypeImageManifest,
				ArtifactType: c.artifactType, Config: ocispec.DescriptorEmptyJSON,
			}
			pushIfAbsent(t, store, ocispec.DescriptorEmptyJSON, []byte("{}"))
			for _, l := range c.layers {
				desc := content.NewDescriptorFromBytes(l.mediaType, []byte(l.text))
				pushIfAbsent(t, store, desc, []byte(l.text))
				manifest.Layers = append(manifest.Layers, desc)
			}
			raw, err := json.Marshal(manifest)
			if err != nil {
				t.Fatal(err)
			}
			desc := content.NewDescriptorFromBytes(ocispec.MediaTypeImageManifest, raw)
			pushIfAbsent(t, store, desc, raw)
			pinned, err := transfer.Resolve(t.Context(), store, desc.Digest.String())
			if err != nil {
				t.Fatal(err)
			}
			_, err = transfer.FetchTrust(t.Context(), pinned)
			wantError(t, err, c.kind, c.code)
		})
	}
}
