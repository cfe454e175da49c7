// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package transfer_test

import (
	"bytes"
	"strings"
	"testing"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"

	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/recaptest"
	"github.com/recap-oci/recap/pkg/target"
	"github.com/recap-oci/recap/pkg/transfer"
)

// signOlder puts something in the form of cosign before version 3 beside root
// and returns its tag and manifest.
func signOlder(t testing.TB, dst *target.Target, root ocispec.Descriptor, payload string) (string, ocispec.Descriptor) {
	t.Helper()
	put := func(mediaType, text string) ocispec.Descriptor {
		desc := content.NewDescriptorFromBytes(mediaType, []byte(text))
		if err := dst.Push(t.Context(), desc, strings.NewReader(text)); err != nil {
			t.Fatal(err)
		}
		return desc
	}
	config := put(ocispec.MediaTypeImageConfig, `{"rootfs":{"type":"layers"}}`)
	layer := put("application/vnd.dev.cosign.simplesigning.v1+json", payload)
	raw := []byte(`{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",` +
		`"config":{"mediaType":"` + config.MediaType + `","digest":"` + string(config.Digest) + `","size":28},` +
		`"layers":[{"mediaType":"` + layer.MediaType + `","digest":"` + string(layer.Digest) + `","size":15}]}`)
	image := content.NewDescriptorFromBytes(ocispec.MediaTypeImageManifest, raw)
	tag := "sha256-" + root.Digest.Encoded() + ".sig"
	if err := dst.PushReference(t.Context(), image, bytes.NewReader(raw), tag); err != nil {
		t.Fatal(err)
	}
	return tag, image
}

// Signatures in cosign's older form come along, under their tag; those that the
// destination has are not lost.
func TestCopyLegacySignatures(t *testing.T) {
	reg := recaptest.NewRegistry(t, recaptest.RegistryOptions{})
	src := open(t, reg, "from/here")
	g := build(t, first)
	push(t, g, src, "1.0.0")
	tag, image := signOlder(t, src, g.Root, `{"critical":{}}`)

	dst := open(t, reg, "to/there")
	copyTo := func(dst *target.Target) (transfer.CopyResult, error) {
		pinned := resolve(t, open(t, reg, "from/here"), "1.0.0")
		return transfer.Copy(t.Context(), pinned, pinned.Root(), dst, []string{"1.0.0"}, transfer.CopyOptions{})
	}
	for _, again := range []bool{false, true} {
		result, err := copyTo(dst)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := dst.Resolve(t.Context(), tag); err != nil || got.Digest != image.Digest || result.Referrers != 1 || (result.Copied.Count == 0) != again {
			t.Errorf("got %v, %v under the tag; result %+v", got, err, result)
		}
	}
	node, err := transfer.Resolve(t.Context(), dst, tag)
	if err != nil {
		t.Fatal(err)
	}
	for _, child := range node.Node().Children() {
		if ok, err := dst.Exists(t.Context(), child); !ok || err != nil {
			t.Errorf("%s: exists %v, %v", child.Digest, ok, err)
		}
	}

	other := open(t, reg, "to/another")
	_, theirs := signOlder(t, other, g.Root, `{"critical":[]}`)
	_, err = copyTo(other)
	wantError(t, err, recap.Stale, "legacy-signatures-differ")
	if got, err := other.Resolve(t.Context(), tag); err != nil || got.Digest != theirs.Digest {
		t.Errorf("got %v, %v under the tag, want it as it was", got, err)
	}
	if _, err := other.Resolve(t.Context(), "1.0.0"); err == nil {
		t.Error("the tag moved all the same")
	}
}
