// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

// Package trust decides whether a digest may be used: whom the user trusts
// ([policy.Policy]), who signed the digest ([Report]), and whether the two agree
// ([Gate]). Start at [NewGate] to verify and at [NewSealer] to sign.
//
// The result of a decision is a value, [Admitted]. Only this package makes
// one, and whatever uses content takes one as an argument, so code that
// forgot to verify does not compile, and code that verified one digest cannot
// use another. [Observe] says who signed without deciding, for whoever is to
// decide whom to trust.
//
// # What counts as a signature
//
// A signature of a digest is what cosign v3 writes: a referrer manifest of
// that digest with exactly one layer, a Sigstore bundle holding a DSSE
// envelope, whose payload is an in-toto statement of cosign's sign predicate
// that names the digest. An attestation, such as SLSA provenance, is not a
// signature, whoever signed it. Annotations and key hints are never believed.
//
// Every candidate is examined and stands in the report; a bad one never hides
// a good one. Three refusals are kept apart: [ErrNoSignature],
// [ErrBadSignature] and [ErrWrongSigner]. Not having been able to ask is a
// fourth thing, of the kind of what stood in the way, and is never taken for
// "unsigned".
//
// # Who counts
//
// Each candidate is verified under each authority of the rule. A certificate's
// identity is compared with an authority's as a whole: issuer, subject and every
// claim, exact or by an expression anchored at both ends. A signer is an
// identity (issuer and subject) or a key, and vouches for one authority at most,
// however many signatures it made and however many authorities recognise it:
// what counts against a threshold is the largest matching of signers to
// authorities.
//
// An attestation that a rule asks for is found by the type and the digest in
// what was signed, and counts if an authority that may make it signed it. It
// never counts as a signature, nor a signature as an attestation.
//
// Signatures that cosign wrote before version 3 are looked for where a rule
// says so, and not elsewhere.
//
// # What came before
//
// A signature says that a version is genuine, not that it is the newest. A
// [ratchet.Ratchet] remembers what an enforcing rule admitted under each tag, before
// anything else is fetched, and refuses what is older, of another name or kind,
// or another content of a version. A file of it that can't be understood is a
// refusal, never a new beginning. It protects nobody on first use, and says so.
//
// # What this package leaves to others
//
// It knows no cryptography: a [Verifier] says whether a bundle was signed
// under an authority and a [Signer] signs; package sigstore has both. The
// meaning of the signed statement is policy, and is decided here.
package trust
