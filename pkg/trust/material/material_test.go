// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package material_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/errdef"

	"github.com/recap-oci/recap/pkg/layout"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/transfer"
	"github.com/recap-oci/recap/pkg/trust/material"
)

func TestMaterial(t *testing.T) {
	for name, carried := range map[string]material.Material{
		"root and policy": {TrustedRoot: []byte("{}\n"), Policy: []byte("kind: TrustPolicy\n")},
		"root alone":      {TrustedRoot: []byte("{}\n")},
		"policy alone":    {Policy: []byte("kind: TrustPolicy\n")},
	} {
		for _, place := range []string{"l", "l.tar"} {
			t.Run(name+" in "+place, func(t *testing.T) {
				path := t.TempDir() + "/" + place
				store := openLayout(t, path)
				desc, err := material.Push(t.Context(), store, carried)
				if err != nil {
					t.Fatal(err)
				}
				if err := store.Commit(t.Context()); err != nil {
					t.Fatal(err)
				}
				again, err := material.Push(t.Context(), store, carried)
				if err != nil || again.Digest != desc.Digest {
					t.Errorf("pushed again: %v, %v, want %v", again.Digest, err, desc.Digest)
				}
				pinned, err := transfer.Resolve(t.Context(), openLayout(t, path), desc.Digest.String())
				if err != nil {
					t.Fatal(err)
				}
				got, err := material.Fetch(t.Context(), pinned, pinned.Node())
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(carried, got); diff != "" {
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
func TestInstall(t *testing.T) {
	for name, tt := range map[string]struct {
		material material.Material
		want     map[string]string
	}{
		"both":         {material.Material{TrustedRoot: []byte("{}"), Policy: []byte("p")}, map[string]string{"root.json": "{}", "policy.yaml": "p"}},
		"root alone":   {material.Material{TrustedRoot: []byte("{}")}, map[string]string{"root.json": "{}", "policy.yaml": "mine"}},
		"policy alone": {material.Material{Policy: []byte("p")}, map[string]string{"root.json": "mine", "policy.yaml": "p"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for _, name := range []string{"root.json", "policy.yaml"} {
				if err := os.WriteFile(filepath.Join(dir, name), []byte("mine"), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if err := tt.material.Install(dir+"/root.json", dir+"/policy.yaml", true); err != nil {
				t.Fatal(err)
			}
			for name, want := range tt.want {
				if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(got) != want {
					t.Errorf("%s is %q, %v; want %q", name, got, err, want)
				}
			}
		})
	}
}

func TestFetchRefuses(t *testing.T) {
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
		"nothing in it":      {material.ArtifactType, []layer{{policyType, ""}}, recap.Integrity, "bad-trust-material"},
		"two roots":          {material.ArtifactType, []layer{{rootType, "{}"}, {rootType, "{} "}}, recap.Integrity, "bad-trust-material"},
		"something else too": {material.ArtifactType, []layer{{rootType, "{}"}, {"text/plain", "x"}}, recap.Integrity, "bad-trust-material"},
		"a huge policy":      {material.ArtifactType, []layer{{rootType, "{}"}, {policyType, strings.Repeat("#", recap.MaxPolicySize+1)}}, recap.Unsafe, "too-large"},
		"a huge root":        {material.ArtifactType, []layer{{rootType, strings.Repeat(" ", 1<<20+1)}}, recap.Unsafe, "too-large"},
	} {
		t.Run(name, func(t *testing.T) {
			store := openLayout(t, t.TempDir()+"/l")
			manifest := ocispec.Manifest{
				Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispec.MediaTypeImageManifest,
				ArtifactType: c.artifactType, Config: ocispec.DescriptorEmptyJSON,
			}
			put(t, store, ocispec.DescriptorEmptyJSON, []byte("{}"))
			for _, l := range c.layers {
				desc := content.NewDescriptorFromBytes(l.mediaType, []byte(l.text))
				put(t, store, desc, []byte(l.text))
				manifest.Layers = append(manifest.Layers, desc)
			}
			raw, err := json.Marshal(manifest)
			if err != nil {
				t.Fatal(err)
			}
			desc := content.NewDescriptorFromBytes(ocispec.MediaTypeImageManifest, raw)
			put(t, store, desc, raw)
			pinned, err := transfer.Resolve(t.Context(), store, desc.Digest.String())
			if err != nil {
				t.Fatal(err)
			}
			_, err = material.Fetch(t.Context(), pinned, pinned.Node())
			var known *recap.Error
			if !errors.As(err, &known) || known.Kind != c.kind || known.Code != c.code {
				t.Errorf("error %v, want %s of kind %s", err, c.code, c.kind)
			}
		})
	}
}

func openLayout(t *testing.T, path string) *layout.Store {
	t.Helper()
	store, err := layout.Create(path, layout.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Errorf("closing the layout: %v", err)
		}
	})
	return store
}

func put(t *testing.T, dst content.Pusher, desc ocispec.Descriptor, raw []byte) {
	t.Helper()
	if err := dst.Push(t.Context(), desc, bytes.NewReader(raw)); err != nil && !errors.Is(err, errdef.ErrAlreadyExists) {
		t.Fatal(err)
	}
}
