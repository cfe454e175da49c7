// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

// Package sigstore does the cryptography of signing and verifying: it
// implements [trust.Verifier] and [trust.Signer] with Sigstore's libraries,
// and is the only package that imports them. Start at [NewVerifier],
// [LoadSigner] and [LoadAuthority].
package sigstore
