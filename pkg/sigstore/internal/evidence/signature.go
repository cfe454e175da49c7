// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package evidence

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"time"

	"github.com/opencontainers/go-digest"
	library "github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/tlog"
	"github.com/sigstore/sigstore-go/pkg/verify"
	"github.com/sigstore/sigstore/pkg/signature"

	"github.com/recap-oci/recap/pkg/policy"
	"github.com/recap-oci/recap/pkg/sigstore/internal/bundle"
	"github.com/recap-oci/recap/pkg/sigstore/internal/keypair"
	"github.com/recap-oci/recap/pkg/sigstore/internal/phrase"
	"github.com/recap-oci/recap/pkg/trust"
)

// Signed is a signature and the evidence that came with it, in whatever form:
// nothing of it is verified yet. It isn't changed once it is read.
type Signed struct {
	statement []byte // what was signed

	Certificate *x509.Certificate // whose key signed; nil: a bare key
	hint        string            // of a bare key, which one: believed by nobody

	content    verify.SignatureContent
	entries    []*tlog.Entry // of transparency logs
	timestamps [][]byte      // RFC 3161 responses
	version    string        // of the bundle, as the library spells it

	// promised says that log entries come with a log's promise to include them,
	// which is all that there was before bundles had proofs.
	promised bool

	// matches reports whether it was signed with a key under one algorithm.
	matches func(signature.Verifier) bool
	// names returns why what was signed, with this key, isn't about d.
	names func(signature.Verifier, digest.Digest) error
}

// Keyed holds a signature by a bare key against one and, if there is one, the
// trusted root.
func Keyed(s *Signed, d digest.Digest, key *policy.Key, keyID [sha256.Size]byte, candidates []keypair.Scheme, trusted *root.TrustedRoot, now time.Time) *Findings {
	f := &Findings{}
	id := hex.EncodeToString(keyID[:])
	used := f.signature(s, candidates, id)
	if used == nil {
		if s.hint != "" && s.hint != bundle.HintOf(keyID) {
			return f.fail(CheckSignature, trust.WrongSigner, "signed with another key, %s, not with %s", bundle.KeyName(s.hint), id)
		}
		return f.fail(CheckSignature, trust.BadSignature, "the signature doesn't match the signed statement under key %s", id)
	}
	if err := s.names(used.Verifier, d); err != nil {
		return f.fail(checkSubject, trust.BadSignature, "signed by this key, but not for %s: %v", d, err)
	}
	f.pass(checkSubject, "it names %s", d)
	if trusted == nil {
		return f
	}

	// The validity of the key is checked below, where the reason can be given.
	material := rootWithKey{TrustedRoot: trusted, key: root.NewExpiringKey(used.Verifier, time.Time{}, time.Time{})}
	if !f.witnesses(s, &library.PublicKey{}, material, now) {
		return f
	}
	if !Windowed(key) {
		return f
	}
	for _, t := range f.evidence.Timestamps {
		if !key.ValidFrom.IsZero() && t.Time.Before(key.ValidFrom) {
			return f.fail(checkValidity, trust.BadSignature, "signed at %s, says %s, and the key is trusted from %s", phrase.Moment(t.Time), t.Source, phrase.Moment(key.ValidFrom))
		}
		if !key.ValidUntil.IsZero() && t.Time.After(key.ValidUntil) {
			return f.fail(checkValidity, trust.BadSignature, "signed at %s, says %s, and the key was trusted until %s", phrase.Moment(t.Time), t.Source, phrase.Moment(key.ValidUntil))
		}
	}
	f.pass(checkValidity, "the key was trusted at the time of signing")
	return f
}

// Certified holds a signature with a certificate against the trusted
// root.
func Certified(s *Signed, d digest.Digest, trusted *root.TrustedRoot, now time.Time) *Findings {
	f := &Findings{}
	candidates, err := keypair.Schemes(s.Certificate.PublicKey)
	if err != nil {
		return f.fail(CheckSignature, trust.BadSignature, "the key in the certificate is %v", err)
	}
	keyID, err := keypair.Fingerprint(s.Certificate.PublicKey)
	if err != nil {
		return f.fail(CheckSignature, trust.BadSignature, "the key in the certificate: %v", err)
	}
	used := f.signature(s, candidates, hex.EncodeToString(keyID[:]))
	if used == nil {
		return f.fail(CheckSignature, trust.BadSignature, "the signature doesn't match the signed statement under the key in the certificate")
	}
	if err := s.names(used.Verifier, d); err != nil {
		return f.fail(checkSubject, trust.BadSignature, "signed, but not for %s: %v", d, err)
	}
	f.pass(checkSubject, "it names %s", d)
	return f.certified(s, trusted, now)
}

// signature looks for the algorithm that a key signed s with.
func (f *Findings) signature(s *Signed, candidates []keypair.Scheme, keyID string) *keypair.Scheme {
	for _, candidate := range candidates {
		if s.matches(candidate.Verifier) {
			f.evidence.Statement, f.evidence.KeyID, f.evidence.Algorithm = s.statement, keyID, candidate.Name
			f.pass(CheckSignature, "%s by key %s", candidate.Name, keyID)
			return &candidate
		}
	}
	return nil
}

// rootWithKey is a trusted root and one key, whatever hint a bundle gives.
type rootWithKey struct {
	*root.TrustedRoot
	key root.TimeConstrainedVerifier
}

func (r rootWithKey) PublicKeyVerifier(string) (root.TimeConstrainedVerifier, error) {
	return r.key, nil
}

// materialOf trusts one key under one algorithm and nothing else.
func materialOf(verifier signature.Verifier) root.TrustedMaterial {
	key := root.NewExpiringKey(verifier, time.Time{}, time.Time{})
	return root.NewTrustedPublicKeyMaterial(func(string) (root.TimeConstrainedVerifier, error) { return key, nil })
}

// Windowed reports whether a key is trusted only for a time.
func Windowed(k *policy.Key) bool { return !k.ValidFrom.IsZero() || !k.ValidUntil.IsZero() }
