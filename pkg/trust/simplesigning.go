// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"fmt"

	"github.com/opencontainers/go-digest"

	"github.com/recap-oci/recap/pkg/internal/canonical"
)

// simpleSigning is the type of a payload that cosign signs.
// https://github.com/sigstore/cosign/blob/v2.6.2/specs/SIGNATURE_SPEC.md
const simpleSigning = "cosign container image signature"

// LegacySignature is a layer of the image that cosign before version 3 kept
// signatures in, with what its annotations hold; absent ones are empty.
type LegacySignature struct {
	Payload     []byte // the layer: "simple signing" JSON
	Signature   []byte // decoded
	Certificate []byte // PEM
	Chain       []byte // PEM
	LogEntry    []byte // JSON of the annotation dev.sigstore.cosign/bundle
	Timestamp   []byte // JSON of the annotation dev.sigstore.cosign/rfc3161timestamp
}

// Names returns why the payload isn't cosign's about d, or nil when it is: who
// verifies asks it of what was signed. The name in it is whatever the signer called
// the image, and is not compared: signatures are copied between registries.
func (s LegacySignature) Names(d digest.Digest) error {
	var payload struct {
		Critical struct {
			Image struct {
				Digest string `json:"docker-manifest-digest"`
			} `json:"image"`
			Type string `json:"type"`
		} `json:"critical"`
	}
	if err := canonical.Unmarshal(s.Payload, &payload); err != nil {
		return fmt.Errorf("it is not JSON with one meaning: %w", err)
	}
	switch {
	case payload.Critical.Type != simpleSigning:
		return fmt.Errorf("it is of type %q, not %q", payload.Critical.Type, simpleSigning)
	case payload.Critical.Image.Digest != d.String():
		return fmt.Errorf("it names %q", payload.Critical.Image.Digest)
	}
	return nil
}
