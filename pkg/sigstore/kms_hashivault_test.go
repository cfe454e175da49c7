// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build recapkms

package sigstore_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/sigstore"
	"github.com/recap-oci/recap/pkg/sigstore/internal/sigstoretest"
)

// vault answers as the transit engine of HashiCorp Vault does.
// https://developer.hashicorp.com/vault/api-docs/secret/transit
func vault(t *testing.T, keys map[string]crypto.Signer) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		parts := strings.Split(strings.TrimPrefix(r.URL.Path, "/v1/transit/"), "/")
		if r.Header.Get("X-Vault-Token") != "vault-secret" || len(parts) < 2 || keys[parts[1]] == nil {
			w.WriteHeader(http.StatusNotFound)
			sigstoretest.AnswerJSON(t, w, map[string]any{"errors": []string{"no such key"}})
			return
		}
		key := keys[parts[1]]
		if parts[0] == "keys" {
			public := string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: pkixOf(t, key.Public())}))
			name := "ecdsa-p256"
			if raw, ok := key.Public().(ed25519.PublicKey); ok {
				public, name = base64.StdEncoding.EncodeToString(raw), "ed25519"
			}
			sigstoretest.AnswerJSON(t, w, map[string]any{"data": map[string]any{"latest_version": 1, "keys": map[string]any{"1": map[string]any{"name": name, "public_key": public}}}})
			return
		}
		var request struct {
			Input     []byte `json:"input"`
			Prehashed bool   `json:"prehashed"`
		}
		if err := json.NewDecoder(r.Body).Decode(&request); err != nil {
			t.Error(err)
		}
		var sig []byte
		var err error
		switch key := key.(type) {
		case *ecdsa.PrivateKey:
			if !request.Prehashed {
				t.Error("a whole message came, not its hash")
			}
			sig, err = ecdsa.SignASN1(rand.Reader, key, request.Input)
		case ed25519.PrivateKey:
			sig = ed25519.Sign(key, request.Input)
		}
		if err != nil {
			t.Error(err)
		}
		sigstoretest.AnswerJSON(t, w, map[string]any{"data": map[string]any{"signature": "vault:v1:" + base64.StdEncoding.EncodeToString(sig)}})
	}
}

func TestVault(t *testing.T) {
	server := httptest.NewServer(vault(t, map[string]crypto.Signer{
		"p256": newECDSA(t, elliptic.P256()), "p384": newECDSA(t, elliptic.P384()), "ed25519": sigstoretest.NewEd25519(t),
	}))
	defer server.Close()
	t.Setenv("VAULT_ADDR", server.URL)
	t.Setenv("VAULT_TOKEN", "vault-secret")
	for ref, want := range map[string]string{
		"hashivault://p256": "ECDSA P-256 with SHA-256", "hashivault://p384": "ECDSA P-384 with SHA-384", "hashivault://ed25519": "Ed25519",
	} {
		t.Run(ref, func(t *testing.T) {
			signer, err := sigstore.LoadSigner(t.Context(), ref, mute(t))
			if err != nil {
				t.Fatal(sigstoretest.Text(err))
			}
			raw, err := signer.Sign(t.Context(), []byte(about(root)))
			if err != nil {
				t.Fatal(sigstoretest.Text(err))
			}
			evidence, err := sigstore.NewVerifier(sigstore.VerifierOptions{}).Verify(t.Context(), raw, root, authorityOf(t, signer))
			if err != nil || evidence.Algorithm != want {
				t.Errorf("got %q, %v, want %q", evidence.Algorithm, err, want)
			}
		})
	}
	_, err := sigstore.LoadSigner(t.Context(), "hashivault://none", mute(t))
	sigstoretest.WantError(t, err, recap.Unavailable, "kms", "hashivault://none")
	if strings.Contains(sigstoretest.Text(err), "vault-secret") {
		t.Errorf("error %q shows a secret", sigstoretest.Text(err))
	}
}

// Four services are known without a program.
func TestServicesAreBuiltIn(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	for _, ref := range []string{"awskms://junk", "azurekms://junk", "gcpkms://junk", "hashivault://no/path"} {
		_, err := sigstore.LoadSigner(t.Context(), ref, mute(t))
		sigstoretest.WantError(t, err, recap.Unavailable, "kms", ref)
	}
}
