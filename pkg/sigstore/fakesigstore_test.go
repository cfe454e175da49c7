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
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/digitorus/timestamp"

	"github.com/recap-oci/recap/pkg/sigstore"
	"github.com/recap-oci/recap/pkg/sigstore/internal/sigstoretest"
)

// fakeSigstore answers as the services of a Sigstore instance do, by the name
// of the host, without a network: fulcio.test, rekor1.test, rekor2.test and
// tsa.test, and two more timestamp authorities that do the same.
type fakeSigstore struct {
	t   testing.TB
	key *ecdsa.PrivateKey // of the certificate authority and the timestamp authorities

	mu    sync.Mutex
	calls map[string]int // by host
	log   map[string][]byte

	// fault, if it returns a handler, answers the n-th call of a host, from 1.
	fault func(host string, n int) http.HandlerFunc
}

func newFakeSigstore(t testing.TB) *fakeSigstore {
	return &fakeSigstore{t: t, key: newECDSA(t, elliptic.P256()), calls: map[string]int{}, log: map[string][]byte{}}
}

// RoundTrip implements http.RoundTripper.
func (f *fakeSigstore) RoundTrip(req *http.Request) (*http.Response, error) {
	host := req.URL.Hostname()
	f.mu.Lock()
	f.calls[host]++
	n := f.calls[host]
	f.mu.Unlock()
	handler := f.handler(host)
	if f.fault != nil {
		if broken := f.fault(host, n); broken != nil {
			handler = broken
		}
	}
	return sigstoretest.Answered(handler, req)
}

func (f *fakeSigstore) count(host string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls[host]
}

func (f *fakeSigstore) handler(host string) http.HandlerFunc {
	switch host {
	case "fulcio.test", "fulcio2.test":
		return f.fulcio
	case "rekor1.test":
		return f.rekor1
	case "rekor2.test":
		return f.rekor2
	case "tsa.test", "tsa2.test", "tsa3.test":
		return f.tsa
	default:
		return func(w http.ResponseWriter, r *http.Request) {
			f.t.Errorf("request to %s", r.URL)
			http.Error(w, "nobody", http.StatusTeapot)
		}
	}
}

func (f *fakeSigstore) fulcio(w http.ResponseWriter, r *http.Request) {
	raw, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok || r.URL.Path != "/api/v2/signingCert" || r.Method != http.MethodPost {
		http.Error(w, `{"code":16,"message":"There was an error processing the identity token"}`, http.StatusUnauthorized)
		return
	}
	var request struct {
		CSR []byte `json:"certificateSigningRequest"`
	}
	if err := json.NewDecoder(r.Body).Decode(&request); err != nil {
		f.t.Errorf("certificate request: %v", err)
	}
	block, _ := pem.Decode(request.CSR)
	csr, err := x509.ParseCertificateRequest(block.Bytes)
	if err == nil {
		err = csr.CheckSignature()
	}
	if err != nil {
		f.t.Errorf("certificate request: %v", err)
	}
	f.certify(w, raw, csr.PublicKey)
}

// certify answers with a certificate of pub for whom the token is for.
func (f *fakeSigstore) certify(w http.ResponseWriter, raw string, pub crypto.PublicKey) {
	var claims struct{ Issuer, Email, Subject string }
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(raw, ".")[1])
	if err == nil {
		err = json.Unmarshal([]byte(strings.NewReplacer(`"iss"`, `"issuer"`, `"sub"`, `"subject"`).Replace(string(payload))), &claims)
	}
	if err != nil {
		f.t.Errorf("token: %v", err)
	}
	template := &x509.Certificate{
		SerialNumber:    big.NewInt(time.Now().UnixNano()),
		NotBefore:       time.Now().Add(-time.Second),
		NotAfter:        time.Now().Add(10 * time.Minute),
		ExtKeyUsage:     []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning},
		ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 1, 1}, Value: []byte(claims.Issuer)}},
	}
	if claims.Email != "" {
		template.EmailAddresses = []string{claims.Email}
	} else {
		template.URIs = []*url.URL{{Scheme: "https", Host: "ci.test", Path: "/" + claims.Subject}}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, f.issuer(), pub, f.key)
	if err != nil {
		f.t.Error(err)
	}
	leaf := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	f.answer(w, http.StatusOK, map[string]any{"signedCertificateEmbeddedSct": map[string]any{"chain": map[string]any{"certificates": []string{leaf}}}})
}

func (f *fakeSigstore) issuer() *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: "fake"},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(time.Hour),
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageTimeStamping},
		IsCA:         true,
	}
}

func (f *fakeSigstore) rekor1(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet {
		f.mu.Lock()
		body := f.log[r.URL.Path]
		f.mu.Unlock()
		if body == nil {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(body)
		return
	}
	f.enter1(w, f.signature1(r), http.StatusCreated)
}

// signature1 returns the signature that is to be logged.
func (f *fakeSigstore) signature1(r *http.Request) []byte {
	var request struct {
		Kind string `json:"kind"`
		Spec struct {
			Content struct {
				Envelope  string   `json:"envelope"`
				Verifiers [][]byte `json:"verifiers"`
			} `json:"proposedContent"`
		} `json:"spec"`
	}
	var envelope struct {
		PayloadType string `json:"payloadType"`
		Signatures  []struct {
			Sig []byte `json:"sig"`
		} `json:"signatures"`
	}
	err := json.NewDecoder(r.Body).Decode(&request)
	if err == nil {
		err = json.Unmarshal([]byte(request.Spec.Content.Envelope), &envelope)
	}
	if err != nil || request.Kind != "dsse" || len(request.Spec.Content.Verifiers) != 1 || envelope.PayloadType != inToto {
		f.t.Errorf("log entry %+v: %v", request, err)
	}
	return envelope.Signatures[0].Sig
}

// enter1 answers with an entry of a signature. With status 409 it keeps the
// entry, to be asked for.
func (f *fakeSigstore) enter1(w http.ResponseWriter, sig []byte, status int) {
	entry := map[string]any{
		"apiVersion": "0.0.1", "kind": "dsse",
		"spec": map[string]any{
			"envelopeHash": map[string]any{"algorithm": "sha256", "value": strings.Repeat("00", 32)},
			"payloadHash":  map[string]any{"algorithm": "sha256", "value": strings.Repeat("00", 32)},
			"signatures":   []any{map[string]any{"signature": sig, "verifier": []byte("PEM")}},
		},
	}
	body, err := json.Marshal(entry)
	if err != nil {
		f.t.Error(err)
	}
	id := fmt.Sprintf("%x", sha256.Sum256(body))
	list := map[string]any{id: map[string]any{
		"body": body, "integratedTime": time.Now().Unix(), "logID": strings.Repeat("ab", 32), "logIndex": 7,
		"verification": map[string]any{
			"inclusionProof": map[string]any{
				"checkpoint": "fake\n1\n", "hashes": []string{hex.EncodeToString(make([]byte, 32))},
				"logIndex": 7, "rootHash": strings.Repeat("cd", 32), "treeSize": 8,
			},
			"signedEntryTimestamp": []byte("set"),
		},
	}}
	if status == http.StatusConflict {
		raw, err := json.Marshal(list)
		if err != nil {
			f.t.Error(err)
		}
		f.mu.Lock()
		f.log["/api/v1/log/entries/"+id] = raw
		f.mu.Unlock()
		w.Header().Set("Location", "https://elsewhere.test/some/where/"+id)
		http.Error(w, `{"code":409,"message":"an equivalent entry already exists"}`, status)
		return
	}
	f.answer(w, status, list)
}

func (f *fakeSigstore) rekor2(w http.ResponseWriter, r *http.Request) {
	f.enter2(w, f.signature2(r))
}

// signature2 returns the signature that is to be logged.
func (f *fakeSigstore) signature2(r *http.Request) []byte {
	var request struct {
		Record struct {
			Digest    []byte `json:"digest"`
			Signature struct {
				Content  []byte `json:"content"`
				Verifier struct {
					Certificate struct {
						Raw []byte `json:"rawBytes"`
					} `json:"x509Certificate"`
					Key struct {
						Raw []byte `json:"rawBytes"`
					} `json:"publicKey"`
					Details string `json:"keyDetails"`
				} `json:"verifier"`
			} `json:"signature"`
		} `json:"hashedRekordRequestV002"`
	}
	if err := json.NewDecoder(r.Body).Decode(&request); err != nil {
		f.t.Errorf("log entry: %v", err)
	}
	verifier := request.Record.Signature.Verifier
	if len(request.Record.Digest) == 0 || verifier.Details == "" || (len(verifier.Certificate.Raw) == 0) == (len(verifier.Key.Raw) == 0) {
		f.t.Errorf("log entry %+v", request)
	}
	return request.Record.Signature.Content
}

func (f *fakeSigstore) enter2(w http.ResponseWriter, sig []byte) {
	body, err := json.Marshal(map[string]any{
		"apiVersion": "0.0.2", "kind": "hashedrekord",
		"spec": map[string]any{"hashedRekordV002": map[string]any{"signature": map[string]any{"content": sig}}},
	})
	if err != nil {
		f.t.Error(err)
	}
	f.answer(w, http.StatusCreated, map[string]any{
		"logIndex": "3", "logId": map[string]any{"keyId": []byte("id")},
		"kindVersion":       map[string]any{"kind": "hashedrekord", "version": "0.0.2"},
		"inclusionProof":    map[string]any{"logIndex": "3", "treeSize": "4", "rootHash": []byte("root"), "checkpoint": map[string]any{"envelope": "fake\n"}},
		"canonicalizedBody": body,
	})
}

func (f *fakeSigstore) tsa(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		f.t.Error(err)
	}
	request, err := timestamp.ParseRequest(body)
	if err != nil {
		f.t.Errorf("timestamp request: %v", err)
		return
	}
	f.stamp(w, request.HashedMessage)
}

// stamp answers with a timestamp of a hash.
func (f *fakeSigstore) stamp(w http.ResponseWriter, sum []byte) {
	template := f.issuer()
	der, err := x509.CreateCertificate(rand.Reader, template, template, f.key.Public(), f.key)
	if err != nil {
		f.t.Error(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		f.t.Error(err)
	}
	raw, err := (&timestamp.Timestamp{
		HashAlgorithm: crypto.SHA256, HashedMessage: sum, Time: time.Now(), Policy: asn1.ObjectIdentifier{1, 2, 3}, AddTSACertificate: true,
	}).CreateResponseWithOpts(certificate, f.key, crypto.SHA256)
	if err != nil {
		f.t.Error(err)
	}
	w.WriteHeader(http.StatusCreated)
	_, _ = w.Write(raw)
}

func (f *fakeSigstore) answer(w http.ResponseWriter, status int, body any) {
	raw, err := json.Marshal(body)
	if err != nil {
		f.t.Error(err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(raw)
}

// signingConfig writes a signing configuration: services by their field, each
// "host/path version", and fields with selectors.
func signingConfig(t testing.TB, fields map[string]any) string {
	t.Helper()
	config := map[string]any{"mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json"}
	for name, value := range fields {
		if list, ok := value.([]string); ok {
			var services []any
			for i, entry := range list {
				address, version, _ := strings.Cut(entry, " ")
				services = append(services, map[string]any{
					"url": "https://" + address, "majorApiVersion": len(version) + 1, "operator": fmt.Sprintf("operator %d", i),
					"validFor": map[string]any{"start": "1999-01-01T00:00:00Z"},
				})
			}
			config[name] = services
			continue
		}
		config[name] = value
	}
	raw, err := json.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "signing_config.json")
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// anyOf is the selector of public configurations.
func anyOf() map[string]any { return map[string]any{"selector": "ANY"} }

// v2AndTSA is the configuration of a new instance, and v1Only of an old one.
func v2AndTSA(t testing.TB) string {
	return signingConfig(t, map[string]any{
		"caUrls": []string{"fulcio.test/"}, "rekorTlogUrls": []string{"rekor2.test/ 2"}, "rekorTlogConfig": anyOf(),
		"tsaUrls": []string{"tsa.test/api/v1/timestamp"}, "tsaConfig": anyOf(),
	})
}

func v1Only(t testing.TB) string {
	return signingConfig(t, map[string]any{"caUrls": []string{"fulcio.test"}, "rekorTlogUrls": []string{"rekor1.test"}, "rekorTlogConfig": anyOf()})
}

// keyless returns a signer of the fake instance for a fixed token.
func (f *fakeSigstore) keyless(config, raw string, edit func(*sigstore.KeylessOptions)) *sigstore.KeylessSigner {
	f.t.Helper()
	opts := sigstore.KeylessOptions{SigningConfig: config, Token: sigstoretest.TokenSource(raw), Transport: f}
	if edit != nil {
		edit(&opts)
	}
	signer, err := sigstore.NewKeylessSigner(opts)
	if err != nil {
		f.t.Fatal(err)
	}
	return signer
}
