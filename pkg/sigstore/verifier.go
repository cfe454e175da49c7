// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package sigstore

import (
	"context"
	"crypto"
	"encoding/hex"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/verify"
	"github.com/sigstore/sigstore/pkg/signature"

	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/trust"
)

// Verifier implements [trust.Verifier].
type Verifier struct {
	opts VerifierOptions
}

var _ trust.Verifier = (*Verifier)(nil)

// VerifierOptions are the options of a Verifier.
type VerifierOptions struct {
	// Root is the trusted root, needed for certificates, transparency logs and
	// timestamps. Default: none, and whatever needs one is refused.
	Root *Root

	// Offline refuses everything that would need the network: keys in a key
	// management service.
	Offline bool
}

// NewVerifier returns a verifier. It is safe for concurrent use and, for
// authorities that are keys, never uses the network.
func NewVerifier(opts VerifierOptions) *Verifier { return &Verifier{opts: opts} }

// VerifyLegacy implements [trust.Verifier].
func (v *Verifier) VerifyLegacy(ctx context.Context, sig trust.LegacySignature, d digest.Digest, a trust.Authority) (trust.Evidence, error) {
	return trust.Evidence{}, trust.Rejectf(trust.BadSignature, "a signature in the form of cosign before version 3")
}

// Verify implements [trust.Verifier]. Log entries and timestamps in a bundle
// that is verified by key are parsed but prove nothing: a key needs neither.
//
// It refuses, as [trust.ErrWrongSigner], bundles signed with a certificate or
// with another key; as [trust.ErrBadSignature] everything else that isn't a
// valid signature over a statement about d. Which key a bundle names is only a
// hint, and decides no more than which of the two refusals it is.
func (v *Verifier) Verify(ctx context.Context, raw []byte, d digest.Digest, a trust.Authority) (trust.Evidence, error) {
	if err := ctx.Err(); err != nil {
		return trust.Evidence{}, err
	}
	if err := d.Validate(); err != nil || d.Algorithm() != digest.SHA256 {
		return trust.Evidence{}, recap.Errorf(recap.Usage, "bad-digest", "verifying digest %q: only SHA-256 is signed", d)
	}
	if a.Key == nil {
		return trust.Evidence{}, recap.Errorf(recap.Usage, "bad-authority", "authority %q has no key", a.Name)
	}
	pub, err := parsePublicKey(a.Key.PEM)
	if err != nil {
		return trust.Evidence{}, recap.Errorf(recap.Usage, "bad-key", "key of authority %q: %w", a.Name, err)
	}
	evidence, rejection, err := verifyWithKey(raw, d, pub)
	if err != nil {
		return trust.Evidence{}, recap.Errorf(recap.Usage, "bad-key", "key of authority %q: %w", a.Name, err)
	}
	if rejection != nil {
		return trust.Evidence{}, rejection
	}
	return evidence, nil
}

// verifyWithKey verifies a bundle under one key. The error is about the key.
func verifyWithKey(raw []byte, d digest.Digest, pub crypto.PublicKey) (trust.Evidence, *trust.Rejection, error) {
	keyID, err := fingerprint(pub)
	if err != nil {
		return trust.Evidence{}, nil, err
	}
	candidates, err := schemes(pub)
	if err != nil {
		return trust.Evidence{}, nil, err
	}
	parsed, rejection := parseBundle(raw)
	if rejection != nil {
		return trust.Evidence{}, rejection, nil
	}
	material := parsed.GetVerificationMaterial()
	if material.GetPublicKey() == nil {
		return trust.Evidence{}, trust.Rejectf(trust.WrongSigner, "signed with a certificate, not with a key"), nil
	}
	entity, err := bundle.NewBundle(parsed)
	if err != nil {
		return trust.Evidence{}, trust.Rejectf(trust.BadSignature, "not a valid Sigstore bundle: %s", plain(err)), nil
	}

	for _, candidate := range candidates {
		if !signed(entity, candidate.verifier) {
			continue
		}
		if err := about(entity, candidate.verifier, d); err != nil {
			return trust.Evidence{}, trust.Rejectf(trust.BadSignature, "signed by this key, but not for %s: %v", d, err), nil
		}
		return trust.Evidence{
			Statement: parsed.GetDsseEnvelope().GetPayload(),
			KeyID:     hex.EncodeToString(keyID[:]),
			Algorithm: candidate.name,
		}, nil, nil
	}
	if hint := material.GetPublicKey().GetHint(); hint != "" && hint != hintOf(keyID) {
		return trust.Evidence{}, trust.Rejectf(trust.WrongSigner, "signed with another key, %s, not with %s", keyName(hint), hex.EncodeToString(keyID[:])), nil
	}
	return trust.Evidence{}, trust.Rejectf(trust.BadSignature, "the signature doesn't match the signed statement under key %s", hex.EncodeToString(keyID[:])), nil
}

// signed reports whether the envelope was signed with the key and algorithm of
// verifier, whatever it says.
func signed(entity *bundle.Bundle, verifier signature.Verifier) bool {
	signatureContent, err := entity.SignatureContent()
	if err != nil {
		return false
	}
	verificationContent, err := entity.VerificationContent()
	if err != nil {
		return false
	}
	return verify.VerifySignature(signatureContent, verificationContent, materialOf(verifier)) == nil
}

// about runs the library's whole verification: signature and subject digest.
func about(entity *bundle.Bundle, verifier signature.Verifier, d digest.Digest) error {
	// A key has no expiry to hold a time against, so none is asked for.
	whole, err := verify.NewVerifier(materialOf(verifier), verify.WithNoObserverTimestamps(), verify.WithoutStatementPredicate())
	if err != nil {
		return err
	}
	sum, err := hex.DecodeString(d.Encoded())
	if err != nil {
		return err
	}
	_, err = whole.Verify(entity, verify.NewPolicy(verify.WithArtifactDigest("sha256", sum), verify.WithKey()))
	return err
}

// materialOf trusts one key under one algorithm, whatever hint the bundle gives.
func materialOf(verifier signature.Verifier) root.TrustedMaterial {
	key := root.NewExpiringKey(verifier, time.Time{}, time.Time{})
	return root.NewTrustedPublicKeyMaterial(func(string) (root.TimeConstrainedVerifier, error) { return key, nil })
}
