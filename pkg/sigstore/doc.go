// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

// Package sigstore does the cryptography of signing and verifying: it
// implements [trust.Verifier] and [trust.Signer] with Sigstore's libraries,
// and is the only package that imports them. Start at [NewVerifier],
// [LoadSigner] and [LoadAuthority].
//
// # What it accepts
//
// Bundles are Sigstore bundles v0.3 with a DSSE envelope, one signature and an
// in-toto statement: what cosign v3 writes into a registry. Older bundles,
// message signatures and several signatures in one envelope are refused.
//
// Keys are ECDSA on P-256, P-384 and P-521, RSA of 2048 bits and more, and
// Ed25519. Verifying tries every algorithm that cosign signs with: SHA-256 on
// all of them, also the curve's own SHA-384 or SHA-512, and for Ed25519 the
// pure and the prehashed form. Signing uses what `cosign verify --key` accepts:
// SHA-256, and pure Ed25519 (cosign v3.1 cannot verify the prehashed
// signatures, nor those with SHA-384 and SHA-512, that it makes itself).
//
// # Compatibility
//
// Private keys are read in the formats of cosign and OpenSSL and written in
// cosign's, so `cosign sign --key` and `recap sign --key` take the same file.
package sigstore
