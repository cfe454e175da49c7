// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/x509"
	"fmt"
	"slices"
	"strings"
	"time"

	bundlepb "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	commonpb "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	rekorpb "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	"google.golang.org/protobuf/proto"
)

// like is a case whose bundle is another one, changed.
type like struct {
	is     Case
	bundle *bundlepb.Bundle
	change func(*bundlepb.Bundle)
}

func (c *corpus) refuse(cases ...like) error {
	for _, l := range cases {
		b := proto.CloneOf(l.bundle)
		if l.change != nil {
			l.change(b)
		}
		if err := c.add(b, l.is); err != nil {
			return err
		}
	}
	return nil
}

// evidence adds bundles whose log entries and timestamps prove nothing.
func (c *corpus) evidence(ctx context.Context) error {
	s := c.stack
	token, err := c.person(dev)
	if err != nil {
		return err
	}
	unknownLog, err := c.sign(ctx, signing{token: token, v2: []string{c.other.RekorV2}, tsa: []string{s.TSA}})
	if err != nil {
		return err
	}
	unknownLogV1, err := c.sign(ctx, signing{token: token, v1: []string{c.other.RekorV1}})
	if err != nil {
		return err
	}
	unknownTSA, err := c.sign(ctx, signing{token: token, v2: []string{s.RekorV2}, tsa: []string{c.other.TSA}})
	if err != nil {
		return err
	}
	entry := func(b *bundlepb.Bundle) *rekorpb.TransparencyLogEntry { return b.VerificationMaterial.TlogEntries[0] }
	checkpoint := func(b *bundlepb.Bundle) *rekorpb.Checkpoint { return entry(b).InclusionProof.Checkpoint }
	stamps := func(b *bundlepb.Bundle) *bundlepb.TimestampVerificationData {
		return b.VerificationMaterial.TimestampVerificationData
	}
	two := &Require{TLog: 2, Timestamps: 1, SCT: 1}
	return c.refuse(
		like{Case{Name: "no-log-entry", About: "case 9: no log entry", Step: "tlog"}, c.v2,
			func(b *bundlepb.Bundle) { b.VerificationMaterial.TlogEntries = nil }},
		like{Case{Name: "log-entry-of-other-signature", About: "case 10: the log entry of another signature", Step: "tlog"}, c.v2,
			func(b *bundlepb.Bundle) {
				b.VerificationMaterial.TlogEntries = c.again.VerificationMaterial.TlogEntries
			}},
		like{Case{Name: "log-entry-of-other-signature-v1", About: "case 10: the same on Rekor v1", Step: "tlog"}, c.v2,
			func(b *bundlepb.Bundle) { b.VerificationMaterial.TlogEntries = c.v1.VerificationMaterial.TlogEntries }},
		like{Case{Name: "log-unknown", About: "case 11: an entry in a log that nobody trusts", Step: "tlog"}, unknownLog, nil},
		like{Case{Name: "log-unknown-v1", About: "case 11: the same on Rekor v1", Step: "tlog"}, unknownLogV1, nil},
		like{Case{Name: "log-id-of-known-log", About: "case 11: the entry of an unknown log under the id of a known one", Step: "tlog"}, unknownLog,
			func(b *bundlepb.Bundle) { entry(b).LogId = entry(c.v2).LogId }},
		like{Case{Name: "checkpoint-signature", About: "case 12: a checkpoint whose signature was changed", Step: "tlog"}, c.v2,
			func(b *bundlepb.Bundle) { checkpoint(b).Envelope = flip(checkpoint(b).Envelope, -8) }},
		like{Case{Name: "checkpoint-origin", About: "case 12: a checkpoint of another origin", Step: "tlog"}, c.v2,
			func(b *bundlepb.Bundle) {
				checkpoint(b).Envelope = strings.ReplaceAll(checkpoint(b).Envelope, "127.0.0.1", "127.0.0.2")
			}},
		like{Case{Name: "checkpoint-size", About: "case 12: a checkpoint of another size of the log", Step: "tlog"}, c.v2,
			func(b *bundlepb.Bundle) {
				lines := strings.SplitN(checkpoint(b).Envelope, "\n", 3)
				checkpoint(b).Envelope = lines[0] + "\n" + lines[1] + "0\n" + lines[2]
			}},
		like{Case{Name: "checkpoint-none", About: "case 12: no checkpoint", Step: "tlog"}, c.v2,
			func(b *bundlepb.Bundle) { entry(b).InclusionProof.Checkpoint = nil }},
		like{Case{Name: "proof-hash", About: "an inclusion proof with a changed hash", Step: "tlog"}, c.again,
			func(b *bundlepb.Bundle) {
				entry(b).InclusionProof.Hashes[0] = slices.Repeat([]byte{7}, 32)
			}},
		like{Case{Name: "proof-index", About: "an inclusion proof of another entry", Step: "tlog"}, c.again,
			func(b *bundlepb.Bundle) { entry(b).InclusionProof.LogIndex, entry(b).LogIndex = 0, 0 }},
		like{Case{Name: "promise-only", About: "case 13: Rekor's promise without the proof", Step: "tlog"}, c.v1,
			func(b *bundlepb.Bundle) { entry(b).InclusionProof = nil }},
		like{Case{Name: "promise-of-other-entry", About: "Rekor's promise was for another time", Step: "tlog"}, c.v1,
			func(b *bundlepb.Bundle) { entry(b).IntegratedTime -= 60 }},
		like{Case{Name: "body-of-other-entry", About: "a log entry with the body of another", Step: "tlog"}, c.v2,
			func(b *bundlepb.Bundle) { entry(b).CanonicalizedBody = entry(c.again).CanonicalizedBody }},
		like{Case{Name: "no-time", About: "case 14: Rekor v2 without a timestamp", Step: "timestamps"}, c.v2,
			func(b *bundlepb.Bundle) { b.VerificationMaterial.TimestampVerificationData = nil }},
		like{Case{Name: "time-without-promise", About: "case 14: a time in the entry that Rekor v2 never promised", Step: "timestamps"}, c.v2,
			func(b *bundlepb.Bundle) {
				b.VerificationMaterial.TimestampVerificationData = nil
				entry(b).IntegratedTime = time.Now().Unix()
			}},
		like{Case{Name: "timestamp-of-other-signature", About: "case 15: the timestamp of another signature", Step: "timestamps"}, c.v2,
			func(b *bundlepb.Bundle) {
				b.VerificationMaterial.TimestampVerificationData = c.again.VerificationMaterial.TimestampVerificationData
			}},
		like{Case{Name: "timestamp-authority-unknown", About: "case 15: a timestamp of an authority that nobody trusts", Step: "timestamps"}, unknownTSA, nil},
		like{Case{Name: "timestamp-broken", About: "a timestamp whose signature was changed", Step: "timestamps"}, c.v2,
			func(b *bundlepb.Bundle) {
				stamp := stamps(b).Rfc3161Timestamps[0].SignedTimestamp
				stamp[len(stamp)-5] ^= 1
			}},
		like{Case{Name: "one-log-of-two", About: "one log, where two are asked for", Require: two, Step: "tlog"}, c.v2, nil},
		like{Case{Name: "same-log-entry-twice", About: "case 29: one entry twice, where two logs are asked for", Require: two, Step: "tlog"}, c.v2,
			func(b *bundlepb.Bundle) {
				m := b.VerificationMaterial
				m.TlogEntries = append(m.TlogEntries, proto.CloneOf(m.TlogEntries[0]))
			}},
		like{Case{Name: "same-timestamp-twice", About: "case 29: one timestamp twice, where two witnesses are asked for",
			Require: &Require{TLog: 1, Timestamps: 2, SCT: 1}, Step: "timestamps"}, c.v2,
			func(b *bundlepb.Bundle) {
				stamps(b).Rfc3161Timestamps = append(stamps(b).Rfc3161Timestamps, stamps(b).Rfc3161Timestamps[0])
			}},
		like{Case{Name: "many-log-entries", About: "case 30: 33 log entries", Step: "form"}, c.v2,
			func(b *bundlepb.Bundle) {
				b.VerificationMaterial.TlogEntries = slices.Repeat(b.VerificationMaterial.TlogEntries, 33)
			}},
		like{Case{Name: "many-timestamps", About: "case 30: 33 timestamps", Step: "form"}, c.v2,
			func(b *bundlepb.Bundle) {
				stamps(b).Rfc3161Timestamps = slices.Repeat(stamps(b).Rfc3161Timestamps, 33)
			}},
		like{Case{Name: "log-ended", About: "case 34: the log's key had ended before", Root: rootNoLogs, Step: "tlog"}, c.v2, nil},
		like{Case{Name: "log-ended-v1", About: "case 34: the same of Rekor v1", Root: rootNoLogs, Step: "tlog"}, c.v1, nil},
		like{Case{Name: "timestamp-authority-ended", About: "case 34: the timestamp authority had ended before", Root: rootNoTSA, Step: "timestamps"}, c.v2, nil},
	)
}

// certificates adds bundles with certificates that Fulcio wouldn't issue, or
// that nobody trusts.
func (c *corpus) certificates(ctx context.Context) error {
	s := c.stack
	lapsed, err := newAuthority("Lapsed", s.started.Add(-2*time.Hour), s.started.Add(-time.Second))
	if err != nil {
		return err
	}
	stranger, err := newAuthority("Stranger", s.started.Add(-time.Hour), s.started.AddDate(9, 0, 0))
	if err != nil {
		return err
	}
	strangeLog, err := newCertificateLog()
	if err != nil {
		return err
	}
	root := proto.CloneOf(s.root)
	root.CertificateAuthorities = append(root.CertificateAuthorities, authorityOf("", lapsed.chain, since(s.started)))
	if err := writeProto(c.dir+"/"+rootLapsed, root); err != nil {
		return err
	}
	fulcio := forger{authority: s.authority, log: s.log, email: dev, issuer: s.PeopleIssuer, from: -time.Minute, until: 9 * time.Minute}
	for _, f := range []struct {
		is     Case
		change func(*forger)
	}{
		{Case{Name: "forged-but-good", About: "made as the ones below, and with nothing wrong", Accept: true, Issuer: s.PeopleIssuer, Subject: dev}, func(*forger) {}},
		{Case{Name: "certificate-expired", About: "case 15, 16: the certificate had expired when it was used", Step: "validity"},
			func(f *forger) { f.from, f.until = -20*time.Minute, -10*time.Minute }},
		{Case{Name: "certificate-not-yet", About: "case 15: the certificate was not yet valid when it was used", Step: "validity"},
			func(f *forger) { f.from, f.until = 10*time.Minute, 20*time.Minute }},
		{Case{Name: "intermediate-expired", About: "case 16: the intermediate had expired when the certificate was used", Root: rootLapsed, Step: "certificate"},
			func(f *forger) { f.authority = lapsed }},
		{Case{Name: "authority-unknown", About: "case 17: of a certificate authority that nobody trusts", WrongSigner: true, Step: "certificate"},
			func(f *forger) { f.authority = stranger }},
		{Case{Name: "usage-server", About: "a certificate for servers, not for signing", Step: "certificate"},
			func(f *forger) { f.usage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} }},
		{Case{Name: "sct-none", About: "case 18: no log promised to log the certificate", Step: "sct"},
			func(f *forger) { f.log = nil }},
		{Case{Name: "sct-log-unknown", About: "case 18: a log that nobody trusts promised it", Step: "sct"},
			func(f *forger) { f.log = strangeLog }},
		{Case{Name: "sct-of-other-certificate", About: "case 18: the promise is for another certificate", Step: "sct"},
			func(f *forger) { f.otherSCT = true }},
	} {
		forged := fulcio
		f.change(&forged)
		b, err := c.sign(ctx, signing{certificate: forged, v2: []string{s.RekorV2}, tsa: []string{s.TSA}})
		if err != nil {
			return wrap(f.is, err)
		}
		if err := c.add(b, f.is); err != nil {
			return err
		}
	}
	otherCertificate := func(b *bundlepb.Bundle) {
		b.VerificationMaterial.GetCertificate().RawBytes = c.again.VerificationMaterial.GetCertificate().RawBytes
	}
	return c.refuse(
		like{Case{Name: "certificate-of-other-key", About: "the certificate is for another key", Step: "signature"}, c.v2, otherCertificate},
		like{Case{Name: "root-of-another", About: "case 17: verified with another Sigstore's root", Root: rootOther, WrongSigner: true, Step: "certificate"}, c.v2, nil},
		like{Case{Name: "root-of-another-v1", About: "case 17: the same on Rekor v1", Root: rootOther, WrongSigner: true, Step: "certificate"}, c.v1, nil},
		like{Case{Name: "authority-ended", About: "case 34: the certificate authority had ended before", Root: rootNoCA, Step: "certificate"}, c.v2, nil},
		like{Case{Name: "authority-begins-later", About: "case 34: the certificate authority began later", Root: rootFuture, Step: "certificate"}, c.v2, nil},
		like{Case{Name: "certificate-log-ended", About: "case 34: the certificate log had ended before", Root: rootNoCT, Step: "sct"}, c.v2, nil},
		like{Case{Name: "chain-in-bundle", About: "case 24: a chain of certificates, as bundles before v0.3 had", Step: "form"}, c.v2,
			func(b *bundlepb.Bundle) {
				leaf := b.VerificationMaterial.GetCertificate()
				b.VerificationMaterial.Content = &bundlepb.VerificationMaterial_X509CertificateChain{X509CertificateChain: &commonpb.X509CertificateChain{
					Certificates: []*commonpb.X509Certificate{leaf, {RawBytes: s.authority.chain[0].Raw}},
				}}
			}},
		like{Case{Name: "key-as-certificate", About: "case 23: a bare public key where the certificate belongs", Step: "form"}, c.v2,
			func(b *bundlepb.Bundle) {
				leaf, err := x509.ParseCertificate(b.VerificationMaterial.GetCertificate().RawBytes)
				if err != nil {
					panic(err) // Fulcio's
				}
				b.VerificationMaterial.GetCertificate().RawBytes = leaf.RawSubjectPublicKeyInfo
			}},
		like{Case{Name: "certificate-to-hint", About: "the certificate removed, its key only named", WrongSigner: true, Step: "signature"}, c.v2,
			func(b *bundlepb.Bundle) {
				b.VerificationMaterial.Content = &bundlepb.VerificationMaterial_PublicKey{PublicKey: &commonpb.PublicKeyIdentifier{Hint: "x"}}
			}},
	)
}

// flip changes one character of base64 text, counted from its end if negative.
func flip(text string, at int) string {
	b := []byte(text)
	if at < 0 {
		at += len(b)
	}
	if b[at] == 'A' {
		b[at] = 'B'
	} else {
		b[at] = 'A'
	}
	return string(b)
}

func wrap(is Case, err error) error { return fmt.Errorf("making %s: %w", is.Name, err) }
