// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package sigstore_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/recap-oci/recap/pkg/policy"
)

// forge makes bundles, good and bad, without the code under test.
type forge struct {
	key       crypto.Signer
	opts      crypto.SignerOpts // nil: SHA-256, or pure Ed25519
	statement string
	edit      func(bundle map[string]any) // after signing
}

const inToto = "application/vnd.in-toto+json"

func (f forge) bundle(t testing.TB) []byte {
	t.Helper()
	b := map[string]any{
		"mediaType":            "application/vnd.dev.sigstore.bundle.v0.3+json",
		"verificationMaterial": map[string]any{"publicKey": map[string]any{"hint": hint(t, f.key.Public())}},
		"dsseEnvelope": map[string]any{
			"payload":     []byte(f.statement),
			"payloadType": inToto,
			"signatures":  []any{map[string]any{"sig": f.sign(t, inToto, f.statement)}},
		},
	}
	if f.edit != nil {
		f.edit(b)
	}
	raw, err := json.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// sign signs the pre-authentication encoding.
// https://github.com/secure-systems-lab/dsse/blob/v1.0.0/protocol.md
func (f forge) sign(t testing.TB, payloadType, payload string) []byte {
	t.Helper()
	message := fmt.Appendf(nil, "DSSEv1 %d %s %d %s", len(payloadType), payloadType, len(payload), payload)
	opts := f.opts
	if _, ok := f.key.(ed25519.PrivateKey); opts == nil && !ok {
		opts = crypto.SHA256
	}
	if opts == nil {
		opts = crypto.Hash(0)
	}
	if opts.HashFunc() != 0 {
		h := opts.HashFunc().New()
		h.Write(message)
		message = h.Sum(nil)
	}
	sig, err := f.key.Sign(rand.Reader, message, opts)
	if err != nil {
		t.Fatal(err)
	}
	return sig
}

func hint(t testing.TB, pub crypto.PublicKey) string {
	t.Helper()
	sum := sha256.Sum256(pkixOf(t, pub))
	return base64.StdEncoding.EncodeToString(sum[:])
}

func pkixOf(t testing.TB, pub crypto.PublicKey) []byte {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(pub)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func authority(t testing.TB, pub crypto.PublicKey) policy.Authority {
	t.Helper()
	block := &pem.Block{Type: "PUBLIC KEY", Bytes: pkixOf(t, pub)}
	return policy.Authority{Name: "somebody", Key: &policy.Key{PEM: pem.EncodeToMemory(block)}}
}

func newECDSA(t testing.TB, curve elliptic.Curve) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func newRSA(t testing.TB, bits int) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// certificateOf returns a certificate of the key by the key itself.
func certificateOf(t testing.TB, key crypto.Signer) []byte {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: "somebody"},
		NotBefore:    time.Unix(0, 0),
		NotAfter:     time.Unix(1<<32, 0),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// about returns the statement that cosign signs for a digest.
func about(d digest.Digest) string {
	return `{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"sha256":"` + d.Encoded() +
		`"},"annotations":{}}],"predicateType":"https://sigstore.dev/cosign/sign/v1","predicate":{}}`
}

func field(b map[string]any, names ...string) map[string]any {
	for _, name := range names {
		b = b[name].(map[string]any)
	}
	return b
}

// signatureIn returns the first signature of the envelope, to be changed.
func signatureIn(b map[string]any) map[string]any {
	return field(b, "dsseEnvelope")["signatures"].([]any)[0].(map[string]any)
}

// logEntries returns n log entries that say nothing.
func logEntries(n int) []any {
	var list []any
	for range n {
		list = append(list, map[string]any{"logIndex": "1"})
	}
	return list
}
