// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"maps"
	"slices"

	"github.com/opencontainers/go-digest"

	"github.com/recap-oci/recap/pkg/policy"
	"github.com/recap-oci/recap/pkg/ratchet"
)

// Verdict is the outcome of a whole decision.
type Verdict string

// The verdicts.
const (
	VerdictVerified   Verdict = "verified"   // the signatures satisfy the rule
	VerdictWarned     Verdict = "warned"     // they don't, and the rule only warns
	VerdictRefused    Verdict = "refused"    // they don't, or it could not be found out
	VerdictOwnSource  Verdict = "own-source" // built here from files the user named
	VerdictUnverified Verdict = "unverified" // nobody looked, because the user said so
	VerdictObserved   Verdict = "observed"   // looked at, and nothing decided
)

// Outcome is what examining one referrer found.
type Outcome string

// The outcomes.
const (
	Verified      Outcome = "verified"        // a signature by one of the rule's authorities
	BadSignature  Outcome = "bad-signature"   // claims to be a signature of this digest, and is not a valid one
	WrongSigner   Outcome = "wrong-signer"    // signed by somebody the rule doesn't name
	Attestation   Outcome = "attestation"     // a valid statement by one of the rule's authorities, of another type than a signature
	NotASignature Outcome = "not-a-signature" // another thing: an SBOM, an image
	Unreachable   Outcome = "unreachable"     // could not be fetched
)

// Report says what examining one digest found, for people and, as JSON, for
// programs. It is complete whether the digest was admitted or refused. Names,
// types and reasons may hold text from a registry: print them escaped.
type Report struct {
	Name   string        `json:"name,omitempty"` // host/repository, or oci-layout:path
	Tag    string        `json:"tag,omitempty"`  // empty when the user wrote the digest
	Digest digest.Digest `json:"digest"`

	Verdict Verdict `json:"verdict"`
	Code    string  `json:"code,omitempty"`   // of the refusal: unsigned, bad-signature, wrong-signer …
	Reason  string  `json:"reason,omitempty"` // of the refusal, in plain words

	Policy      string      `json:"policy,omitempty"`      // where the policy came from: a path, or the flag that replaced it
	Rule        string      `json:"rule,omitempty"`        // the rule that applied
	Mode        policy.Mode `json:"mode,omitempty"`        // of that rule
	Threshold   int         `json:"threshold,omitempty"`   // authorities that had to vouch
	Authorities []string    `json:"authorities,omitempty"` // authorities that did, in the rule's order, each by a signer of its own

	Signatures   []SignatureReport   `json:"signatures"`             // every candidate examined, in order of digest
	Attestations []AttestationReport `json:"attestations,omitempty"` // those that the rule asks for, in its order

	// Rollback is how the digest stands to what was admitted before; absent
	// when it didn't come to that.
	Rollback ratchet.Report `json:"rollback,omitzero"`
}

// AttestationReport says who made an attestation that a rule asks for, or that
// nobody did.
type AttestationReport struct {
	PredicateType string        `json:"predicateType"`
	Met           bool          `json:"met"`
	Authority     string        `json:"authority,omitempty"` // that made it
	Digest        digest.Digest `json:"digest,omitempty"`    // of the manifest that holds it
}

// SignatureReport says what was found at one candidate: a referrer, or a
// signature of cosign before version 3.
type SignatureReport struct {
	Digest       digest.Digest `json:"digest"`                 // of the manifest that holds it
	ArtifactType string        `json:"artifactType,omitempty"` // as its manifest says

	// PredicateType is the statement's when the outcome is verified or
	// attestation; else what the manifest claims, which nobody vouches for.
	PredicateType string `json:"predicateType,omitempty"`

	Outcome   Outcome `json:"outcome"`
	Reason    string  `json:"reason,omitempty"`    // in plain words, why it is no signature that counts; empty when verified
	Authority string  `json:"authority,omitempty"` // that vouches by it; of several, the one it counts for

	// The evidence, as far as it was verified: also for a wrong signer.
	KeyID       string       `json:"keyID,omitempty"` // SHA-256 of the public key (PKIX, DER) in hex
	Algorithm   string       `json:"algorithm,omitempty"`
	Certificate *Certificate `json:"certificate,omitempty"` // nil for a bare key
	Timestamps  []Timestamp  `json:"timestamps,omitempty"`
	LogEntries  []LogEntry   `json:"logEntries,omitempty"`

	// Checks are the steps of verifying it, in order; one that didn't pass is
	// why the outcome isn't verified.
	Checks []Check `json:"checks,omitempty"`

	Legacy bool `json:"legacy,omitempty"` // in the form of cosign before version 3
	Added  bool `json:"added,omitempty"`  // by the Sealer that reports it, just now
}

// clone returns a copy that shares nothing with the report.
func (report Report) clone() Report {
	report.Authorities = slices.Clone(report.Authorities)
	report.Attestations = slices.Clone(report.Attestations)
	report.Signatures = slices.Clone(report.Signatures)
	for i := range report.Signatures {
		s := &report.Signatures[i]
		if s.Certificate != nil {
			certificate := *s.Certificate
			certificate.Claims = maps.Clone(certificate.Claims)
			s.Certificate = &certificate
		}
		s.Timestamps, s.LogEntries, s.Checks = slices.Clone(s.Timestamps), slices.Clone(s.LogEntries), slices.Clone(s.Checks)
	}
	return report
}
