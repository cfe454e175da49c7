// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"context"
	"fmt"

	"github.com/opencontainers/go-digest"
)

// Authority is somebody a policy trusts: a name for reports, and the means to
// recognise their signatures. Exactly one means is set.
type Authority struct {
	// Name tells authorities of one rule apart, and is what reports say.
	Name string

	// Key recognises signatures by a public key.
	Key *Key
}

// Key is a public key somebody signs with.
type Key struct {
	// PEM is the key as one PEM block of type PUBLIC KEY (PKIX).
	PEM []byte
}

// Evidence is what a [Verifier] established about a bundle.
type Evidence struct {
	// Statement is the payload that was signed, byte for byte.
	Statement []byte

	// KeyID is the SHA-256 of the signer's public key (PKIX, DER) in hex.
	KeyID string

	// Algorithm says in words how it was signed: "ECDSA P-256 with SHA-256".
	Algorithm string
}

// Verifier decides whether a Sigstore bundle was signed under an authority.
// Implementations are safe for concurrent use, and don't use the network when
// the authority is a key.
type Verifier interface {
	// Verify reports what it established about bundle, whose statement must
	// name d. A bundle that fails is refused with a *[Rejection]. Any other
	// error means that no answer was found, as when ctx ends or the authority
	// itself makes no sense (recap.Usage).
	Verify(ctx context.Context, bundle []byte, d digest.Digest, a Authority) (Evidence, error)
}

// Signer signs in-toto statements.
type Signer interface {
	// Sign returns a Sigstore bundle v0.3 with statement in a DSSE envelope.
	Sign(ctx context.Context, statement []byte) (bundle []byte, err error)

	// Authority returns the authority under which the signatures verify.
	Authority() Authority
}

// Rejection is a [Verifier]'s refusal of one bundle under one authority.
// errors.Is finds [ErrBadSignature] or [ErrWrongSigner] in it.
type Rejection struct {
	Outcome Outcome // BadSignature or WrongSigner
	Reason  string  // in plain words, without the outcome's name
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
