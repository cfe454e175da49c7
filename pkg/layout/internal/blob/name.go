// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package blob

import (
	"path"
	"strings"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/recap-oci/recap/pkg/recap"
)

// algorithms are the digests that a layout's blobs may have: those that the
// image specification registers.
var algorithms = []digest.Algorithm{digest.SHA256, digest.SHA512}

// HintMalformed goes with what no tool writes that works.
const HintMalformed = "what wrote it is broken or means harm: get the artifact from another source"

// Name is the path of a blob in a layout. The digest must have been checked.
func Name(d digest.Digest) string { return path.Join(Dir(d.Algorithm()), d.Encoded()) }

// Dir is the directory of the blobs with digests of an algorithm.
func Dir(a digest.Algorithm) string { return path.Join(ocispec.ImageBlobsDir, string(a)) }

// CheckDigest is what stands between a digest from outside and a path.
func CheckDigest(d digest.Digest) error {
	if err := d.Validate(); err != nil {
		return recap.Errorf(recap.Integrity, "bad-digest", "digest %.100q: %w", string(d), err).WithHint(HintMalformed)
	}
	for _, a := range algorithms {
		if d.Algorithm() == a {
			return nil
		}
	}
	return recap.Errorf(recap.Integrity, "bad-digest", "digest %q: algorithm %q is not one a layout may hold", string(d), string(d.Algorithm())).
		WithHint("image layouts hold sha256 and sha512")
}

// maxBlobSize is the largest size that is believed of a descriptor, 1 TiB, as it is
// in package artifact.
const maxBlobSize = 1 << 40

// CheckDescriptor refuses what no blob has: another digest than [CheckDigest] takes,
// or a size that can't be.
func CheckDescriptor(desc ocispec.Descriptor) error {
	if err := CheckDigest(desc.Digest); err != nil {
		return err
	}
	if desc.Size < 0 || desc.Size > maxBlobSize {
		return recap.Errorf(recap.Integrity, "bad-size", "%s: size %d can't be", desc.Digest, desc.Size).WithHint(HintMalformed)
	}
	if recap.IsManifest(desc.MediaType) && desc.Size > recap.MaxManifestSize {
		return recap.Errorf(recap.Unsafe, "too-large", "manifest %s: %d bytes are more than the limit of %d", desc.Digest, desc.Size, int64(recap.MaxManifestSize)).
			WithHint(HintMalformed)
	}
	return nil
}

// DigestOf returns the digest that the path of a blob spells, if it is one.
func DigestOf(name string) digest.Digest {
	parts := strings.Split(name, "/")
	if len(parts) != 3 || parts[0] != ocispec.ImageBlobsDir {
		return ""
	}
	d := digest.NewDigestFromEncoded(digest.Algorithm(parts[1]), parts[2])
	if CheckDigest(d) != nil {
		return ""
	}
	return d
}
