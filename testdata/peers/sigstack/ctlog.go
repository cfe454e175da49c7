// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"time"

	ct "github.com/google/certificate-transparency-go"
	"github.com/google/certificate-transparency-go/tls"
)

// certificateLog is the submission side of a certificate transparency log (RFC
// 6962, section 4.1 and 4.2): it promises to log what it is sent, and forgets
// it.
type certificateLog struct {
	key       *ecdsa.PrivateKey
	publicDER []byte
	publicPEM []byte
}

func newCertificateLog() (*certificateLog, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return nil, err
	}
	return &certificateLog{key, der, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})}, nil
}

func (l *certificateLog) register(mux *http.ServeMux, prefix string) {
	mux.HandleFunc("POST "+prefix+"/ct/v1/add-chain", l.add(ct.X509LogEntryType))
	mux.HandleFunc("POST "+prefix+"/ct/v1/add-pre-chain", l.add(ct.PrecertLogEntryType))
}

func (l *certificateLog) add(kind ct.LogEntryType) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var request ct.AddChainRequest
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&request); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		chain := make([]ct.ASN1Cert, len(request.Chain))
		for i, der := range request.Chain {
			chain[i].Data = der
		}
		promise, err := l.promise(chain, kind)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		answer(w, promise)
	}
}

func (l *certificateLog) promise(chain []ct.ASN1Cert, kind ct.LogEntryType) (*ct.AddChainResponse, error) {
	now := uint64(time.Now().UnixMilli())
	leaf, err := ct.MerkleTreeLeafFromRawChain(chain, kind, now)
	if err != nil {
		return nil, err
	}
	id := sha256.Sum256(l.publicDER)
	input, err := ct.SerializeSCTSignatureInput(
		ct.SignedCertificateTimestamp{SCTVersion: ct.V1, LogID: ct.LogID{KeyID: id}, Timestamp: now},
		ct.LogEntry{Leaf: *leaf})
	if err != nil {
		return nil, err
	}
	signed, err := tls.CreateSignature(*l.key, tls.SHA256, input)
	if err != nil {
		return nil, err
	}
	sig, err := tls.Marshal(signed)
	if err != nil {
		return nil, err
	}
	return &ct.AddChainResponse{SCTVersion: ct.V1, ID: id[:], Timestamp: now, Signature: sig}, nil
}
