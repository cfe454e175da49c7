// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package sigstore_test

import (
	"bytes"
	"crypto"
	"crypto/elliptic"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/opencontainers/go-digest"

	"github.com/recap-oci/recap/pkg/policy"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/sigstore/internal/sigstoretest"
	"github.com/recap-oci/recap/pkg/trust"
)

var anybody = policy.Authority{Name: "anybody", Keyless: &policy.Keyless{}}

// needing is anybody with so much evidence.
func needing(tlog, timestamps, sct int) policy.Authority {
	return policy.Authority{Name: "anybody", Keyless: &policy.Keyless{}, Require: &policy.Require{TLog: tlog, Timestamps: timestamps, SCT: sct}}
}

func TestVerifyKeyless(t *testing.T) {
	v := newVirtual(t)
	second := newLog(t, "https://rekor3.test")
	ct2 := newLog(t, "https://ct2.test")
	tsa2 := newTSA(t, "https://tsa2.test")
	more := []func(map[string]any){also("tlogs", second.trusted(t)), also("ctlogs", ct2.trusted(t)), also("timestampAuthorities", tsa2.trusted())}
	signed := epoch.Add(time.Second)
	v1Time, tsaTime := trust.Timestamp{Time: signed, Source: "https://rekor1.test"}, trust.Timestamp{Time: signed, Source: "https://tsa.test"}
	v1Entry, v2Entry := trust.LogEntry{Log: "https://rekor1.test"}, trust.LogEntry{Log: "https://rekor2.test"}

	tests := []struct {
		name      string
		order     order
		authority policy.Authority
		want      trust.Evidence
	}{
		{"version 1 of the log", v.onV1(), anybody, trust.Evidence{Timestamps: []trust.Timestamp{v1Time}, LogEntries: []trust.LogEntry{v1Entry}, SCTs: 1}},
		{"version 2 and a timestamp", v.onV2(), anybody, trust.Evidence{Timestamps: []trust.Timestamp{tsaTime}, LogEntries: []trust.LogEntry{v2Entry}, SCTs: 1}},
		{"both", v.onV2().with(func(o *order) { o.logs = append(o.logs, v.onV1().logs...) }), needing(2, 2, 1),
			trust.Evidence{Timestamps: []trust.Timestamp{v1Time, tsaTime}, LogEntries: []trust.LogEntry{v2Entry, v1Entry}, SCTs: 1}},
		{"two certificate logs", v.onV1().with(func(o *order) { o.ct = append(o.ct, ct2) }), needing(1, 1, 2),
			trust.Evidence{Timestamps: []trust.Timestamp{v1Time}, LogEntries: []trust.LogEntry{v1Entry}, SCTs: 2}},
		{"two witnesses of time", v.onV2().with(func(o *order) { o.stamps = append(o.stamps, stamp{by: tsa2, at: epoch.Add(time.Minute)}) }), needing(1, 2, 1),
			trust.Evidence{Timestamps: []trust.Timestamp{tsaTime, {Time: epoch.Add(time.Minute), Source: "https://tsa2.test"}}, LogEntries: []trust.LogEntry{v2Entry}, SCTs: 1}},
		{"no log where none is required", v.onV2().with(func(o *order) { o.logs = nil }), needing(0, 1, 1), trust.Evidence{Timestamps: []trust.Timestamp{tsaTime}, SCTs: 1}},
		{"no certificate log where none is required", v.onV1().with(func(o *order) { o.ct = nil }), needing(1, 1, 0), trust.Evidence{Timestamps: []trust.Timestamp{v1Time}, LogEntries: []trust.LogEntry{v1Entry}}},
		{"entry in a log unknown here, beside another", v.onV1().with(func(o *order) {
			o.logs = append(o.logs, logged{log: newLog(t, "https://other.test"), version: 2})
		}), anybody, trust.Evidence{Timestamps: []trust.Timestamp{v1Time}, LogEntries: []trust.LogEntry{v1Entry}, SCTs: 1}},
		{"timestamp by nobody known, beside another", v.onV2().with(func(o *order) {
			o.stamps = append(o.stamps, stamp{by: newTSA(t, "https://other.test")})
		}), anybody, trust.Evidence{Timestamps: []trust.Timestamp{tsaTime}, LogEntries: []trust.LogEntry{v2Entry}, SCTs: 1}},
		{"proof without promise, and a timestamp", v.onV1().with(func(o *order) {
			o.logs[0].index, o.logs[0].edit = 4711, func(e map[string]any) { delete(e, "inclusionPromise"); delete(e, "integratedTime") }
			o.stamps = []stamp{{by: v.tsa}}
		}), anybody, trust.Evidence{Timestamps: []trust.Timestamp{tsaTime}, LogEntries: []trust.LogEntry{v1Entry}, SCTs: 1}},
		{"signed in the certificate's first second", v.onV1().with(func(o *order) { o.logs[0].at = epoch }), anybody,
			trust.Evidence{Timestamps: []trust.Timestamp{{Time: epoch, Source: "https://rekor1.test"}}, LogEntries: []trust.LogEntry{v1Entry}, SCTs: 1}},
		{"and in its last", v.onV1().with(func(o *order) { o.logs[0].at = epoch.Add(10 * time.Minute) }), anybody,
			trust.Evidence{Timestamps: []trust.Timestamp{{Time: epoch.Add(10 * time.Minute), Source: "https://rekor1.test"}}, LogEntries: []trust.LogEntry{v1Entry}, SCTs: 1}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := v.verifier(t, more...).Verify(t.Context(), test.order.sign(t), root, test.authority)
			if err != nil {
				t.Fatal(err)
			}
			if got.KeyID == "" || string(got.Statement) != about(root) || got.Algorithm != "ECDSA P-256 with SHA-256" {
				t.Errorf("got %+v, want a key, its algorithm and the statement", got)
			}
			test.want.Certificate = &trust.Certificate{
				Issuer: gitHub, Subject: workflow, NotBefore: epoch, NotAfter: epoch.Add(10 * time.Minute),
				Claims: map[string]string{"sourceRepositoryURI": "https://github.com/acme/app", "runnerEnvironment": "github-hosted"},
			}
			if diff := cmp.Diff(test.want, got, cmpopts.IgnoreFields(trust.Evidence{}, "KeyID", "Statement", "Algorithm", "Checks")); diff != "" {
				t.Errorf("evidence (-want +got):\n%s", diff)
			}
			for _, c := range got.Checks {
				if !c.Passed || c.Detail == "" {
					t.Errorf("check %+v of a signature that was accepted", c)
				}
			}
			var names []string
			for _, c := range got.Checks {
				names = append(names, c.Name)
			}
			want := []string{"signature", "subject", "tlog", "timestamps", "validity", "certificate", "sct"}
			want = slices.DeleteFunc(want, func(name string) bool {
				return name == "tlog" && len(got.LogEntries) == 0 || name == "sct" && got.SCTs == 0
			})
			if diff := cmp.Diff(want, names); diff != "" {
				t.Errorf("checks (-want +got):\n%s", diff)
			}
		})
	}
}

func TestVerifyKeylessAlgorithms(t *testing.T) {
	v := newVirtual(t)
	for _, test := range []struct {
		name string
		key  forge
		want string
	}{
		{"P-384", forge{key: newECDSA(t, elliptic.P384()), opts: crypto.SHA384}, "ECDSA P-384 with SHA-384"},
		{"P-384 as recap signs", forge{key: newECDSA(t, elliptic.P384())}, "ECDSA P-384 with SHA-256"},
		{"RSA", forge{key: newRSA(t, 2048)}, "RSA 2048 with SHA-256 (PKCS#1 v1.5)"},
		{"Ed25519", forge{key: sigstoretest.NewEd25519(t)}, "Ed25519"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := v.verifier(t).Verify(t.Context(), v.onV1().with(func(o *order) { o.key = &test.key }).sign(t), root, anybody)
			if err != nil || got.Algorithm != test.want {
				t.Errorf("got %q, %v, want %q", got.Algorithm, err, test.want)
			}
		})
	}
	t.Run("case 36: P-224 in a certificate", func(t *testing.T) {
		raw := v.onV1().with(func(o *order) { o.key = &forge{key: newECDSA(t, elliptic.P224())} }).sign(t)
		_, err := v.verifier(t).Verify(t.Context(), raw, root, anybody)
		wantRejection(t, err, trust.ErrBadSignature, "signature", "P-224")
	})
}

// wantRejection checks what a signature was refused for, and at which check.
func wantRejection(t *testing.T, err, want error, check, reason string) {
	t.Helper()
	var rejection *trust.Rejection
	if !errors.As(err, &rejection) || !errors.Is(err, want) || !errors.Is(err, recap.Untrusted) {
		t.Fatalf("got error %v, want a rejection that is %v", err, want)
	}
	if !strings.Contains(rejection.Reason, reason) {
		t.Errorf("got reason %q, want %q in it", rejection.Reason, reason)
	}
	var failed []trust.Check
	for _, c := range rejection.Checks {
		if !c.Passed {
			failed = append(failed, c)
		}
	}
	if check == "" { // it wasn't even read
		if len(rejection.Checks) != 0 {
			t.Errorf("got checks %+v, want none", rejection.Checks)
		}
	} else if len(failed) != 1 || failed[0].Name != check || failed[0].Detail != rejection.Reason || rejection.Checks[len(rejection.Checks)-1] != failed[0] {
		t.Errorf("got checks %+v, want the last, %s, and only it failed for the reason given", rejection.Checks, check)
	}
}

func TestVerifyKeylessRefuses(t *testing.T) {
	const another = digest.Digest("sha256:0000000000000000000000000000000000000000000000000000000000000000")
	v := newVirtual(t)
	plainV1, plainV2 := v.onV1(), v.onV2()
	alien := newVirtual(t)
	entry := func(change func(map[string]any)) func(*order) {
		return func(o *order) { o.logs = slices.Clone(o.logs); o.logs[0].edit = change }
	}
	of := func(o order, changes ...func(*order)) []byte {
		for _, change := range changes {
			change(&o)
		}
		return o.sign(t)
	}
	cert := func(change func(*x509.Certificate)) func(*order) {
		return func(o *order) { o.template = change }
	}
	edit := func(change func(map[string]any)) func(*order) { return func(o *order) { o.edit = change } }
	other := plainV1.sign(t) // somebody else's signature of the same
	var parsed map[string]any
	if err := json.Unmarshal(other, &parsed); err != nil {
		t.Fatal(err)
	}
	otherEntries := field(parsed, "verificationMaterial")["tlogEntries"]

	tests := []struct {
		name   string
		bundle []byte
		check  string
		want   error
		reason string
	}{
		{"case 5: another artifact's", of(plainV2, func(o *order) { o.statement = about(another) }), "subject", trust.ErrBadSignature, "not for " + string(root)},
		{"case 21: key where an identity is expected", of(plainV2, func(o *order) { o.bare = true }), "signature", trust.ErrWrongSigner, "signed with a key"},
		{"case 23: bare key in the certificate's place", of(plainV2, edit(func(b map[string]any) {
			field(b, "verificationMaterial")["certificate"] = map[string]any{"rawBytes": pkixOf(t, newECDSA(t, elliptic.P256()).Public())}
		})), "", trust.ErrBadSignature, "certificate is none"},
		{"case 24: certificate chain", of(plainV2, edit(func(b map[string]any) {
			m := field(b, "verificationMaterial")
			m["x509CertificateChain"] = map[string]any{"certificates": []any{m["certificate"]}}
			delete(m, "certificate")
		})), "", trust.ErrBadSignature, "chain"},
		{"case 25: version 0.2", of(plainV1, edit(func(b map[string]any) { b["mediaType"] = "application/vnd.dev.sigstore.bundle+json;version=0.2" })), "", trust.ErrBadSignature, "only version 0.3"},
		{"certificate of another key", of(plainV2, edit(func(b map[string]any) {
			field(b, "verificationMaterial")["certificate"] = map[string]any{"rawBytes": v.fulcio.leaf(t, leafTemplate(t), newECDSA(t, elliptic.P256()).Public(), v.ct).Raw}
		})), "signature", trust.ErrBadSignature, "doesn't match"},
		{"payload exchanged", of(plainV2, edit(func(b map[string]any) { field(b, "dsseEnvelope")["payload"] = []byte(about(another)) })), "signature", trust.ErrBadSignature, "doesn't match"},

		{"case 9: no log entry", of(plainV2, func(o *order) { o.logs = nil }), "tlog", trust.ErrBadSignature, "no transparency log of the trusted root has an entry"},
		{"case 10: entry of another signature, version 1", of(plainV1, edit(func(b map[string]any) { field(b, "verificationMaterial")["tlogEntries"] = otherEntries })), "tlog", trust.ErrBadSignature, "the entry of another signature"},
		{"case 10: entry of another signature, version 2", of(plainV2, func(o *order) { o.logs = []logged{{log: v.v2, version: 2, sig: []byte("another")}} }), "tlog", trust.ErrBadSignature, "doesn't add up"},
		{"case 11: log unknown", of(plainV2, func(o *order) { o.logs = alien.onV2().logs }), "tlog", trust.ErrBadSignature, "which the trusted root doesn't name"},
		{"case 11: log unknown, under a known id", of(plainV2, func(o *order) { o.logs = alien.onV2().logs }, entry(func(e map[string]any) {
			e["logId"] = map[string]any{"keyId": v.v2.id(t)}
		})), "tlog", trust.ErrBadSignature, "checkpoint is not signed by the log"},
		{"case 12: checkpoint of another origin", of(plainV2, func(o *order) {
			o.logs = []logged{{log: &virtualLog{url: "https://rekor9.test", key: v.v2.key}, version: 2}}
		}), "tlog", trust.ErrBadSignature, "checkpoint is not signed by the log"},
		{"case 12: checkpoint changed", of(plainV2, entry(func(e map[string]any) {
			c := field(e, "inclusionProof", "checkpoint")
			c["envelope"] = strings.Replace(c["envelope"].(string), "\n1\n", "\n2\n", 1)
		})), "tlog", trust.ErrBadSignature, "checkpoint is not signed by the log"},
		{"case 12: no checkpoint", of(plainV2, entry(func(e map[string]any) { delete(field(e, "inclusionProof"), "checkpoint") })), "", trust.ErrBadSignature, "checkpoint"},
		{"case 13: a promise only", of(plainV1, entry(func(e map[string]any) { delete(e, "inclusionProof") })), "", trust.ErrBadSignature, "inclusion proof missing"},
		{"case 13: a promise only, beside a proof", of(plainV2, func(o *order) {
			o.logs = []logged{o.logs[0], {log: v.v1, version: 1, edit: func(e map[string]any) { delete(e, "inclusionProof") }}}
		}), "tlog", trust.ErrBadSignature, "no proof that the log has it"},
		{"promise by nobody", of(plainV1, entry(func(e map[string]any) {
			e["inclusionPromise"] = map[string]any{"signedEntryTimestamp": alien.v1.promise(t, e["canonicalizedBody"].([]byte), epoch, 0)}
		})), "tlog", trust.ErrBadSignature, "promise is not signed by the log"},
		{"time of the promise changed", of(plainV1, entry(func(e map[string]any) { e["integratedTime"] = "1767323047" })), "tlog", trust.ErrBadSignature, "promise is not signed by the log"},
		{"proof of another place", of(plainV1, entry(func(e map[string]any) { field(e, "inclusionProof")["logIndex"] = "1" })), "tlog", trust.ErrBadSignature, ""},
		{"body exchanged", of(plainV1, entry(func(e map[string]any) {
			e["canonicalizedBody"] = []byte(strings.Replace(string(e["canonicalizedBody"].([]byte)), `"payloadHash":{"algorithm":"sha256","value":"`, `"payloadHash":{"algorithm":"sha256","value":"00`, 1))
		})), "tlog", trust.ErrBadSignature, "promise is not signed by the log"},
		{"good entry beside a bad one", of(plainV2, func(o *order) { o.logs = append(v.onV1().logs, logged{log: v.v2, version: 2, sig: []byte("x")}) }), "tlog", trust.ErrBadSignature, "log entry 2"},
		{"case 29: one entry twice", of(plainV1, func(o *order) { o.logs = append(slices.Clone(o.logs), o.logs...) }), "tlog", trust.ErrBadSignature, "twice"},
		{"second version's body under the first's checkpoint", of(plainV2, func(o *order) {
			o.logs = []logged{{log: v.v1, version: 2, edit: func(e map[string]any) {
				e["inclusionProof"] = (logged{log: v.v1, version: 1}).entry(t, forge{key: v.v1.key}, nil, []byte("x"))["inclusionProof"]
			}}}
		}), "tlog", trust.ErrBadSignature, "different versions"},
		{"case 30: 33 log entries", of(plainV2, edit(func(b map[string]any) { field(b, "verificationMaterial")["tlogEntries"] = logEntries(33) })), "", trust.ErrBadSignature, "33 log entries"},

		{"case 14: version 2 without a timestamp", of(plainV2, func(o *order) { o.stamps = nil }), "timestamps", trust.ErrBadSignature, "nobody whom the trusted root names attests when it was signed"},
		{"case 14: a time written into the entry", of(plainV2, func(o *order) { o.stamps = nil }, entry(func(e map[string]any) { e["integratedTime"] = "1767323046" })), "timestamps", trust.ErrBadSignature, "nobody"},
		{"case 15: timestamp before the certificate", of(plainV2, func(o *order) { o.stamps = []stamp{{by: v.tsa, at: epoch.Add(-time.Second)}} }), "validity", trust.ErrBadSignature, "the certificate was not valid at the time of signing: 2026-01-02T03:04:04Z"},
		{"case 15: timestamp after the certificate", of(plainV2, func(o *order) { o.stamps = []stamp{{by: v.tsa, at: epoch.Add(time.Hour)}} }), "validity", trust.ErrBadSignature, "it was valid from 2026-01-02T03:04:05Z to 2026-01-02T03:14:05Z"},
		{"case 15: one of two timestamps too late", of(plainV1, func(o *order) { o.stamps = []stamp{{by: v.tsa, at: epoch.Add(time.Hour)}} }), "validity", trust.ErrBadSignature, "says https://tsa.test"},
		{"case 15: authority unknown", of(plainV2, func(o *order) { o.stamps = alien.onV2().stamps }), "timestamps", trust.ErrBadSignature, "by no authority of the trusted root"},
		{"case 15: over another signature", of(plainV2, func(o *order) { o.stamps = []stamp{{by: v.tsa, sig: []byte("another")}} }), "timestamps", trust.ErrBadSignature, "of something else"},
		{"timestamp that is none", of(plainV2, edit(func(b map[string]any) {
			field(b, "verificationMaterial")["timestampVerificationData"] = map[string]any{"rfc3161Timestamps": []any{map[string]any{"signedTimestamp": []byte("none")}}}
		})), "timestamps", trust.ErrBadSignature, "is not in DER"},
		{"timestamp of overlapping parts", of(plainV2, edit(func(b map[string]any) {
			field(b, "verificationMaterial")["timestampVerificationData"] = map[string]any{"rfc3161Timestamps": []any{map[string]any{"signedTimestamp": overlapping(20)}}}
		})), "timestamps", trust.ErrBadSignature, "not in DER"},
		{"timestamp without lengths", of(plainV2, edit(func(b map[string]any) {
			field(b, "verificationMaterial")["timestampVerificationData"] = map[string]any{"rfc3161Timestamps": []any{map[string]any{"signedTimestamp": sequence([]byte("\x30\x80\x05\x00\x00\x00"))}}}
		})), "timestamps", trust.ErrBadSignature, "not in DER"},
		{"timestamp nested too deep", of(plainV2, edit(func(b map[string]any) {
			field(b, "verificationMaterial")["timestampVerificationData"] = map[string]any{"rfc3161Timestamps": []any{map[string]any{"signedTimestamp": nested(33)}}}
		})), "timestamps", trust.ErrBadSignature, "not in DER"},
		{"timestamp nested as deep as can be", of(plainV2, edit(func(b map[string]any) {
			field(b, "verificationMaterial")["timestampVerificationData"] = map[string]any{"rfc3161Timestamps": []any{map[string]any{"signedTimestamp": nested(32)}}}
		})), "timestamps", trust.ErrBadSignature, "timestamp 1 is none"},
		{"timestamp with a part of 2 KiB", of(plainV2, edit(func(b map[string]any) {
			field(b, "verificationMaterial")["timestampVerificationData"] = map[string]any{"rfc3161Timestamps": []any{map[string]any{"signedTimestamp": parts(1, 2<<10)}}}
		})), "timestamps", trust.ErrBadSignature, "timestamp 1 is none"},
		{"timestamp with a larger part", of(plainV2, edit(func(b map[string]any) {
			field(b, "verificationMaterial")["timestampVerificationData"] = map[string]any{"rfc3161Timestamps": []any{map[string]any{"signedTimestamp": parts(1, 2<<10+1)}}}
		})), "timestamps", trust.ErrBadSignature, "or too large"},
		{"timestamp of many parts", of(plainV2, edit(func(b map[string]any) {
			field(b, "verificationMaterial")["timestampVerificationData"] = map[string]any{"rfc3161Timestamps": []any{map[string]any{"signedTimestamp": parts(16, 2<<10)}}}
		})), "timestamps", trust.ErrBadSignature, "or too large"},
		{"logged before the certificate", of(plainV1, func(o *order) { o.logs = []logged{{log: v.v1, version: 1, at: epoch.Add(-time.Hour)}} }), "tlog", trust.ErrBadSignature, "when the certificate wasn't valid"},
		{"case 16: logged after the certificate", of(plainV1, func(o *order) { o.logs = []logged{{log: v.v1, version: 1, at: epoch.Add(time.Hour)}} }), "tlog", trust.ErrBadSignature, "when the certificate wasn't valid"},
		{"case 30: 33 timestamps", of(plainV2, edit(func(b map[string]any) {
			field(b, "verificationMaterial")["timestampVerificationData"] = map[string]any{"rfc3161Timestamps": make([]struct{}, 33)}
		})), "", trust.ErrBadSignature, "33 timestamps"},

		{"case 17: another authority", of(plainV2, func(o *order) { o.by = alien.fulcio }), "certificate", trust.ErrWrongSigner, `its certificate is by "CN=fulcio", who is no certificate authority`},
		{"case 17: its own authority", of(plainV2, func(o *order) {
			key := newECDSA(t, elliptic.P256())
			template := leafTemplate(t)
			template.IsCA, template.BasicConstraintsValid, template.KeyUsage = true, true, x509.KeyUsageCertSign
			o.by = &certifier{chain: []*x509.Certificate{issue(t, template, template, key.Public(), key)}, key: key}
		}), "certificate", trust.ErrWrongSigner, "no certificate authority of the trusted root"},
		{"not for signing code", of(plainV2, cert(func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} })), "certificate", trust.ErrBadSignature, "not in force"},
		{"critical extension that nobody knows", of(plainV2, cert(func(c *x509.Certificate) {
			c.ExtraExtensions = append(c.ExtraExtensions, pkix.Extension{Id: asn1.ObjectIdentifier{1, 2, 3, 4}, Critical: true, Value: []byte{5, 0}})
		})), "certificate", trust.ErrBadSignature, "critical"},
		{"case 18: no certificate timestamp", of(plainV2, func(o *order) { o.ct = nil }), "sct", trust.ErrBadSignature, "carries no proof"},
		{"case 18: certificate timestamp of a log unknown", of(plainV2, func(o *order) { o.ct = alien.onV2().ct }), "sct", trust.ErrBadSignature, "by other logs"},
		{"no subject", of(plainV2, cert(func(c *x509.Certificate) { c.URIs = nil })), "certificate", trust.ErrBadSignature, "doesn't say whom"},
		{"two subjects", of(plainV2, cert(func(c *x509.Certificate) { c.EmailAddresses = []string{"ann@example.com"} })), "certificate", trust.ErrBadSignature, "names 2 subjects"},
		{"two subjects of a kind", of(plainV2, cert(func(c *x509.Certificate) { c.URIs = append([]*url.URL{uri(t, "https://evil.test")}, c.URIs...) })), "certificate", trust.ErrBadSignature, "names 2 subjects"},
		{"no issuer", of(plainV2, cert(func(c *x509.Certificate) { c.ExtraExtensions = c.ExtraExtensions[2:] })), "certificate", trust.ErrBadSignature, "who vouches"},
		{"two issuers", of(plainV2, cert(func(c *x509.Certificate) { c.ExtraExtensions[0].Value = []byte("https://evil.test") })), "certificate", trust.ErrBadSignature, "two issuers"},
		{"issuer that is no text", of(plainV2, cert(func(c *x509.Certificate) { c.ExtraExtensions[1].Value = []byte("no DER") })), "certificate", trust.ErrBadSignature, "certificate"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			evidence, err := v.verifier(t).Verify(t.Context(), test.bundle, root, anybody)
			wantRejection(t, err, test.want, test.check, test.reason)
			if evidence.Certificate != nil || evidence.Statement != nil {
				t.Errorf("evidence beside a rejection: %+v", evidence)
			}
		})
	}
}

// overlapping returns a response in BER whose parts reach beyond what they are
// parts of, so that a reader comes to each twice as often as to the one before.
func overlapping(levels int) []byte {
	token := bytes.Repeat([]byte("\x30\x06\x30\x02"), levels)
	return sequence(slices.Concat([]byte("\x30\x03\x02\x01\x00"), sequence(append(token, bytes.Repeat([]byte("\x05\x00"), 8)...))))
}

// nested returns so many parts in one another.
func nested(depth int) []byte {
	var raw []byte
	for range depth {
		raw = sequence(raw)
	}
	return raw
}

// sequence returns a SEQUENCE in DER of less than 256 bytes.
func sequence(content []byte) []byte {
	if len(content) < 128 {
		return append([]byte{0x30, byte(len(content))}, content...)
	}
	return append([]byte{0x30, 0x81, byte(len(content))}, content...)
}

// parts returns so many octet strings of one size in a SEQUENCE.
func parts(count, size int) []byte {
	raw, err := asn1.Marshal(slices.Repeat([][]byte{make([]byte, size)}, count))
	if err != nil {
		panic(err)
	}
	return raw
}
