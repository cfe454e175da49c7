// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package sigstore_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/recap-oci/recap/pkg/policy"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/sigstore"
	"github.com/recap-oci/recap/pkg/sigstore/internal/sigstoretest"
)

// witnessed are options for the key of a test, logged in the fake instance.
func witnessed(t *testing.T, fake *fakeSigstore, config string) sigstore.KeyOptions {
	opts := password(t, "pw")
	opts.SigningConfig, opts.Transport = config, fake
	return opts
}

// TestKeyIsLogged: with a signing configuration, a key's signatures carry the
// evidence that their authority then asks for.
func TestKeyIsLogged(t *testing.T) {
	logs := map[string]any{"rekorTlogUrls": []string{"rekor1.test"}}
	tests := []struct {
		name    string
		key     string
		config  string
		entries []string
		stamps  int
		require policy.Require
	}{
		{"P-256 in a log of version 1", "openssl-ec-with-parameters.pem", signingConfig(t, logs), []string{"dsse"}, 0, policy.Require{TLog: 1}},
		{"P-256 in a log of version 2", "openssl-ec-with-parameters.pem", v2AndTSA(t), []string{"hashedrekord"}, 1, policy.Require{TLog: 1, Timestamps: 1}},
		{"RSA in a log of version 2", "openssl-rsa.pem", v2AndTSA(t), []string{"hashedrekord"}, 1, policy.Require{TLog: 1, Timestamps: 1}},
		{"Ed25519 in a log of version 1", "openssl-ed25519.pem", v1Only(t), []string{"dsse"}, 0, policy.Require{TLog: 1}},
		{"timestamp alone", "openssl-ed25519.pem", signingConfig(t, map[string]any{"tsaUrls": []string{"tsa.test"}}), nil, 1, policy.Require{Timestamps: 1}},
		{"an empty configuration", "openssl-ed25519.pem", signingConfig(t, nil), nil, 0, policy.Require{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			fake := newFakeSigstore(t)
			signer, err := sigstore.LoadSigner(t.Context(), key(test.key), witnessed(t, fake, test.config))
			if err != nil {
				t.Fatal(sigstoretest.Text(err))
			}
			raw, err := signer.Sign(t.Context(), []byte(about(root)))
			if err != nil {
				t.Fatal(sigstoretest.Text(err))
			}
			b := parseWire(t, raw)
			var kinds []string
			for _, entry := range b.Material.Entries {
				kinds = append(kinds, entry.Kind.Kind)
			}
			if diff := cmp.Diff(test.entries, kinds); diff != "" {
				t.Errorf("log entries (-want +got):\n%s", diff)
			}
			if len(b.Material.Stamps.List) != test.stamps || b.Material.PublicKey.Hint == "" || len(b.Material.Certificate.Raw) > 0 {
				t.Errorf("got %+v", b.Material)
			}
			authority := authorityOf(t, signer)
			if diff := cmp.Diff(&test.require, authority.Require); diff != "" {
				t.Errorf("required evidence (-want +got):\n%s", diff)
			}
			if fake.count("fulcio.test") != 0 {
				t.Error("a key needs no certificate")
			}
			// What a fake log says proves nothing; the signature does.
			authority.Require = nil
			if _, err := sigstore.NewVerifier(sigstore.VerifierOptions{}).Verify(t.Context(), raw, root, authority); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestKeyIsLoggedRefuses(t *testing.T) {
	for _, test := range []struct{ name, key, config, code, text string }{
		{"Ed25519 in a log of version 2", "openssl-ed25519.pem", v2AndTSA(t), "unloggable-key", "Ed25519"},
		{"P-384 with SHA-256 in a log of version 2", "openssl-encrypted.pem", v2AndTSA(t), "unloggable-key", "P-384 with SHA-256"},
		{"no configuration", "openssl-ed25519.pem", sigstoretest.File(t, "{}"), "bad-signing-config", "version 0.2"},
		{"a log of version 2 alone", "openssl-ec-with-parameters.pem", signingConfig(t, map[string]any{"rekorTlogUrls": []string{"rekor2.test 2"}}), "bad-signing-config", "states no time"},
	} {
		t.Run(test.name, func(t *testing.T) {
			signer, err := sigstore.LoadSigner(t.Context(), key(test.key), witnessed(t, newFakeSigstore(t), test.config))
			sigstoretest.WantError(t, err, recap.Usage, test.code, test.text)
			if signer != nil {
				t.Error("got a signer beside the error")
			}
		})
	}
}

// RSA signs the same every time, so a log that has the signature can't be given another.
func TestKeyIsLoggedBefore(t *testing.T) {
	fake := newFakeSigstore(t)
	fake.fault = func(host string, _ int) http.HandlerFunc {
		if host == "rekor2.test" {
			return sigstoretest.Status(http.StatusConflict, "an equivalent entry already exists")
		}
		return nil
	}
	signer, err := sigstore.LoadSigner(t.Context(), key("openssl-rsa.pem"), witnessed(t, fake, v2AndTSA(t)))
	if err != nil {
		t.Fatal(sigstoretest.Text(err))
	}
	_, err = signer.Sign(t.Context(), []byte(about(root)))
	sigstoretest.WantError(t, err, recap.Denied, "logged-before", "recap verify")
	if got := fake.count("rekor2.test"); got != 1 {
		t.Errorf("the log was asked %d times, want once", got)
	}
	if !strings.Contains(sigstoretest.Text(err), "already") {
		t.Errorf("got error %q", sigstoretest.Text(err))
	}
}
