// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package sigstore_test

import (
	"bytes"
	"context"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/recap-oci/recap/pkg/policy"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/sigstore"
	"github.com/recap-oci/recap/pkg/sigstore/internal/sigstoretest"
	"github.com/recap-oci/recap/pkg/trust"
)

func key(name string) string { return filepath.Join("testdata", "keys", name) }

// password returns options whose password is asked for at most once.
func password(t *testing.T, password string) sigstore.KeyOptions {
	asked := 0
	return sigstore.KeyOptions{Password: func(context.Context) ([]byte, error) {
		if asked++; asked > 1 {
			t.Error("password asked for twice")
		}
		return []byte(password), nil
	}}
}

// mute has a password that must not be asked for.
func mute(t *testing.T) sigstore.KeyOptions {
	return sigstore.KeyOptions{Password: func(context.Context) ([]byte, error) {
		t.Error("password asked for")
		return nil, nil
	}}
}

func TestLoadSigner(t *testing.T) {
	oldCosign := filepath.Join(t.TempDir(), "old.key")
	write(t, oldCosign, bytes.ReplaceAll(read(t, "keys", "cosign.key"), []byte("SIGSTORE"), []byte("COSIGN")))
	tests := []struct {
		name   string
		keyRef string
		opts   sigstore.KeyOptions
		want   string
	}{
		{"cosign", key("cosign.key"), password(t, "pw"), "ECDSA P-256 with SHA-256"},
		{"cosign before it was sigstore", oldCosign, password(t, "pw"), "ECDSA P-256 with SHA-256"},
		{"EC, as openssl ecparam writes it", key("openssl-ec-with-parameters.pem"), mute(t), "ECDSA P-256 with SHA-256"},
		{"RSA", key("openssl-rsa.pem"), mute(t), "RSA 2048 with SHA-256 (PKCS#1 v1.5)"},
		{"PKCS#8", key("openssl-ed25519.pem"), mute(t), "Ed25519"},
		{"encrypted PKCS#8", key("openssl-encrypted.pem"), password(t, "pw"), "ECDSA P-384 with SHA-256"},
		{"encrypted PKCS#8 with scrypt", key("openssl-encrypted-scrypt.pem"), password(t, "pw"), "ECDSA P-256 with SHA-256"},
		{"environment", "env://KEY", sigstore.KeyOptions{Getenv: func(name string) string {
			return map[string]string{"KEY": string(read(t, "keys", "openssl-ed25519.pem"))}[name]
		}}, "Ed25519"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			signer, err := sigstore.LoadSigner(t.Context(), test.keyRef, test.opts)
			if err != nil {
				t.Fatal(err)
			}
			if got := authorityOf(t, signer).Name; got != test.keyRef {
				t.Errorf("authority is named %q, want %q", got, test.keyRef)
			}
			raw, err := signer.Sign(t.Context(), []byte(about(root)))
			if err != nil {
				t.Fatal(err)
			}
			evidence, err := sigstore.NewVerifier(sigstore.VerifierOptions{}).Verify(t.Context(), raw, root, authorityOf(t, signer))
			if err != nil {
				t.Fatal(err)
			}
			if evidence.Algorithm != test.want || string(evidence.Statement) != about(root) {
				t.Errorf("got %+v, want algorithm %q", evidence, test.want)
			}
		})
	}
}

func TestLoadSignerRefuses(t *testing.T) {
	dir := t.TempDir()
	several := filepath.Join(dir, "several.pem")
	write(t, several, append(read(t, "keys", "openssl-ed25519.pem"), read(t, "keys", "openssl-rsa.pem")...))
	large := filepath.Join(dir, "large.pem")
	write(t, large, append(bytes.Repeat([]byte("\n"), 64<<10), read(t, "keys", "openssl-ed25519.pem")...))
	damaged := filepath.Join(dir, "damaged.key")
	block, _ := pem.Decode(read(t, "keys", "cosign.key"))
	block.Bytes = block.Bytes[:len(block.Bytes)/2]
	write(t, damaged, pem.EncodeToMemory(block))
	failing := errors.New("no terminal")

	tests := []struct {
		name   string
		keyRef string
		opts   sigstore.KeyOptions
		kind   error
		text   string // in the error or its hint
	}{
		{"wrong password, cosign", key("cosign.key"), password(t, "wrong"), recap.Denied, "wrong password"},
		{"empty password, cosign", key("cosign.key"), password(t, ""), recap.Denied, "wrong password"},
		{"wrong password, PKCS#8", key("openssl-encrypted.pem"), password(t, "wrong"), recap.Denied, "wrong password"},
		{"nobody to ask", key("cosign.key"), sigstore.KeyOptions{}, recap.Usage, "COSIGN_PASSWORD"},
		{"asking fails", key("cosign.key"), sigstore.KeyOptions{Password: func(context.Context) ([]byte, error) { return nil, failing }}, failing, "password"},
		{"damaged", damaged, password(t, "pw"), recap.Usage, "reading signing key"},
		{"public key", key("cosign.pub"), mute(t), recap.Usage, "--key " + key("cosign.key")},
		{"certificate", key("certificate.pem"), mute(t), recap.Usage, "CERTIFICATE"},
		{"OpenSSH key", key("openssh.pem"), mute(t), recap.Usage, "recap key generate"},
		{"encrypted in OpenSSL's old way", key("openssl-legacy-encrypted.pem"), mute(t), recap.Usage, "openssl pkcs8"},
		{"P-224", key("weak-p224.pem"), mute(t), recap.Usage, "P-224"},
		{"RSA 1024", key("weak-rsa1024.pem"), mute(t), recap.Usage, "1024"},
		{"two keys", several, mute(t), recap.Usage, "several PEM blocks"},
		{"large file", large, mute(t), recap.Usage, "more than"},
		{"not PEM", filepath.Join("testdata", "README.md"), mute(t), recap.Usage, "PEM"},
		{"missing", filepath.Join(dir, "none.key"), mute(t), recap.NotFound, "none.key"},
		{"directory", dir, mute(t), recap.Local, "reading key"},
		{"empty", "", mute(t), recap.Usage, "empty key reference"},
		{"KMS", "mykms:///alias/x", mute(t), recap.Usage, "sigstore-kms-mykms"},
		{"variable not set", "env://NONE", sigstore.KeyOptions{Getenv: func(string) string { return "" }}, recap.NotFound, "env://NONE"},
		{"no variables", "env://NONE", sigstore.KeyOptions{}, recap.NotFound, "env://NONE"},
		{"large variable", "env://KEY", sigstore.KeyOptions{Getenv: func(string) string { return strings.Repeat("x", 64<<10+1) }}, recap.Usage, "more than"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			signer, err := sigstore.LoadSigner(t.Context(), test.keyRef, test.opts)
			if signer != nil || !errors.Is(err, test.kind) || !strings.Contains(sigstoretest.Text(err), test.text) {
				t.Errorf("got signer %v, error %q, want %v with %q in it", signer, sigstoretest.Text(err), test.kind, test.text)
			}
			if strings.Contains(sigstoretest.Text(err), "\n") {
				t.Errorf("error of several lines: %q", sigstoretest.Text(err))
			}
		})
	}
}

func TestLoadAuthorityRefuses(t *testing.T) {
	several := filepath.Join(t.TempDir(), "several.pub")
	write(t, several, append(read(t, "keys", "cosign.pub"), read(t, "keys", "weak-p224.pub")...))
	tests := []struct {
		name   string
		keyRef string
		kind   error
		text   string
	}{
		{"private key", key("openssl-ed25519.pem"), recap.Usage, "private key"},
		{"encrypted private key", key("cosign.key"), recap.Usage, "--key " + key("cosign.pub")},
		{"certificate", key("certificate.pem"), recap.Usage, "CERTIFICATE"},
		{"P-224", key("weak-p224.pub"), recap.Usage, "P-224"},
		{"RSA 1024", key("weak-rsa1024.pub"), recap.Usage, "1024"},
		{"two keys", several, recap.Usage, "several PEM blocks"},
		{"missing", "none.pub", recap.NotFound, "none.pub"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			a, err := sigstore.LoadAuthority(t.Context(), test.keyRef, mute(t))
			if a.Key != nil || !errors.Is(err, test.kind) || !strings.Contains(sigstoretest.Text(err), test.text) {
				t.Errorf("got %v, error %q, want %v with %q in it", a, sigstoretest.Text(err), test.kind, test.text)
			}
		})
	}
}

// A private key must not leave through an error message.
func TestErrorsKeepSecrets(t *testing.T) {
	secret := string(read(t, "keys", "openssl-ed25519.pem"))
	for _, value := range []string{secret, strings.ReplaceAll(secret, "-----", "----"), secret + secret} {
		opts := sigstore.KeyOptions{Getenv: func(string) string { return value }}
		if _, err := sigstore.LoadAuthority(t.Context(), "env://KEY", opts); err == nil || strings.Contains(sigstoretest.Text(err), strings.Split(secret, "\n")[1]) {
			t.Errorf("got error %q, want one without the key", sigstoretest.Text(err))
		}
	}
}

func TestGenerateKeyPair(t *testing.T) {
	if testing.Short() {
		t.Skip("six keys are derived from passwords, which takes the race detector long and tells it nothing")
	}
	for _, pass := range []string{"correct horse", ""} {
		private, public, err := sigstore.GenerateKeyPair([]byte(pass))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.HasPrefix(private, []byte("-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\n")) {
			t.Errorf("private key starts with %.60q", private)
		}
		path := filepath.Join(t.TempDir(), "new.key")
		write(t, path, private)
		signer, err := sigstore.LoadSigner(t.Context(), path, password(t, pass))
		if err != nil {
			t.Fatal(err)
		}
		if got := authorityOf(t, signer).Key.PEM; !bytes.Equal(got, public) {
			t.Errorf("public half is %s, want %s", got, public)
		}
		if _, err := sigstore.LoadSigner(t.Context(), path, password(t, "guess")); !errors.Is(err, recap.Denied) {
			t.Errorf("got error %v, want %v", err, recap.Denied)
		}
	}
}

func TestGenerateKeyPairRefusesNoPassword(t *testing.T) {
	if private, _, err := sigstore.GenerateKeyPair(nil); private != nil || !errors.Is(err, recap.Usage) {
		t.Errorf("got %d bytes, error %v, want %v", len(private), err, recap.Usage)
	}
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func authorityOf(t testing.TB, signer trust.Signer) policy.Authority {
	t.Helper()
	authority, err := signer.Authority(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return authority
}
