// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package keypair

import (
	"context"
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/pem"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/recap-oci/recap/pkg/recap"
)

// rsaOf returns a public key of that many bits, which is nobody's.
func rsaOf(bits int) *rsa.PublicKey {
	n := new(big.Int).Lsh(big.NewInt(1), uint(bits-1))
	return &rsa.PublicKey{N: n.SetBit(n, 0, 1), E: 65537}
}

// TestSchemes: how each kind of key signs, the way that recap does first.
func TestSchemes(t *testing.T) {
	curve := func(c elliptic.Curve) crypto.PublicKey {
		key, err := ecdsa.GenerateKey(c, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		return key.Public()
	}
	agreement, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		pub  crypto.PublicKey
		want []string
		err  string
	}{
		{"P-224", curve(elliptic.P224()), nil, "P-224"},
		{"P-256", curve(elliptic.P256()), []string{"ECDSA P-256 with SHA-256"}, ""},
		{"P-384", curve(elliptic.P384()), []string{"ECDSA P-384 with SHA-256", "ECDSA P-384 with SHA-384"}, ""},
		{"P-521", curve(elliptic.P521()), []string{"ECDSA P-521 with SHA-256", "ECDSA P-521 with SHA-512"}, ""},
		{"Ed25519", ed25519.PublicKey(make([]byte, 32)), []string{"Ed25519", "Ed25519ph"}, ""},
		{"RSA, too small", rsaOf(minRSABits - 1), nil, "RSA of 2047 bits: at least 2048"},
		{"RSA, the smallest", rsaOf(minRSABits), []string{"RSA 2048 with SHA-256 (PKCS#1 v1.5)"}, ""},
		{"RSA, the largest", rsaOf(maxRSABits), []string{"RSA 8192 with SHA-256 (PKCS#1 v1.5)"}, ""},
		{"RSA, too large", rsaOf(maxRSABits + 1), nil, "RSA of 8193 bits: at most 8192"},
		{"a key to agree on others", agreement.PublicKey(), nil, "*ecdh.PublicKey"},
		{"a private key", agreement, nil, "*ecdh.PrivateKey"},
		{"none", nil, nil, "<nil>"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			list, err := Schemes(tt.pub)
			if (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
				t.Fatalf("got error %v, want %q", err, tt.err)
			}
			var got []string
			for _, s := range list {
				got = append(got, s.Name)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	if _, _, err := signerOf(agreement); err == nil {
		t.Error("a key to agree on others signs")
	}
}

// TestIsKMS: what is the name of a program is one, and no path to it.
func TestIsKMS(t *testing.T) {
	for ref, want := range map[string]bool{
		"awskms://key": true, "my-kms2://": true, strings.Repeat("a", 64) + "://key": true,
		strings.Repeat("a", 65) + "://key": false, "env://KEY": false, "file:///key": false, "://key": false,
		"recap.key": false, "awskms:key": false, "../evil://key": false, "AWSKMS://key": false, "a b://key": false, `a\b://key`: false, "": false,
	} {
		if got := IsKMS(ref); got != want {
			t.Errorf("IsKMS(%q) = %t", ref, got)
		}
	}
}

// TestKeySize: a key that is as long as may be is read, from a file and from a
// variable, and one of a byte more isn't.
func TestKeySize(t *testing.T) {
	block := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: []byte("junk")})
	for extra, want := range map[int]string{0: "key", 1: "more than 65536 bytes"} {
		data := append([]byte(strings.Repeat("\n", maxKeySize-len(block)+extra)), block...)
		path := filepath.Join(t.TempDir(), "recap.pub")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		opts := Options{Getenv: func(string) string { return string(data) }}
		for _, ref := range []string{path, "env://KEY"} {
			_, err := OpenPublic(t.Context(), ref, opts)
			var e *recap.Error
			if !errors.As(err, &e) || e.Kind != recap.Usage || e.Code != "bad-key" || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "more than") != (extra > 0) {
				t.Errorf("%d bytes of %q: got %v", len(data), ref, err)
			}
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := OpenPublic(ctx, filepath.Join(t.TempDir(), "none.pub"), Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: got %v", err)
	}
}
