// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package sigstore_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/json"
	"math/big"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	ct "github.com/google/certificate-transparency-go"
	cttls "github.com/google/certificate-transparency-go/tls"
	ctx509 "github.com/google/certificate-transparency-go/x509"

	"github.com/recap-oci/recap/pkg/sigstore"
	"github.com/recap-oci/recap/pkg/sigstore/trustroot"
)

// epoch is when everything happens in a virtual Sigstore: verifying doesn't
// depend on today.
var epoch = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// virtual is a Sigstore instance in memory, made without the code under test.
// What it can be asked to do wrong, a real one can't.
type virtual struct {
	fulcio *certifier
	ct     *virtualLog
	v1, v2 *virtualLog
	tsa    *certifier
}

// certifier is a chain of certificates of which the first signs.
type certifier struct {
	uri         string
	chain       []*x509.Certificate
	key         crypto.Signer
	from, until time.Time // when the trusted root trusts it
}

type virtualLog struct {
	url         string
	key         *ecdsa.PrivateKey
	from, until time.Time
}

func newVirtual(t testing.TB) *virtual {
	t.Helper()
	return &virtual{
		fulcio: newFulcio(t, "fulcio"),
		ct:     newLog(t, "https://ct.test"),
		v1:     newLog(t, "https://rekor1.test"),
		v2:     newLog(t, "https://rekor2.test"),
		tsa:    newTSA(t, "https://tsa.test"),
	}
}

func newLog(t testing.TB, address string) *virtualLog {
	return &virtualLog{url: address, key: newECDSA(t, elliptic.P256()), from: epoch.AddDate(-1, 0, 0)}
}

func (l *virtualLog) id(t testing.TB) []byte {
	sum := sha256.Sum256(pkixOf(t, l.key.Public()))
	return sum[:]
}

// newFulcio returns a certificate authority of a root and an intermediate.
func newFulcio(t testing.TB, name string) *certifier {
	t.Helper()
	top, topKey := newCA(t, name+" root", nil, nil, epoch.AddDate(-1, 0, 0), epoch.AddDate(9, 0, 0), x509.ExtKeyUsageCodeSigning)
	middle, key := newCA(t, name, top, topKey, epoch.AddDate(-1, 0, 0), epoch.AddDate(9, 0, 0), x509.ExtKeyUsageCodeSigning)
	return &certifier{uri: "https://" + strings.ReplaceAll(name, " ", "-") + ".test", chain: []*x509.Certificate{middle, top}, key: key, from: epoch.AddDate(-1, 0, 0)}
}

func newCA(t testing.TB, name string, parent *x509.Certificate, parentKey crypto.Signer, from, until time.Time, usage x509.ExtKeyUsage) (*x509.Certificate, crypto.Signer) {
	t.Helper()
	key := newECDSA(t, elliptic.P256())
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: from, NotAfter: until,
		KeyUsage: x509.KeyUsageCertSign, BasicConstraintsValid: true, IsCA: true,
	}
	if parent == nil {
		return issue(t, template, template, key.Public(), key), key
	}
	template.ExtKeyUsage = []x509.ExtKeyUsage{usage}
	return issue(t, template, parent, key.Public(), parentKey), key
}

func newTSA(t testing.TB, address string) *certifier {
	t.Helper()
	top, topKey := newCA(t, "tsa root", nil, nil, epoch.AddDate(-1, 0, 0), epoch.AddDate(9, 0, 0), x509.ExtKeyUsageTimeStamping)
	key := newECDSA(t, elliptic.P256())
	usage, err := asn1.Marshal([]asn1.ObjectIdentifier{{1, 3, 6, 1, 5, 5, 7, 3, 8}})
	if err != nil {
		t.Fatal(err)
	}
	leaf := issue(t, &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "tsa"}, NotBefore: epoch.AddDate(-1, 0, 0), NotAfter: epoch.AddDate(9, 0, 0),
		KeyUsage:        x509.KeyUsageDigitalSignature,
		ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Critical: true, Value: usage}},
	}, top, key.Public(), topKey)
	return &certifier{uri: address, chain: []*x509.Certificate{leaf, top}, key: key, from: epoch.AddDate(-1, 0, 0)}
}

func issue(t testing.TB, template, parent *x509.Certificate, pub crypto.PublicKey, key crypto.Signer) *x509.Certificate {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, template, parent, pub, key)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// leaf issues a certificate for a subject, with proof of the logs.
func (a *certifier) leaf(t testing.TB, template *x509.Certificate, pub crypto.PublicKey, logs ...*virtualLog) *x509.Certificate {
	t.Helper()
	bare := issue(t, template, a.chain[0], pub, a.key)
	if len(logs) == 0 {
		return bare
	}
	var list ctx509.SignedCertificateTimestampList
	for _, log := range logs {
		list.SCTList = append(list.SCTList, ctx509.SerializedSCT{Val: log.sct(t, bare, a.chain[0])})
	}
	raw, err := cttls.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	value, err := asn1.Marshal(raw)
	if err != nil {
		t.Fatal(err)
	}
	whole := *template
	whole.ExtraExtensions = append(append([]pkix.Extension{}, template.ExtraExtensions...), pkix.Extension{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 11129, 2, 4, 2}, Value: value})
	return issue(t, &whole, a.chain[0], pub, a.key)
}

// sct promises that the log has a certificate. RFC 6962 §3.2
func (l *virtualLog) sct(t testing.TB, c, issuer *x509.Certificate) []byte {
	t.Helper()
	moment := uint64(c.NotBefore.UnixMilli())
	sct := ct.SignedCertificateTimestamp{SCTVersion: ct.V1, LogID: ct.LogID{KeyID: [32]byte(l.id(t))}, Timestamp: moment}
	data, err := ct.SerializeSCTSignatureInput(sct, ct.LogEntry{Leaf: ct.MerkleTreeLeaf{
		Version: ct.V1, LeafType: ct.TimestampedEntryLeafType,
		TimestampedEntry: &ct.TimestampedEntry{
			Timestamp: moment, EntryType: ct.PrecertLogEntryType,
			PrecertEntry: &ct.PreCert{IssuerKeyHash: sha256.Sum256(issuer.RawSubjectPublicKeyInfo), TBSCertificate: c.RawTBSCertificate},
		},
	}})
	if err != nil {
		t.Fatal(err)
	}
	sig, err := cttls.CreateSignature(*l.key, cttls.SHA256, data)
	if err != nil {
		t.Fatal(err)
	}
	sct.Signature = ct.DigitallySigned(sig)
	raw, err := cttls.Marshal(sct)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// trustedRoot is the instance's trusted_root.json, changed by edits.
func (v *virtual) trustedRoot(t testing.TB, edits ...func(root map[string]any)) []byte {
	t.Helper()
	r := map[string]any{
		"mediaType":              "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
		"certificateAuthorities": []any{v.fulcio.trusted()},
		"ctlogs":                 []any{v.ct.trusted(t)},
		"tlogs":                  []any{v.v1.trusted(t), v.v2.trusted(t)},
		"timestampAuthorities":   []any{v.tsa.trusted()},
	}
	for _, edit := range edits {
		edit(r)
	}
	raw, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// also adds members to a list of a trusted root.
func also(list string, members ...any) func(map[string]any) {
	return func(r map[string]any) { r[list] = append(r[list].([]any), members...) }
}

func (a *certifier) trusted() any {
	var chain []any
	for _, c := range a.chain {
		chain = append(chain, map[string]any{"rawBytes": c.Raw})
	}
	return map[string]any{"uri": a.uri, "subject": map[string]any{"commonName": "x"}, "certChain": map[string]any{"certificates": chain}, "validFor": window(a.from, a.until)}
}

func (l *virtualLog) trusted(t testing.TB) any {
	return map[string]any{
		"baseUrl": l.url, "hashAlgorithm": "SHA2_256", "logId": map[string]any{"keyId": l.id(t)},
		"publicKey": map[string]any{"rawBytes": pkixOf(t, l.key.Public()), "keyDetails": "PKIX_ECDSA_P256_SHA_256", "validFor": window(l.from, l.until)},
	}
}

func window(from, until time.Time) any {
	w := map[string]any{"start": from.Format(time.RFC3339)}
	if !until.IsZero() {
		w["end"] = until.Format(time.RFC3339)
	}
	return w
}

// verifier returns a verifier that trusts the instance.
func (v *virtual) verifier(t testing.TB, edits ...func(root map[string]any)) *sigstore.Verifier {
	t.Helper()
	return verifierOf(t, v.trustedRoot(t, edits...))
}

func verifierOf(t testing.TB, trustedRoot []byte) *sigstore.Verifier {
	t.Helper()
	path := filepath.Join(t.TempDir(), "trusted_root.json")
	if err := os.WriteFile(path, trustedRoot, 0o600); err != nil {
		t.Fatal(err)
	}
	return sigstore.NewVerifier(sigstore.VerifierOptions{
		Root: trustroot.New(trustroot.Options{Path: path, Offline: true}),
		Now:  func() time.Time { return epoch.AddDate(1, 0, 0) },
	})
}

func uri(t testing.TB, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}
