// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/recap-oci/recap/pkg/policy"
)

// Evidence is what a [Verifier] established about a bundle.
type Evidence struct {
	// Statement is the payload that was signed, byte for byte.
	Statement []byte

	// KeyID is the SHA-256 of the signer's public key (PKIX, DER) in hex. It
	// identifies the signer if there is no certificate.
	KeyID string

	// Algorithm says in words how it was signed: "ECDSA P-256 with SHA-256".
	Algorithm string

	// Certificate is whom the key was certified for; nil for a bare key.
	Certificate *Certificate

	Timestamps []Timestamp // times that somebody trusted attests, verified
	LogEntries []LogEntry  // entries in transparency logs, verified
	SCTs       int         // certificate timestamps, verified

	// Checks lists what was verified, in order, for people.
	Checks []Check
}

// Certificate is what a verified certificate says about its holder. It is text
// from outside: print it escaped.
type Certificate struct {
	Issuer    string            `json:"issuer"`  // of the identity: the OpenID Connect provider
	Subject   string            `json:"subject"` // the subject alternative name
	Claims    map[string]string `json:"claims,omitempty"`
	NotBefore time.Time         `json:"notBefore"`
	NotAfter  time.Time         `json:"notAfter"`
}

// Timestamp is a trusted time of signing.
type Timestamp struct {
	Time   time.Time `json:"time"`
	Source string    `json:"source"` // who attests it
}

// LogEntry is an entry in a transparency log.
type LogEntry struct {
	Log   string `json:"log"` // its address, or its id where the trusted root gives none
	Index int64  `json:"index"`
}

// Check is one step of verifying a signature.
type Check struct {
	Name   string `json:"name"` // signature, certificate, sct, tlog, timestamps, validity, subject, identity, predicate …
	Passed bool   `json:"passed"`
	Detail string `json:"detail,omitempty"` // the evidence, or why it failed
}

// Verifier establishes who signed a Sigstore bundle. It decides nothing about
// trust: whether an identity is one of an authority's is decided here.
// Implementations are safe for concurrent use, and don't use the network when
// the authority is a key in PEM that needs no evidence.
type Verifier interface {
	// Verify reports what it established about bundle, whose statement must
	// name d: that it was signed with the authority's key, or with a key that a
	// certificate authority of the trusted root certified, whoever for; and
	// that it carries the evidence that the authority requires. A bundle that
	// fails is refused with a *[Rejection]. Any other error means that no
	// answer was found, as when ctx ends, the trusted root can't be had or the
	// authority itself makes no sense (recap.Usage).
	Verify(ctx context.Context, bundle []byte, d digest.Digest, a policy.Authority) (Evidence, error)

	// VerifyLegacy does the same for a signature in the form that cosign wrote
	// before version 3. The evidence's statement is the signed payload.
	VerifyLegacy(ctx context.Context, sig LegacySignature, d digest.Digest, a policy.Authority) (Evidence, error)
}

// Signer signs in-toto statements. Implementations are safe for concurrent use;
// what they fetch to sign, as a certificate, they use for all.
type Signer interface {
	// Authority returns the authority under which the signatures verify.
	// Before Sign was called it may be a forecast, or an authority without
	// means when there is none; after, it is exact.
	Authority(ctx context.Context) (policy.Authority, error)

	// Sign returns a Sigstore bundle v0.3 with statement in a DSSE envelope.
	Sign(ctx context.Context, statement []byte) (bundle []byte, err error)
}

// Predicate is what a statement says about a digest.
type Predicate struct {
	Type string // a URI: https://slsa.dev/provenance/v1
	JSON json.RawMessage
}

// Rejection is a [Verifier]'s refusal of one bundle under one authority.
// errors.Is finds [ErrBadSignature] or [ErrWrongSigner] in it.
type Rejection struct {
	Outcome Outcome // BadSignature or WrongSigner
	Reason  string  // in plain words, without the outcome's name
	Checks  []Check // what was verified before it failed, and the check that did
}

// Rejectf returns a *Rejection with a formatted reason.
func Rejectf(outcome Outcome, format string, args ...any) *Rejection {
	return &Rejection{Outcome: outcome, Reason: fmt.Sprintf(format, args...)}
}

// Error returns the outcome and the reason.
func (r *Rejection) Error() string { return r.Unwrap().Error() + ": " + r.Reason }

// Unwrap returns ErrWrongSigner for that outcome and ErrBadSignature for every
// other, so that a Rejection is never anything but a refusal.
func (r *Rejection) Unwrap() error {
	if r.Outcome == WrongSigner {
		return ErrWrongSigner
	}
	return ErrBadSignature
}
