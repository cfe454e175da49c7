// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package artifact

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/recap-oci/recap/pkg/recap"
)

// maxBlobSize is the largest size that is believed of a descriptor, 1 TiB. It
// keeps every sum of sizes far from overflowing; what a reader is willing to
// store is for it to say.
const maxBlobSize = 1 << 40

// checkDescriptor refuses a descriptor that can't be true, whatever it is of.
func checkDescriptor(what string, desc ocispec.Descriptor) error {
	if desc.MediaType == "" {
		return recap.Errorf(recap.Integrity, "bad-manifest", "%s has no media type", what)
	}
	if err := checkDigest(what, desc.Digest); err != nil {
		return err
	}
	if desc.Size < 0 || desc.Size > maxBlobSize {
		return recap.Errorf(recap.Integrity, "bad-size", "%s has size %d", what, desc.Size)
	}
	if desc.Data != nil {
		// Never used, but others would.
		if err := checkContent(what, desc, desc.Data); err != nil {
			return err
		}
	}
	return nil
}

// checkDigest refuses what isn't sha256: and 64 lower-case hex digits, so that
// a digest can stand in a URL or a path.
func checkDigest(what string, d digest.Digest) error {
	if d.Validate() != nil || d.Algorithm() != digest.SHA256 {
		return recap.Errorf(recap.Integrity, "bad-digest", "%s has digest %.100q, not sha256: and 64 lower-case hex digits", what, string(d))
	}
	return nil
}

// checkContent compares raw with the size and digest of desc, which is checked.
func checkContent(what string, desc ocispec.Descriptor, raw []byte) error {
	if int64(len(raw)) != desc.Size {
		return recap.Errorf(recap.Integrity, "size-mismatch", "%s %s has %d bytes, not %d", what, desc.Digest, len(raw), desc.Size)
	}
	if got := digestOf(raw); got != desc.Digest {
		return recap.Errorf(recap.Integrity, "digest-mismatch", "%s %s holds the bytes of %s", what, desc.Digest, got)
	}
	return nil
}

func digestOf(raw []byte) digest.Digest {
	sum := sha256.Sum256(raw)
	return digest.NewDigestFromEncoded(digest.SHA256, hex.EncodeToString(sum[:]))
}

// isIndexType reports whether mediaType is that of an index.
func isIndexType(mediaType string) bool {
	return mediaType == ocispec.MediaTypeImageIndex || mediaType == recap.MediaTypeDockerManifestList
}

// isNodeType reports whether content of mediaType has children. Docker's types
// have the shape of OCI's; the artifact manifest, which OCI gave up, hasn't.
func isNodeType(mediaType string) bool {
	return mediaType == ocispec.MediaTypeImageManifest || mediaType == recap.MediaTypeDockerManifest || isIndexType(mediaType)
}
