// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

// Package material keeps trust material in an OCI layout: what somebody trusts, a
// Sigstore trusted root and a policy, to be carried to a place without network
// beside what it vouches for.
//
// It is a manifest of its own that refers to nothing and has no tag. Whoever can
// write the layout can write it, so that nobody trusts it by its being there: only
// who was told its digest, by somebody they trust, installs it.
//
// Start with [Push] and [Fetch].
package material

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/errdef"

	"github.com/recap-oci/recap/pkg/artifact"
	"github.com/recap-oci/recap/pkg/internal/canonical"
	"github.com/recap-oci/recap/pkg/internal/durable"
	"github.com/recap-oci/recap/pkg/recap"
)

// The types of trust material, whose layers are what is to be trusted.
const (
	ArtifactType    = "application/vnd.recap.trust.v1"
	mediaTypeRoot   = "application/vnd.dev.sigstore.trustedroot+json;version=0.1"
	mediaTypePolicy = "application/vnd.recap.policy.v1+yaml"
	titlePolicy     = "policy.yaml"
)

// maxTrustedRoot bounds a trusted root: the public instance's has some
// kilobytes.
const maxTrustedRoot = 1 << 20

// Material is what somebody trusts: one of the two at least.
type Material struct {
	TrustedRoot []byte // a trusted_root.json; empty where keys are all that is trusted
	Policy      []byte // a policy that stands alone
}

// Install writes the material to the files trustedRoot and policy, of which what is
// empty is left out, each as a whole, the root before the policy that names it. Without
// replace nothing is written where one of them is there already with another
// content: [recap.Local], code exists.
func (m Material) Install(trustedRoot, policy string, replace bool) error {
	type file struct {
		path string
		data []byte
	}
	var files []file
	for _, f := range []file{{trustedRoot, m.TrustedRoot}, {policy, m.Policy}} {
		if f.path != "" && len(f.data) > 0 {
			files = append(files, f)
		}
	}
	missing := files[:0:0]
	for _, f := range files {
		there, err := os.ReadFile(f.path) // a file of the user's own, which is not printed
		switch {
		case err == nil && bytes.Equal(there, f.data): // perhaps of a run that was killed
			continue
		case err == nil && !replace:
			return recap.Errorf(recap.Local, "exists", "you have %s already, with another content", f.path).
				WithHint("--force replaces it; recap policy check shows whom it trusts")
		case err != nil && !errors.Is(err, fs.ErrNotExist):
			return durable.Explain(err)
		}
		missing = append(missing, f)
	}
	for _, f := range missing {
		if err := durable.MkdirAll(filepath.Dir(f.path), 0o700); err != nil {
			return err
		}
		if err := durable.WriteFile(f.path, f.data, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// Push stores material in dst, which has to be committed, and returns the
// manifest that holds it. It never gets a tag.
func Push(ctx context.Context, dst content.Pusher, material Material) (ocispec.Descriptor, error) {
	manifest := ocispec.Manifest{
		Versioned:    specs.Versioned{SchemaVersion: 2},
		MediaType:    ocispec.MediaTypeImageManifest,
		ArtifactType: ArtifactType,
		Config:       ocispec.DescriptorEmptyJSON,
	}
	manifest.Config.Data = nil
	if err := pushAbsent(ctx, dst, manifest.Config, ocispec.DescriptorEmptyJSON.Data); err != nil {
		return ocispec.Descriptor{}, err
	}
	for _, part := range []struct {
		mediaType, title string
		data             []byte
	}{{mediaTypeRoot, recap.TrustedRoot, material.TrustedRoot}, {mediaTypePolicy, titlePolicy, material.Policy}} {
		if len(part.data) == 0 {
			continue
		}
		layer := content.NewDescriptorFromBytes(part.mediaType, part.data)
		if err := pushAbsent(ctx, dst, layer, part.data); err != nil {
			return ocispec.Descriptor{}, err
		}
		layer.Annotations = map[string]string{ocispec.AnnotationTitle: part.title}
		manifest.Layers = append(manifest.Layers, layer)
	}
	raw, err := canonical.Marshal(manifest)
	if err != nil {
		return ocispec.Descriptor{}, err
	}
	desc := content.NewDescriptorFromBytes(ocispec.MediaTypeImageManifest, raw)
	return desc, pushAbsent(ctx, dst, desc, raw)
}

func pushAbsent(ctx context.Context, dst content.Pusher, desc ocispec.Descriptor, data []byte) error {
	if err := dst.Push(ctx, desc, bytes.NewReader(data)); err != nil && !errors.Is(err, errdef.ErrAlreadyExists) {
		return err
	}
	return nil
}

// Fetch reads the trust material whose manifest is root from src. That root's digest
// is the right one is for the user to know.
//
// Errors: recap.Usage not-trust-material for another kind of artifact,
// recap.Integrity bad-trust-material for one that is none after all, and those
// of [artifact.ReadBlob].
func Fetch(ctx context.Context, src content.Fetcher, root *artifact.Node) (Material, error) {
	var material Material
	manifest := root.Manifest
	if manifest == nil || manifest.ArtifactType != ArtifactType {
		return material, recap.Errorf(recap.Usage, "not-trust-material", "%s is no trust material", root.Descriptor.Digest).
			WithHint("recap copy --with-trust prints the digest of what it adds")
	}
	for _, layer := range manifest.Layers {
		into, limit := &material.TrustedRoot, int64(maxTrustedRoot)
		switch layer.MediaType {
		case mediaTypeRoot:
		case mediaTypePolicy:
			into, limit = &material.Policy, recap.MaxPolicySize
		default:
			return Material{}, badMaterial(root, "has a layer of type "+layer.MediaType)
		}
		if *into != nil {
			return Material{}, badMaterial(root, "has two layers of type "+layer.MediaType)
		}
		data, err := artifact.ReadBlob(ctx, src, layer, limit)
		if err != nil {
			return Material{}, err
		}
		*into = data
	}
	if len(material.TrustedRoot) == 0 && len(material.Policy) == 0 {
		return Material{}, badMaterial(root, "has neither a trusted root nor a policy")
	}
	return material, nil
}

func badMaterial(root *artifact.Node, what string) error {
	return recap.Errorf(recap.Integrity, "bad-trust-material", "trust material %s %s", root.Descriptor.Digest, what).
		WithHint("make it anew with: recap copy --with-trust")
}
