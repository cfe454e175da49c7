// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package trust_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/recap-oci/recap/pkg/policy"
	"github.com/recap-oci/recap/pkg/trust"
)

const (
	githubIssuer = "https://token.actions.githubusercontent.com"
	workflow     = "https://github.com/acme/recaps/.github/workflows/publish.yml@refs/tags/v1"
)

// sealed is the notary's bundle: who signed what, with what evidence, as if it
// had been verified. The cryptography is pkg/sigstore's business.
type sealed struct {
	Key         string             `json:"key,omitempty"` // PEM, of a bare key
	Certificate *trust.Certificate `json:"certificate,omitempty"`
	Evidence    policy.Require     `json:"evidence"`
	Payload     string             `json:"payload"`
	Serial      int                `json:"serial"` // tells equal ones apart
	KeyID       string             `json:"keyID,omitempty"`
}

// notary is a [trust.Verifier] that believes what bundles say of themselves.
type notary struct {
	mu     sync.Mutex
	asked  []string                     // the authorities, in order
	refuse func(policy.Authority) error // instead of an answer
}

func (n *notary) Verify(ctx context.Context, bundle []byte, _ digest.Digest, a policy.Authority) (trust.Evidence, error) {
	n.mu.Lock()
	n.asked = append(n.asked, a.Name)
	n.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return trust.Evidence{}, err
	}
	if n.refuse != nil {
		if err := n.refuse(a); err != nil {
			return trust.Evidence{}, err
		}
	}
	var b sealed
	if err := json.Unmarshal(bundle, &b); err != nil {
		return trust.Evidence{}, trust.Rejectf(trust.BadSignature, "not a bundle")
	}
	checks := []trust.Check{{Name: "signature", Passed: true, Detail: "by the notary"}}
	switch {
	case a.Key != nil && b.Key != string(a.Key.PEM):
		return trust.Evidence{}, trust.Rejectf(trust.WrongSigner, "signed with another key")
	case a.Key == nil && b.Certificate == nil:
		return trust.Evidence{}, trust.Rejectf(trust.WrongSigner, "signed with a key, not with a certificate")
	}
	if need := a.Required(); b.Evidence.TLog < need.TLog {
		r := trust.Rejectf(trust.BadSignature, "%d of %d log entries", b.Evidence.TLog, need.TLog)
		r.Checks = append(checks, trust.Check{Name: "tlog", Detail: r.Reason})
		return trust.Evidence{}, r
	}
	e := trust.Evidence{Statement: []byte(b.Payload), KeyID: b.KeyID, Algorithm: "a seal", Certificate: b.Certificate, Checks: checks}
	if e.KeyID == "" {
		e.KeyID = digest.FromString(b.Key).Encoded()
	}
	for i := range b.Evidence.TLog {
		e.LogEntries = append(e.LogEntries, trust.LogEntry{Log: "log.example.com", Index: int64(i)})
	}
	for range b.Evidence.Timestamps {
		e.Timestamps = append(e.Timestamps, trust.Timestamp{Time: noon, Source: "tsa.example.com"})
	}
	return e, nil
}

func (n *notary) VerifyLegacy(ctx context.Context, sig trust.LegacySignature, d digest.Digest, a policy.Authority) (trust.Evidence, error) {
	if string(sig.Certificate)+string(sig.Chain)+string(sig.LogEntry)+string(sig.Timestamp) != "certificatechainentrytime" {
		return trust.Evidence{}, fmt.Errorf("annotations were mixed up: %q", sig)
	}
	e, err := n.Verify(ctx, sig.Signature, d, a)
	e.Statement = sig.Payload
	return e, err
}

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func certified(issuer, subject string, claims map[string]string) *trust.Certificate {
	return &trust.Certificate{Issuer: issuer, Subject: subject, Claims: claims, NotBefore: noon, NotAfter: noon.Add(10 * time.Minute)}
}

// by returns a bundle over payload with full evidence, by subject (whom
// issuer.example.com knows) or, for a certificate, by whom it names.
func by(t testing.TB, who any, payload string) []byte {
	t.Helper()
	b := sealed{Evidence: policy.Require{TLog: 1, Timestamps: 1, SCT: 1}, Payload: payload}
	switch who := who.(type) {
	case string:
		b.Certificate = certified("https://issuer.example.com", who, nil)
	case *trust.Certificate:
		b.Certificate = who
	case *policy.Key:
		b.Key = string(who.PEM)
	default:
		t.Fatalf("nobody: %v", who)
	}
	return b.bytes(t)
}

func (b sealed) bytes(t testing.TB) []byte {
	t.Helper()
	raw, err := json.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// mail is an authority that is one e-mail address.
func mail(name string, subjects ...string) policy.Authority {
	a := policy.Authority{Name: name, Keyless: &policy.Keyless{}}
	for _, s := range subjects {
		a.Keyless.Identities = append(a.Keyless.Identities, policy.Identity{Issuer: "https://issuer.example.com", Subject: s})
	}
	return a
}

// pattern is an authority that is everybody whose address an expression matches.
func pattern(name, expr string) policy.Authority {
	return policy.Authority{Name: name, Keyless: &policy.Keyless{Identities: []policy.Identity{{Issuer: "https://issuer.example.com", SubjectRegExp: expr}}}}
}

func holder(t testing.TB, name string) policy.Authority {
	t.Helper()
	a := authorityOf(t, newSigner(t, name))
	a.Name = name
	return a
}

// sealingSigner signs what the notary believes.
type sealingSigner struct {
	forecast, exact policy.Authority
	who             any
	mu              sync.Mutex
	signed          []string // statements
	lacking         bool     // evidence
}

func (s *sealingSigner) Authority(context.Context) (policy.Authority, error) {
	if len(s.signed) == 0 {
		return s.forecast, nil
	}
	return s.exact, nil
}

func (s *sealingSigner) Sign(_ context.Context, statement []byte) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.signed = append(s.signed, string(statement))
	b := sealed{Payload: string(statement), Serial: len(s.signed), Evidence: policy.Require{TLog: 1, Timestamps: 1, SCT: 1}}
	if s.lacking {
		b.Evidence = policy.Require{}
	}
	switch who := s.who.(type) {
	case *trust.Certificate:
		b.Certificate = who
	case *policy.Key:
		b.Key = string(who.PEM)
	default:
		return nil, errors.New("nobody signs")
	}
	return json.Marshal(b)
}

// careless forgets the certificate.
type careless struct{ *notary }

func (c careless) Verify(ctx context.Context, bundle []byte, d digest.Digest, a policy.Authority) (trust.Evidence, error) {
	e, err := c.notary.Verify(ctx, bundle, d, a)
	e.Certificate = nil
	return e, err
}
