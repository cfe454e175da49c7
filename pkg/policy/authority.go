// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package policy

import "time"

// Authority is somebody a policy trusts: a name for reports, and the means to
// recognise their signatures. Exactly one means is set.
type Authority struct {
	// Name tells authorities of one rule apart, and is what reports say.
	Name string

	// Key recognises signatures by a public key.
	Key *Key

	// Keyless recognises signatures by the identity in a certificate.
	Keyless *Keyless

	// Require is the evidence that a signature must carry besides being valid.
	// Default: one of each for Keyless, none for Key.
	Require *Require
}

// Required returns the evidence that a's signatures must carry.
func (a Authority) Required() Require {
	switch {
	case a.Require != nil:
		return *a.Require
	case a.Keyless != nil:
		return Require{TLog: 1, Timestamps: 1, SCT: 1}
	default:
		return Require{}
	}
}

func (a Authority) needsTrustedRoot() bool {
	windowed := a.Key != nil && (!a.Key.ValidFrom.IsZero() || !a.Key.ValidUntil.IsZero())
	return a.Keyless != nil || a.Required() != Require{} || windowed
}

// Key is a public key somebody signs with. Exactly one of PEM and KMS is set.
type Key struct {
	// PEM is the key as one PEM block of type PUBLIC KEY (PKIX).
	PEM []byte

	// KMS names a key in a key management service, awskms://…, which a
	// verifier asks for the public half.
	KMS string

	// ValidFrom and ValidUntil bound the time of signing, which then has to be
	// proved by timestamps; zero: not bounded on that side.
	ValidFrom, ValidUntil time.Time
}

// Keyless is a set of identities, any of which may sign. Whether a certificate
// is genuine is for others to say; whether its identity is one of these, a
// [Matcher] says.
type Keyless struct {
	Identities []Identity
}

// Identity is who a certificate was issued to. Issuer and subject are given
// each exactly or as an RE2 expression, which has to match the whole text.
type Identity struct {
	Issuer, IssuerRegExp   string
	Subject, SubjectRegExp string

	// Claims are other statements of the certificate, exactly, by the names of
	// Fulcio's extensions: sourceRepositoryURI, buildSignerURI ….
	Claims map[string]string
}

// Require says how much evidence a signature must carry.
type Require struct {
	TLog       int // entries in distinct transparency logs
	Timestamps int // trusted times of signing, by distinct witnesses
	SCT        int // signed certificate timestamps of distinct logs
}
