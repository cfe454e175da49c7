// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

// Package sigstore does the cryptography of signing and verifying: it
// implements [trust.Verifier] and [trust.Signer] with Sigstore's libraries,
// which nobody outside of it imports. Start at [NewVerifier], [LoadSigner] and
// [LoadAuthority]; to sign with an identity, at [NewKeylessSigner] and
// [oidc.FindToken].
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
// # How it verifies
//
// What a signature has to show is verified step by step, and each step is a
// [trust.Check]: the signature and its algorithm; that the statement names the
// digest; entries in transparency logs; timestamps; that the certificate was
// valid, and its authority trusted, at every time that somebody attests; that
// certificate logs have it. sigstore-go does the cryptography of each step. Its
// own sequence of them isn't used, since it can't say which failed, and reads
// bundles in ways that leave two readers two opinions; tests hold that whatever
// passes here passes there. Today's date is never a reason to accept: a
// signature is judged by when it was made, and without anybody who attests that,
// a certificate proves nothing.
//
// A [trustroot.Root] says who is believed: a file, or a TUF repository.
//
// # How it signs
//
// [LoadSigner] signs with a key: from a file, a variable, or a key management
// service, through the programs that Sigstore calls its plugins (the build tag
// recapkms builds four services in). [NewKeylessSigner] signs with an identity:
// a certificate authority certifies a key that exists only in memory, and
// transparency logs and timestamp authorities attest when it was used. Which
// ones, a signing configuration says; a key's signatures go to them only if one
// is given.
//
// Services are asked by one client of our own, not by sigstore-go's: those
// can't be cancelled while they ask, follow redirects with the token, and read
// answers of any length. The same goes for logging in with a browser or a code.
// Whatever fails and may pass is asked again until a budget is spent, and each
// time somebody is told. What a service answers is checked to be about what it
// was asked; whether it is to be believed, a [Verifier] finds out.
//
// # Compatibility
//
// Private keys are read in the formats of cosign and OpenSSL and written in
// cosign's, so `cosign sign --key` and `recap sign --key` take the same file.
package sigstore
