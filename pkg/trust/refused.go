// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"github.com/recap-oci/recap/pkg/recap"
)

// The ways in which signatures can fail to admit a digest. All are
// recap.Untrusted, and errors.Is tells them apart.
//
// When candidates fail in different ways, the refusal is the most alarming
// one: ErrBadSignature if any candidate is bad, because that may be tampering
// and must not disappear behind somebody else's signature; else ErrWrongSigner
// if somebody signed; else ErrNoSignature. The report has them all.
var (
	// ErrNoSignature: nobody signed the digest.
	ErrNoSignature error = recap.Errorf(recap.Untrusted, "unsigned", "no signature")

	// ErrBadSignature: something claims to be a signature of the digest and
	// is not a valid one.
	ErrBadSignature error = recap.Errorf(recap.Untrusted, "bad-signature", "bad signature")

	// ErrWrongSigner: the digest is signed, by nobody the rule names.
	ErrWrongSigner error = recap.Errorf(recap.Untrusted, "wrong-signer", "wrong signer")

	// ErrThreshold: authorities vouch for the digest, fewer than the rule asks.
	ErrThreshold error = recap.Errorf(recap.Untrusted, "threshold", "too few authorities")

	// ErrNoAttestation: the digest is signed as the rule asks, and an
	// attestation that it also asks for isn't there.
	ErrNoAttestation error = recap.Errorf(recap.Untrusted, "no-attestation", "no attestation")
)

// RefusedError is a refusal to admit, with everything that was found. Err is
// one of the errors above, [policy.ErrNoRule], or, when the question could not be answered, of
// kind recap.Unavailable (the registry could not be asked), recap.Unsafe (more
// referrers than are examined), recap.Stale (the ratchet, or a trusted root that
// has expired) or whatever else kept a signature from being verified.
type RefusedError struct {
	Report Report
	Err    error
}

// Error says what was refused and why.
func (e *RefusedError) Error() string { return e.Err.Error() }

// Unwrap returns Err.
func (e *RefusedError) Unwrap() error { return e.Err }
