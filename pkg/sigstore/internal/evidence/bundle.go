// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package evidence

import (
	"encoding/hex"

	"github.com/opencontainers/go-digest"
	library "github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/verify"
	"github.com/sigstore/sigstore/pkg/signature"

	"github.com/recap-oci/recap/pkg/sigstore/internal/bundle"
	"github.com/recap-oci/recap/pkg/sigstore/internal/phrase"
	"github.com/recap-oci/recap/pkg/trust"
)

// Read reads a bundle for verifying.
func Read(raw []byte) (*Signed, *trust.Rejection) {
	parsed, rejection := bundle.Parse(raw)
	if rejection != nil {
		return nil, rejection
	}
	invalid := func(err error) (*Signed, *trust.Rejection) {
		return nil, trust.Rejectf(trust.BadSignature, "not a valid Sigstore bundle: %s", phrase.Plain(err))
	}
	whole, err := library.NewBundle(parsed)
	if err != nil {
		return invalid(err)
	}
	s := &Signed{statement: parsed.GetDsseEnvelope().GetPayload(), hint: parsed.GetVerificationMaterial().GetPublicKey().GetHint()}
	if der := parsed.GetVerificationMaterial().GetCertificate().GetRawBytes(); der != nil {
		if s.Certificate, err = bundle.ParseCertificate(der); err != nil {
			return invalid(err)
		}
	}
	if s.content, err = whole.SignatureContent(); err != nil {
		return invalid(err)
	}
	if s.entries, err = whole.TlogEntries(); err != nil {
		return invalid(err)
	}
	if s.timestamps, err = whole.Timestamps(); err != nil {
		return invalid(err)
	}
	if s.version, err = whole.Version(); err != nil {
		return invalid(err)
	}
	s.matches = func(verifier signature.Verifier) bool {
		return verify.VerifySignature(s.content, &library.PublicKey{}, materialOf(verifier)) == nil
	}
	s.names = func(verifier signature.Verifier, d digest.Digest) error {
		sum, err := hex.DecodeString(d.Encoded())
		if err != nil {
			return err
		}
		if err := verify.VerifySignatureWithArtifactDigests(s.content, &library.PublicKey{}, materialOf(verifier), []verify.ArtifactDigest{{Algorithm: "sha256", Digest: sum}}); err != nil {
			return err
		}
		// The library reads hex digits of either case, statements of any type, and
		// those of which two readers can have two opinions.
		return trust.CheckStatement(s.statement, d)
	}
	return s, nil
}
