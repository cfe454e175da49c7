// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package sigstore_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/url"
	"testing"
	"time"

	"github.com/digitorus/timestamp"
	rekornote "github.com/sigstore/rekor-tiles/v2/pkg/note"
	"github.com/sigstore/rekor/pkg/util"
	"github.com/sigstore/sigstore/pkg/signature"
	"golang.org/x/mod/sumdb/note"
)

const (
	gitHub   = "https://token.actions.githubusercontent.com"
	workflow = "https://github.com/acme/app/.github/workflows/release.yml@refs/tags/v1.0.0"
)

// order says what a virtual Sigstore shall sign, and what it shall do wrong.
type order struct {
	key       *forge // nil: a new P-256 key
	bare      bool   // by key, without certificate
	statement string // default: about(root)

	by       *certifier
	template func(*x509.Certificate) // changes the certificate before it is issued
	ct       []*virtualLog

	logs   []logged
	stamps []stamp

	edit func(bundle map[string]any)
}

// logged is an entry in a log.
type logged struct {
	log     *virtualLog
	version int
	at      time.Time // version 1: default epoch + 1 s
	index   int64
	sig     []byte // default: the bundle's
	edit    func(entry map[string]any)
}

// stamp is a timestamp.
type stamp struct {
	by  *certifier
	at  time.Time // default: epoch + 1 s
	sig []byte    // default: the bundle's
}

func (v *virtual) onV1() order {
	return order{by: v.fulcio, ct: []*virtualLog{v.ct}, logs: []logged{{log: v.v1, version: 1}}}
}

func (v *virtual) onV2() order {
	return order{by: v.fulcio, ct: []*virtualLog{v.ct}, logs: []logged{{log: v.v2, version: 2}}, stamps: []stamp{{by: v.tsa}}}
}

func (o order) with(change func(*order)) order {
	change(&o)
	return o
}

// leafTemplate is what Fulcio writes for a workflow on GitHub.
func leafTemplate(t testing.TB) *x509.Certificate {
	text := func(oid int, value string) pkix.Extension {
		raw, err := asn1.MarshalWithParams(value, "utf8")
		if err != nil {
			t.Fatal(err)
		}
		return pkix.Extension{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 1, oid}, Value: raw}
	}
	return &x509.Certificate{
		SerialNumber: big.NewInt(7), NotBefore: epoch, NotAfter: epoch.Add(10 * time.Minute),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning},
		URIs: []*url.URL{uri(t, workflow)},
		ExtraExtensions: []pkix.Extension{
			{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 1, 1}, Value: []byte(gitHub)},
			text(8, gitHub), text(12, "https://github.com/acme/app"), text(11, "github-hosted"),
		},
	}
}

// sign returns the bundle.
func (o order) sign(t testing.TB) []byte {
	t.Helper()
	f := forge{}
	if o.key != nil {
		f = *o.key
	}
	if f.key == nil {
		f.key = newECDSA(t, elliptic.P256())
	}
	f.statement = o.statement
	if f.statement == "" {
		f.statement = about(root)
	}
	var certificate *x509.Certificate
	if !o.bare {
		template := leafTemplate(t)
		if o.template != nil {
			o.template(template)
		}
		certificate = o.by.leaf(t, template, f.key.Public(), o.ct...)
	}
	f.edit = func(b map[string]any) {
		material := field(b, "verificationMaterial")
		if certificate != nil {
			delete(material, "publicKey")
			material["certificate"] = map[string]any{"rawBytes": certificate.Raw}
		}
		sig := signatureIn(b)["sig"].([]byte)
		var entries, stamps []any
		for _, l := range o.logs {
			entries = append(entries, l.entry(t, f, certificate, sig))
		}
		for _, s := range o.stamps {
			stamps = append(stamps, map[string]any{"signedTimestamp": s.response(t, sig)})
		}
		material["tlogEntries"] = entries
		material["timestampVerificationData"] = map[string]any{"rfc3161Timestamps": stamps}
		if o.edit != nil {
			o.edit(b)
		}
	}
	return f.bundle(t)
}

func (l logged) entry(t testing.TB, f forge, certificate *x509.Certificate, sig []byte) map[string]any {
	t.Helper()
	if l.sig != nil {
		sig = l.sig
	}
	if l.at.IsZero() {
		l.at = epoch.Add(time.Second)
	}
	block := &pem.Block{Type: "PUBLIC KEY", Bytes: pkixOf(t, f.key.Public())}
	if certificate != nil {
		block = &pem.Block{Type: "CERTIFICATE", Bytes: certificate.Raw}
	}
	signer, err := signature.LoadECDSASigner(l.log.key, crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	var body, checkpoint []byte
	kind := map[string]any{"kind": "hashedrekord", "version": "0.0.2"}
	if l.version == 1 {
		kind = map[string]any{"kind": "dsse", "version": "0.0.1"}
		payload := sha256.Sum256([]byte(f.statement))
		body = fmt.Appendf(nil, `{"apiVersion":"0.0.1","kind":"dsse","spec":{"envelopeHash":{"algorithm":"sha256","value":"%x"},"payloadHash":{"algorithm":"sha256","value":"%x"},"signatures":[{"signature":"%s","verifier":"%s"}]}}`,
			payload, payload, base64.StdEncoding.EncodeToString(sig), base64.StdEncoding.EncodeToString(pem.EncodeToMemory(block)))
		leaf := leafHash(body)
		if checkpoint, err = util.CreateAndSignCheckpoint(context.Background(), "rekor1.test", 123, 1, leaf, signer); err != nil {
			t.Fatal(err)
		}
	} else {
		body = v2Body(t, f, block, sig)
		noteSigner, err := rekornote.NewNoteSigner(context.Background(), uri(t, l.log.url).Hostname(), signer)
		if err != nil {
			t.Fatal(err)
		}
		text := fmt.Sprintf("%s\n1\n%s\n", uri(t, l.log.url).Hostname(), base64.StdEncoding.EncodeToString(leafHash(body)))
		if checkpoint, err = note.Sign(&note.Note{Text: text}, noteSigner); err != nil {
			t.Fatal(err)
		}
	}
	entry := map[string]any{
		"logIndex": fmt.Sprint(l.index), "logId": map[string]any{"keyId": l.log.id(t)}, "kindVersion": kind, "canonicalizedBody": body,
		"inclusionProof": map[string]any{
			"logIndex": "0", "treeSize": "1", "rootHash": leafHash(body), "hashes": []any{},
			"checkpoint": map[string]any{"envelope": string(checkpoint)},
		},
	}
	if l.version == 1 {
		entry["integratedTime"] = fmt.Sprint(l.at.Unix())
		entry["inclusionPromise"] = map[string]any{"signedEntryTimestamp": l.log.promise(t, body, l.at, l.index)}
	}
	if l.edit != nil {
		l.edit(entry)
	}
	return entry
}

// promise signs that the log will have an entry, and when it got it.
func (l *virtualLog) promise(t testing.TB, body []byte, at time.Time, index int64) []byte {
	t.Helper()
	text := fmt.Sprintf(`{"body":"%s","integratedTime":%d,"logID":"%s","logIndex":%d}`,
		base64.StdEncoding.EncodeToString(body), at.Unix(), hex.EncodeToString(l.id(t)), index)
	sum := sha256.Sum256([]byte(text))
	sig, err := l.key.Sign(nil, sum[:], crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	return sig
}

// v2Body is the entry that version 2 of Rekor makes of a DSSE signature.
func v2Body(t testing.TB, f forge, block *pem.Block, sig []byte) []byte {
	t.Helper()
	sum := sha256.Sum256(fmt.Appendf(nil, "DSSEv1 %d %s %d %s", len(inToto), inToto, len(f.statement), f.statement))
	verifier := map[string]any{"keyDetails": "PKIX_ECDSA_P256_SHA_256", "publicKey": map[string]any{"rawBytes": block.Bytes}}
	if block.Type == "CERTIFICATE" {
		verifier = map[string]any{"keyDetails": "PKIX_ECDSA_P256_SHA_256", "x509Certificate": map[string]any{"rawBytes": block.Bytes}}
	}
	body, err := json.Marshal(map[string]any{
		"apiVersion": "0.0.2", "kind": "hashedrekord",
		"spec": map[string]any{"hashedRekordV002": map[string]any{
			"data":      map[string]any{"algorithm": "SHA2_256", "digest": sum[:]},
			"signature": map[string]any{"content": sig, "verifier": verifier},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// leafHash is the hash of a leaf. RFC 6962 §2.1
func leafHash(body []byte) []byte {
	sum := sha256.Sum256(append([]byte{0}, body...))
	return sum[:]
}

func (s stamp) response(t testing.TB, sig []byte) []byte {
	t.Helper()
	if s.sig != nil {
		sig = s.sig
	}
	if s.at.IsZero() {
		s.at = epoch.Add(time.Second)
	}
	raw, err := timestamp.CreateRequest(bytes.NewReader(sig), &timestamp.RequestOptions{Hash: crypto.SHA256})
	if err != nil {
		t.Fatal(err)
	}
	request, err := timestamp.ParseRequest(raw)
	if err != nil {
		t.Fatal(err)
	}
	answer := timestamp.Timestamp{HashAlgorithm: request.HashAlgorithm, HashedMessage: request.HashedMessage, Time: s.at, Policy: asn1.ObjectIdentifier{1, 2, 3}}
	response, err := answer.CreateResponseWithOpts(s.by.chain[0], s.by.key, crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	return response
}
