// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package sigstore_test

import (
	"crypto"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/opencontainers/go-digest"

	"github.com/recap-oci/recap/pkg/policy"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/sigstore/internal/sigstoretest"
	"github.com/recap-oci/recap/pkg/trust"
)

// simple is the payload that cosign signed for a digest.
func simple(d digest.Digest) string {
	return `{"critical":{"identity":{"docker-reference":"registry.test/team/pack"},"image":{"docker-manifest-digest":"` + string(d) + `"},"type":"cosign container image signature"},"optional":null}`
}

// legacyOrder is a signature in cosign's older form, and what is wrong with it.
type legacyOrder struct {
	key      crypto.Signer
	payload  string
	hash     crypto.Hash // default: SHA-256
	bare     bool
	by       *certifier
	log      *virtualLog // nil: no entry
	at       time.Time
	entrySig []byte
	stamp    *stamp
	edit     func(*trust.LegacySignature)
}

func (o legacyOrder) sign(t testing.TB, v *virtual) trust.LegacySignature {
	t.Helper()
	if o.key == nil {
		o.key = newECDSA(t, elliptic.P256())
	}
	if o.payload == "" {
		o.payload = simple(root)
	}
	if o.by == nil {
		o.by = v.fulcio
	}
	if o.at.IsZero() {
		o.at = epoch.Add(time.Second)
	}
	if o.hash == 0 {
		o.hash = crypto.SHA256
	}
	hasher := o.hash.New()
	hasher.Write([]byte(o.payload))
	sum := hasher.Sum(nil)
	sig, err := o.key.Sign(rand.Reader, sum, o.hash)
	sigstoretest.Check(t, err)
	legacy := trust.LegacySignature{Payload: []byte(o.payload), Signature: sig}
	block := &pem.Block{Type: "PUBLIC KEY", Bytes: pkixOf(t, o.key.Public())}
	if !o.bare {
		block = &pem.Block{Type: "CERTIFICATE", Bytes: o.by.leaf(t, leafTemplate(t), o.key.Public(), v.ct).Raw}
		legacy.Certificate = pem.EncodeToMemory(block)
		legacy.Chain = []byte("nobody looks at it")
	}
	if o.log != nil {
		if o.entrySig == nil {
			o.entrySig = sig
		}
		body := fmt.Appendf(nil, `{"apiVersion":"0.0.1","kind":"hashedrekord","spec":{"data":{"hash":{"algorithm":"%s","value":"%x"}},"signature":{"content":"%s","publicKey":{"content":"%s"}}}}`,
			strings.ToLower(strings.ReplaceAll(o.hash.String(), "-", "")), sum, base64.StdEncoding.EncodeToString(o.entrySig), base64.StdEncoding.EncodeToString(pem.EncodeToMemory(block)))
		legacy.LogEntry = fmt.Appendf(nil, `{"SignedEntryTimestamp":"%s","Payload":{"body":"%s","integratedTime":%d,"logIndex":11,"logID":"%s"}}`,
			base64.StdEncoding.EncodeToString(o.log.promise(t, body, o.at, 11)), base64.StdEncoding.EncodeToString(body), o.at.Unix(), hex.EncodeToString(o.log.id(t)))
	}
	if o.stamp != nil {
		raw, err := json.Marshal(map[string]any{"SignedRFC3161Timestamp": o.stamp.response(t, sig)})
		sigstoretest.Check(t, err)
		legacy.Timestamp = raw
	}
	if o.edit != nil {
		o.edit(&legacy)
	}
	return legacy
}

func TestVerifyLegacy(t *testing.T) {
	v := newVirtual(t)
	key := newECDSA(t, elliptic.P256())
	signed := epoch.Add(time.Second)
	logTime, tsaTime := trust.Timestamp{Time: signed, Source: "https://rekor1.test"}, trust.Timestamp{Time: signed, Source: "https://tsa.test"}
	entries := []trust.LogEntry{{Log: "https://rekor1.test", Index: 11}}
	logged := authority(t, key.Public())
	logged.Require = &policy.Require{TLog: 1}
	tests := []struct {
		name      string
		order     legacyOrder
		authority policy.Authority
		times     []trust.Timestamp
		entries   []trust.LogEntry
	}{
		{"keyless", legacyOrder{log: v.v1}, anybody, []trust.Timestamp{logTime}, entries},
		{"keyless with a timestamp too", legacyOrder{log: v.v1, stamp: &stamp{by: v.tsa}}, needing(1, 2, 1), []trust.Timestamp{logTime, tsaTime}, entries},
		{"keyless with a timestamp alone", legacyOrder{stamp: &stamp{by: v.tsa}}, needing(0, 1, 1), []trust.Timestamp{tsaTime}, nil},
		{"keyless with SHA-384", legacyOrder{key: newECDSA(t, elliptic.P384()), hash: crypto.SHA384, log: v.v1}, anybody, []trust.Timestamp{logTime}, entries},
		{"keyless with SHA-512", legacyOrder{key: newECDSA(t, elliptic.P521()), hash: crypto.SHA512, log: v.v1}, anybody, []trust.Timestamp{logTime}, entries},
		{"key", legacyOrder{key: key, bare: true}, authority(t, key.Public()), nil, nil},
		{"key in a log", legacyOrder{key: key, bare: true, log: v.v1}, logged, []trust.Timestamp{logTime}, entries},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := v.verifier(t).VerifyLegacy(t.Context(), test.order.sign(t, v), root, test.authority)
			sigstoretest.Check(t, err)
			if string(got.Statement) != simple(root) || got.KeyID == "" || (got.Certificate == nil) != test.order.bare {
				t.Errorf("got %+v, want the payload and who signed it", got)
			}
			if diff := cmp.Diff(test.times, got.Timestamps); diff != "" {
				t.Errorf("timestamps (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.entries, got.LogEntries); diff != "" {
				t.Errorf("log entries (-want +got):\n%s", diff)
			}
		})
	}
}

func TestVerifyLegacyRefuses(t *testing.T) {
	const another = digest.Digest("sha256:0000000000000000000000000000000000000000000000000000000000000000")
	v, alien := newVirtual(t), newVirtual(t)
	edit := func(change func(*trust.LegacySignature)) legacyOrder {
		return legacyOrder{log: v.v1, edit: change}
	}
	payload := func(from, to string) legacyOrder {
		return legacyOrder{log: v.v1, payload: strings.Replace(simple(root), from, to, 1)}
	}
	other := legacyOrder{log: v.v1}.sign(t, v)
	tests := []struct {
		name   string
		order  legacyOrder
		check  string
		want   error
		reason string
	}{
		{"case 5: another artifact's", payload(string(root), string(another)), "subject", trust.ErrBadSignature, "names \"" + string(another)},
		{"no digest", payload("docker-manifest-digest", "x"), "subject", trust.ErrBadSignature, "names \"\""},
		{"upper-case digest", payload(root.Encoded(), strings.ToUpper(root.Encoded())), "subject", trust.ErrBadSignature, "names"},
		{"digest given twice", payload(`"image":{`, `"image":{"docker-manifest-digest":"`+string(another)+`",`), "subject", trust.ErrBadSignature, "ambiguous"},
		{"another type", payload("cosign container image signature", "atomic container signature"), "subject", trust.ErrBadSignature, "of type"},
		{"payload is not JSON", legacyOrder{log: v.v1, payload: "hello"}, "subject", trust.ErrBadSignature, "the signed payload"},
		{"payload exchanged", edit(func(s *trust.LegacySignature) { s.Payload = []byte(simple(another)) }), "signature", trust.ErrBadSignature, "doesn't match"},
		{"signature exchanged", edit(func(s *trust.LegacySignature) { s.Signature = other.Signature }), "signature", trust.ErrBadSignature, "doesn't match"},
		{"no signature", edit(func(s *trust.LegacySignature) { s.Signature = nil }), "", trust.ErrBadSignature, "no signature"},
		{"no payload", edit(func(s *trust.LegacySignature) { s.Payload = nil }), "signature", trust.ErrBadSignature, "doesn't match"},
		{"case 21: key", legacyOrder{bare: true, log: v.v1}, "signature", trust.ErrWrongSigner, "signed with a key"},
		{"case 23: bare key in the certificate's place", edit(func(s *trust.LegacySignature) {
			s.Certificate = pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: pkixOf(t, newECDSA(t, elliptic.P256()).Public())})
		}), "", trust.ErrBadSignature, `of type "PUBLIC KEY"`},
		{"case 23: bare key, called a certificate", edit(func(s *trust.LegacySignature) {
			s.Certificate = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: pkixOf(t, newECDSA(t, elliptic.P256()).Public())})
		}), "", trust.ErrBadSignature, "certificate is none"},
		{"two certificates", edit(func(s *trust.LegacySignature) { s.Certificate = append(s.Certificate, s.Certificate...) }), "", trust.ErrBadSignature, "several PEM blocks"},
		{"certificate that is no PEM", edit(func(s *trust.LegacySignature) { s.Certificate = []byte("x") }), "", trust.ErrBadSignature, "not PEM"},
		{"case 9: no log entry", legacyOrder{stamp: &stamp{by: v.tsa}}, "tlog", trust.ErrBadSignature, "no transparency log"},
		{"case 10: entry of another signature", edit(func(s *trust.LegacySignature) { s.LogEntry = other.LogEntry }), "tlog", trust.ErrBadSignature, "the entry of another signature"},
		{"case 10: entry of another signature by the same key", legacyOrder{log: v.v1, entrySig: other.Signature}, "", trust.ErrBadSignature, "log entry is none"},
		{"case 11: log unknown", legacyOrder{log: alien.v1}, "tlog", trust.ErrBadSignature, "which the trusted root doesn't name"},
		{"promise by nobody", edit(func(s *trust.LegacySignature) {
			s.LogEntry = []byte(strings.Replace(string(s.LogEntry), `"logIndex":11`, `"logIndex":12`, 1))
		}), "tlog", trust.ErrBadSignature, "promise is not signed by the log"},
		{"no promise", edit(func(s *trust.LegacySignature) {
			s.LogEntry = []byte(strings.Replace(string(s.LogEntry), `"SignedEntryTimestamp":"`, `"SignedEntryTimestamp":"","x":"`, 1))
		}), "", trust.ErrBadSignature, "no promise"},
		{"log entry that is none", edit(func(s *trust.LegacySignature) { s.LogEntry = []byte("{}") }), "", trust.ErrBadSignature, "no id of a log"},
		{"log entry in two readings", edit(func(s *trust.LegacySignature) {
			s.LogEntry = []byte(strings.Replace(string(s.LogEntry), `"logIndex":11`, `"logIndex":11,"logIndex":12`, 1))
		}), "", trust.ErrBadSignature, "log entry is none"},
		{"log entry of another kind", edit(func(s *trust.LegacySignature) {
			body := base64.StdEncoding.EncodeToString([]byte(`{"apiVersion":"0.0.1","kind":"rekord","spec":{}}`))
			s.LogEntry = []byte(`{"SignedEntryTimestamp":"eA==","Payload":{"body":"` + body + `","logID":"` + strings.Repeat("0", 64) + `"}}`)
		}), "", trust.ErrBadSignature, "only hashedrekord"},
		{"case 15: timestamp of another signature", legacyOrder{log: v.v1, stamp: &stamp{by: v.tsa, sig: []byte("x")}}, "timestamps", trust.ErrBadSignature, "of something else"},
		{"timestamp that is none", legacyOrder{log: v.v1, edit: func(s *trust.LegacySignature) { s.Timestamp = []byte("x") }}, "", trust.ErrBadSignature, "timestamp is none"},
		{"case 16: logged after the certificate", legacyOrder{log: v.v1, at: epoch.Add(time.Hour)}, "tlog", trust.ErrBadSignature, "when the certificate wasn't valid"},
		{"case 17: another authority", legacyOrder{log: v.v1, by: alien.fulcio}, "certificate", trust.ErrWrongSigner, "no certificate authority"},
		{"case 30: payload without end", edit(func(s *trust.LegacySignature) { s.Payload = make([]byte, recap.MaxSigstoreBundle+1) }), "", trust.ErrBadSignature, "more than"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			a := anybody
			if test.check == "timestamps" {
				a = needing(1, 2, 1)
			}
			_, err := v.verifier(t).VerifyLegacy(t.Context(), test.order.sign(t, v), root, a)
			wantRejection(t, err, test.want, test.check, test.reason)
		})
	}
	t.Run("another key", func(t *testing.T) {
		_, err := v.verifier(t).VerifyLegacy(t.Context(), legacyOrder{bare: true}.sign(t, v), root, authority(t, newECDSA(t, elliptic.P256()).Public()))
		wantRejection(t, err, trust.ErrBadSignature, "signature", "doesn't match")
	})
	t.Run("identity where a key is expected", func(t *testing.T) {
		_, err := v.verifier(t).VerifyLegacy(t.Context(), legacyOrder{log: v.v1}.sign(t, v), root, authority(t, newECDSA(t, elliptic.P256()).Public()))
		wantRejection(t, err, trust.ErrWrongSigner, "signature", "signed with a certificate")
	})
}

func FuzzVerifyLegacy(f *testing.F) {
	v := newVirtual(f)
	verifier := v.verifier(f)
	good := legacyOrder{log: v.v1, stamp: &stamp{by: v.tsa}}.sign(f, v)
	f.Add(good.Payload, good.Signature, good.Certificate, good.LogEntry, good.Timestamp)
	f.Add(good.Payload, good.Signature, []byte(nil), []byte(nil), []byte(nil))
	f.Add([]byte("{}"), []byte("x"), good.Certificate, []byte(`{"Payload":{"body":"e30="}}`), []byte(`{}`))
	if _, err := verifier.VerifyLegacy(f.Context(), good, root, anybody); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, payload, sig, certificate, entry, stamped []byte) {
		got, err := verifier.VerifyLegacy(t.Context(), trust.LegacySignature{Payload: payload, Signature: sig, Certificate: certificate, LogEntry: entry, Timestamp: stamped}, root, anybody)
		var rejection *trust.Rejection
		switch {
		case err == nil:
			if string(got.Statement) != string(good.Payload) {
				t.Errorf("forged: %s", got.Statement)
			}
		case !errors.As(err, &rejection):
			t.Errorf("an error that is no refusal: %v", err)
		}
	})
}
