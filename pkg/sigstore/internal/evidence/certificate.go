// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package evidence

import (
	"crypto/x509"
	"encoding/asn1"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	library "github.com/sigstore/sigstore-go/pkg/bundle"
	fulcio "github.com/sigstore/sigstore-go/pkg/fulcio/certificate"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/verify"

	"github.com/recap-oci/recap/pkg/sigstore/internal/phrase"
	"github.com/recap-oci/recap/pkg/trust"
)

// certified verifies a certificate: who issued it, that it was valid when the
// signature was made, and that logs have it.
func (f *Findings) certified(s *Signed, trusted *root.TrustedRoot, now time.Time) *Findings {
	leaf := s.Certificate
	issuer := issuerOf(leaf, trusted)
	if issuer == nil {
		return f.fail(checkCertificate, trust.WrongSigner, "its certificate is by %q, who is no certificate authority of the trusted root", leaf.Issuer)
	}
	identity, err := holderOf(leaf)
	if err != nil {
		return f.fail(checkCertificate, trust.BadSignature, "its certificate %v", err)
	}
	f.evidence.Certificate = identity

	if !f.witnesses(s, library.NewCertificate(leaf), trusted, now) {
		return f
	}
	times := f.evidence.Timestamps
	if len(times) == 0 {
		// Whoever asks requires one, see sigstore.Verifier: a certificate needs a time.
		return f.fail(checkValidity, trust.BadSignature, "nobody whom the trusted root names attests when it was signed")
	}
	for _, t := range times {
		if t.Time.Before(leaf.NotBefore) || t.Time.After(leaf.NotAfter) {
			return f.fail(checkValidity, trust.BadSignature, "the certificate was not valid at the time of signing: %s, says %s; it was valid from %s to %s",
				phrase.Moment(t.Time), t.Source, phrase.Moment(leaf.NotBefore), phrase.Moment(leaf.NotAfter))
		}
	}
	f.pass(checkValidity, "the certificate was valid from %s to %s", phrase.Moment(leaf.NotBefore), phrase.Moment(leaf.NotAfter))

	var chains [][]*x509.Certificate
	for _, t := range times {
		if chains, err = chainsOf(leaf, t.Time, trusted); err != nil {
			return f.fail(checkCertificate, trust.BadSignature, "its certificate is by %q, but was not in force at %s: %v", issuer.Subject, phrase.Moment(t.Time), err)
		}
	}
	f.pass(checkCertificate, "issued by %q to %q (%s)", issuer.Subject, identity.Subject, identity.Issuer)
	f.certificateLogs(leaf, chains, trusted)
	return f
}

// issuerOf returns the certificate authority of the trusted root that signed
// leaf, or nil.
func issuerOf(leaf *x509.Certificate, trusted *root.TrustedRoot) *x509.Certificate {
	for _, ca := range trusted.FulcioCertificateAuthorities() {
		authority, ok := ca.(*root.FulcioCertificateAuthority)
		if !ok {
			continue
		}
		for _, c := range append([]*x509.Certificate{authority.Root}, authority.Intermediates...) {
			if c != nil && leaf.CheckSignatureFrom(c) == nil {
				return c
			}
		}
	}
	return nil
}

// chainsOf returns the chains from leaf to a root that were valid at t.
func chainsOf(leaf *x509.Certificate, t time.Time, trusted *root.TrustedRoot) ([][]*x509.Certificate, error) {
	reason := errors.New("no authority of the trusted root stands behind it")
	for _, ca := range trusted.FulcioCertificateAuthorities() {
		chains, err := ca.Verify(leaf, t)
		if err == nil {
			return chains, nil
		}
		var unknown x509.UnknownAuthorityError
		var invalid x509.CertificateInvalidError
		switch {
		case errors.As(err, &unknown): // another authority's
		case errors.As(err, &invalid) && invalid.Reason == x509.Expired && invalid.Cert != nil:
			reason = fmt.Errorf("%q was valid from %s to %s", invalid.Cert.Subject, phrase.Moment(invalid.Cert.NotBefore), phrase.Moment(invalid.Cert.NotAfter))
		default:
			reason = windowReason(ca, t, err)
		}
	}
	return nil, reason
}

// windowReason says that the trusted root didn't trust an authority at t, or
// else err.
func windowReason(ca root.CertificateAuthority, t time.Time, err error) error {
	if a, ok := ca.(*root.FulcioCertificateAuthority); ok {
		if from := a.ValidityPeriodStart; t.Before(from) {
			return fmt.Errorf("the trusted root trusts the authority from %s", phrase.Moment(from))
		}
		if until := a.ValidityPeriodEnd; !until.IsZero() && t.After(until) {
			return fmt.Errorf("the trusted root trusted the authority until %s", phrase.Moment(until))
		}
	}
	return err
}

// certificateLogs counts the logs that have leaf.
func (f *Findings) certificateLogs(leaf *x509.Certificate, chains [][]*x509.Certificate, trusted *root.TrustedRoot) {
	var names []string
	for id, log := range trusted.CTLogs() {
		only := oneLog{TrustedRoot: trusted, logs: map[string]*root.TransparencyLog{id: log}}
		if verify.VerifySignedCertificateTimestamp(chains, 1, only) == nil {
			names = append(names, logName(log))
		}
	}
	missing := "the certificate carries no proof of one"
	if hasSCTs(leaf) {
		missing = "its proofs are by other logs, or not of this certificate"
	}
	f.evidence.SCTs = len(names)
	f.steps = append(f.steps, step{
		name: checkSCT, counts: true, count: len(names),
		detail: "the certificate is in " + strings.Join(slices.Sorted(slices.Values(names)), ", "), missing: missing,
	})
}

// oneLog is a trusted root with one certificate log.
type oneLog struct {
	*root.TrustedRoot
	logs map[string]*root.TransparencyLog
}

func (o oneLog) CTLogs() map[string]*root.TransparencyLog { return o.logs }

// hasSCTs reports whether a certificate has the extension of RFC 6962 §3.3.
func hasSCTs(c *x509.Certificate) bool {
	for _, e := range c.Extensions {
		if e.Id.Equal(asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 11129, 2, 4, 2}) {
			return true
		}
	}
	return false
}

// holderOf returns whom a certificate was issued to. With two subjects it
// would depend on the reader who signed, so there has to be one.
func holderOf(c *x509.Certificate) (*trust.Certificate, error) {
	names := len(c.URIs) + len(c.EmailAddresses) + len(c.DNSNames) + len(c.IPAddresses)
	if names > 1 {
		return nil, fmt.Errorf("names %d subjects; exactly one is accepted", names)
	}
	summary, err := fulcio.SummarizeCertificate(c)
	if err != nil {
		return nil, fmt.Errorf("doesn't say whom it was issued to: %s", phrase.Plain(err))
	}
	if issuer, err := issuerClaim(c); err != nil {
		return nil, err
	} else if issuer != summary.Issuer {
		return nil, fmt.Errorf("names two issuers of its identity: %q and %q", issuer, summary.Issuer)
	}
	raw, err := json.Marshal(summary.Extensions)
	if err != nil {
		return nil, err
	}
	claims := make(map[string]string)
	if err := json.Unmarshal(raw, &claims); err != nil {
		return nil, err
	}
	delete(claims, "issuer")
	return &trust.Certificate{
		Issuer:    summary.Issuer,
		Subject:   summary.SubjectAlternativeName,
		Claims:    claims,
		NotBefore: c.NotBefore.UTC(),
		NotAfter:  c.NotAfter.UTC(),
	}, nil
}

// issuerClaim returns the one issuer that a certificate states. It is stated in
// an old extension, in a new one or in both, and the library takes the last.
// https://github.com/sigstore/fulcio/blob/v1.8.8/docs/oid-info.md
func issuerClaim(c *x509.Certificate) (string, error) {
	old := asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 1, 1}
	var issuer string
	for _, e := range c.Extensions {
		var value string
		switch {
		case e.Id.Equal(old):
			value = string(e.Value)
		case e.Id.Equal(fulcio.OIDIssuerV2):
			if err := fulcio.ParseDERString(e.Value, &value); err != nil {
				return "", fmt.Errorf("has an issuer that is no text: %s", phrase.Plain(err))
			}
		default:
			continue
		}
		if issuer != "" && issuer != value {
			return "", fmt.Errorf("names two issuers of its identity: %q and %q", issuer, value)
		}
		issuer = value
	}
	if issuer == "" {
		return "", errors.New("doesn't say who vouches for its identity")
	}
	return issuer, nil
}
