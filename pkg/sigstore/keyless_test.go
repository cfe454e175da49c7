// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package sigstore_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/recap-oci/recap/pkg/policy"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/sigstore"
	"github.com/recap-oci/recap/pkg/sigstore/internal/sigstoretest"
	"github.com/recap-oci/recap/pkg/sigstore/oidc"
	"github.com/recap-oci/recap/pkg/trust"
)

// wireBundle is what tests look at in a bundle.
type wireBundle struct {
	MediaType string `json:"mediaType"`
	Material  struct {
		Certificate struct {
			Raw []byte `json:"rawBytes"`
		} `json:"certificate"`
		PublicKey struct {
			Hint string `json:"hint"`
		} `json:"publicKey"`
		Entries []struct {
			Kind struct {
				Kind    string `json:"kind"`
				Version string `json:"version"`
			} `json:"kindVersion"`
			Time  string `json:"integratedTime"`
			Index string `json:"logIndex"`
			Proof struct {
				Hashes     [][]byte `json:"hashes"`
				Checkpoint struct {
					Envelope string `json:"envelope"`
				} `json:"checkpoint"`
			} `json:"inclusionProof"`
			Promise struct {
				SET []byte `json:"signedEntryTimestamp"`
			} `json:"inclusionPromise"`
		} `json:"tlogEntries"`
		Stamps struct {
			List []struct {
				Raw []byte `json:"signedTimestamp"`
			} `json:"rfc3161Timestamps"`
		} `json:"timestampVerificationData"`
	} `json:"verificationMaterial"`
	Envelope struct {
		Payload    []byte `json:"payload"`
		Signatures []struct {
			Sig []byte `json:"sig"`
		} `json:"signatures"`
	} `json:"dsseEnvelope"`
}

func parseWire(t testing.TB, raw []byte) wireBundle {
	t.Helper()
	var b wireBundle
	if err := json.Unmarshal(raw, &b); err != nil {
		t.Fatal(err)
	}
	return b
}

// certificateIn returns the certificate of a bundle, under whose key the
// statement has to be signed.
func certificateIn(t testing.TB, b wireBundle) *x509.Certificate {
	t.Helper()
	leaf, err := x509.ParseCertificate(b.Material.Certificate.Raw)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "DSSEv1 %d %s %d %s", len(inToto), inToto, len(b.Envelope.Payload), b.Envelope.Payload))
	if !ecdsa.VerifyASN1(leaf.PublicKey.(*ecdsa.PublicKey), sum[:], b.Envelope.Signatures[0].Sig) {
		t.Error("the signature isn't the certificate's")
	}
	return leaf
}

func TestKeylessSign(t *testing.T) {
	identity := policy.Identity{Issuer: "https://issuer.test", Subject: "somebody@example.com"}
	both := []string{"rekor1.test", "rekor2.test 2"}
	tests := []struct {
		name    string
		config  map[string]any
		kinds   []string // of log entries
		stamps  int
		require *policy.Require
	}{
		{"log of version 1", map[string]any{"rekorTlogUrls": both[:1]}, []string{"dsse 0.0.1"}, 0, nil},
		{"log of version 2 and timestamp authority", map[string]any{"rekorTlogUrls": both[1:], "tsaUrls": []string{"tsa.test"}}, []string{"hashedrekord 0.0.2"}, 1, nil},
		{"both logs, with timestamp authority", map[string]any{"rekorTlogUrls": both, "tsaUrls": []string{"tsa.test"}}, []string{"hashedrekord 0.0.2"}, 1, nil},
		{"both logs, without timestamp authority", map[string]any{"rekorTlogUrls": both}, []string{"dsse 0.0.1"}, 0, nil},
		{"timestamp authority alone", map[string]any{"tsaUrls": []string{"tsa.test"}}, nil, 1, &policy.Require{Timestamps: 1, SCT: 1}},
		{"any timestamp authority", map[string]any{"rekorTlogUrls": both, "tsaUrls": []string{"tsa.test", "tsa2.test"}, "tsaConfig": anyOf()}, []string{"hashedrekord 0.0.2"}, 1, nil},
		{"all timestamp authorities", map[string]any{"tsaUrls": []string{"tsa.test", "tsa2.test", "tsa3.test"}, "tsaConfig": map[string]any{"selector": "ALL"}}, nil, 3, &policy.Require{Timestamps: 1, SCT: 1}},
		{"two timestamp authorities", map[string]any{"tsaUrls": []string{"tsa.test", "tsa2.test", "tsa3.test"}, "tsaConfig": map[string]any{"selector": "EXACT", "count": 2}}, nil, 2, &policy.Require{Timestamps: 1, SCT: 1}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			test.config["caUrls"] = []string{"fulcio.test"}
			fake := newFakeSigstore(t)
			signer := fake.keyless(signingConfig(t, test.config), sigstoretest.Token(t, nil), nil)
			want := policy.Authority{Name: identity.Subject, Keyless: &policy.Keyless{Identities: []policy.Identity{identity}}, Require: test.require}
			if diff := cmp.Diff(want, authorityOf(t, signer)); diff != "" {
				t.Errorf("forecast (-want +got):\n%s", diff)
			}
			if fake.count("fulcio.test") != 0 {
				t.Error("a forecast asked for a certificate")
			}

			raw, err := signer.Sign(t.Context(), []byte(about(root)))
			if err != nil {
				t.Fatal(sigstoretest.Text(err))
			}
			b := parseWire(t, raw)
			certificateIn(t, b)
			if string(b.Envelope.Payload) != about(root) || b.MediaType != trust.MediaTypeBundle {
				t.Errorf("got bundle %s", raw)
			}
			var kinds []string
			for _, entry := range b.Material.Entries {
				kinds = append(kinds, entry.Kind.Kind+" "+entry.Kind.Version)
				if entry.Proof.Checkpoint.Envelope == "" {
					t.Error("log entry without a proof")
				}
				if entry.Kind.Kind == "dsse" && (entry.Time == "" || len(entry.Promise.SET) == 0 || len(entry.Proof.Hashes) != 1 || entry.Index != "7") {
					t.Errorf("got log entry %+v", entry)
				}
			}
			if diff := cmp.Diff(test.kinds, kinds); diff != "" {
				t.Errorf("log entries (-want +got):\n%s", diff)
			}
			if got := len(b.Material.Stamps.List); got != test.stamps {
				t.Errorf("got %d timestamps, want %d", got, test.stamps)
			}
			if diff := cmp.Diff(want, authorityOf(t, signer)); diff != "" {
				t.Errorf("authority (-want +got):\n%s", diff)
			}
		})
	}
}

// Who can't be forecast is known after signing.
func TestKeylessAuthorityIsExactAfterwards(t *testing.T) {
	fake := newFakeSigstore(t)
	signer := fake.keyless(v1Only(t), sigstoretest.Token(t, map[string]any{"email": nil}), nil)
	if got := authorityOf(t, signer); got.Keyless != nil || got.Key != nil || got.Name == "" {
		t.Errorf("got forecast %+v, want one without means", got)
	}
	if _, err := signer.Sign(t.Context(), []byte(about(root))); err != nil {
		t.Fatal(sigstoretest.Text(err))
	}
	want := []policy.Identity{{Issuer: "https://issuer.test", Subject: "https://ci.test/somebody"}}
	if diff := cmp.Diff(want, authorityOf(t, signer).Keyless.Identities); diff != "" {
		t.Errorf("identities (-want +got):\n%s", diff)
	}
}

// One certificate serves what is signed within minutes, also at the same time;
// then there is another one, for the same identity.
func TestKeylessCertificateIsReused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := newFakeSigstore(t)
		asked := 0
		signer := fake.keyless(v2AndTSA(t), "", func(opts *sigstore.KeylessOptions) {
			opts.Token = func(context.Context) (oidc.Token, error) {
				asked++
				return oidc.NewToken(sigstoretest.Token(t, map[string]any{"exp": time.Now().Add(7 * time.Minute).Unix()}), "a test")
			}
		})
		var group sync.WaitGroup
		for range 8 {
			group.Go(func() {
				if _, err := signer.Sign(t.Context(), []byte(about(root))); err != nil {
					t.Error(sigstoretest.Text(err))
				}
			})
		}
		group.Wait()
		for _, step := range []struct {
			sleep                time.Duration
			certificates, tokens int
		}{
			{0, 1, 1},
			{4 * time.Minute, 1, 1},
			{2 * time.Minute, 2, 1}, // half of ten minutes are over, the token holds
			{6 * time.Minute, 3, 2}, // and now it doesn't
		} {
			time.Sleep(step.sleep)
			if _, err := signer.Sign(t.Context(), []byte(about(root))); err != nil {
				t.Fatal(sigstoretest.Text(err))
			}
			if got := fake.count("fulcio.test"); got != step.certificates || asked != step.tokens {
				t.Errorf("after %s: got %d certificates and %d tokens, want %d and %d", step.sleep, got, asked, step.certificates, step.tokens)
			}
		}
	})
}

func TestKeylessIdentityMayNotChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := newFakeSigstore(t)
		names := []string{"first@example.com", "second@example.com"}
		signer := fake.keyless(v1Only(t), "", func(opts *sigstore.KeylessOptions) {
			opts.Token = func(context.Context) (oidc.Token, error) {
				name := names[0]
				names = names[1:]
				return oidc.NewToken(sigstoretest.Token(t, map[string]any{"email": name, "exp": time.Now().Add(time.Minute).Unix()}), "a test")
			}
		})
		if _, err := signer.Sign(t.Context(), []byte(about(root))); err != nil {
			t.Fatal(sigstoretest.Text(err))
		}
		time.Sleep(9 * time.Minute)
		_, err := signer.Sign(t.Context(), []byte(about(root)))
		sigstoretest.WantError(t, err, recap.Denied, "identity-changed", "first@example.com", "second@example.com")
		if got := fake.count("rekor1.test"); got != 1 {
			t.Errorf("%d signatures were logged, want 1", got)
		}
	})
}

func TestKeylessRefuses(t *testing.T) {
	if _, err := sigstore.NewKeylessSigner(sigstore.KeylessOptions{}); !errors.Is(err, recap.Usage) {
		t.Errorf("got error %v, want %v", err, recap.Usage)
	}
	fake := newFakeSigstore(t)
	failing := errors.New("no way")
	for _, test := range []struct {
		name  string
		token func(context.Context) (oidc.Token, error)
		kind  error
	}{
		{"a zero token", func(context.Context) (oidc.Token, error) { return oidc.Token{}, nil }, recap.Usage},
		{"a source of tokens that fails", func(context.Context) (oidc.Token, error) { return oidc.Token{}, failing }, failing},
	} {
		t.Run(test.name, func(t *testing.T) {
			signer := fake.keyless(v1Only(t), "", func(opts *sigstore.KeylessOptions) { opts.Token = test.token })
			if _, err := signer.Authority(t.Context()); !errors.Is(err, test.kind) {
				t.Errorf("got error %v, want %v", err, test.kind)
			}
			if _, err := signer.Sign(t.Context(), []byte(about(root))); !errors.Is(err, test.kind) {
				t.Errorf("got error %v, want %v", err, test.kind)
			}
		})
	}
	t.Run("a statement that no verifier would read", func(t *testing.T) {
		signer := fake.keyless(v1Only(t), sigstoretest.Token(t, nil), nil)
		_, err := signer.Sign(t.Context(), []byte(strings.Repeat("x", recap.MaxSigstoreBundle)))
		sigstoretest.WantError(t, err, recap.Unsafe, "bundle-too-large")
	})
	t.Run("a context that has ended", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		signer := fake.keyless(v1Only(t), sigstoretest.Token(t, nil), nil)
		if _, err := signer.Sign(ctx, []byte(about(root))); !errors.Is(err, context.Canceled) {
			t.Errorf("got error %v, want %v", err, context.Canceled)
		}
	})
}

// A log that has the signature already lost an answer of its own, or ours.
func TestLogConflict(t *testing.T) {
	t.Run("version 1 is asked for the entry", func(t *testing.T) {
		fake := newFakeSigstore(t)
		fake.fault = func(host string, n int) http.HandlerFunc {
			if host != "rekor1.test" || n > 1 {
				return nil
			}
			return func(w http.ResponseWriter, r *http.Request) { fake.enter1(w, fake.signature1(r), http.StatusConflict) }
		}
		raw, err := fake.keyless(v1Only(t), sigstoretest.Token(t, nil), nil).Sign(t.Context(), []byte(about(root)))
		if err != nil {
			t.Fatal(sigstoretest.Text(err))
		}
		if got := len(parseWire(t, raw).Material.Entries); got != 1 {
			t.Errorf("got %d log entries, want 1", got)
		}
	})
	conflict := func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, `{"code":6,"message":"an equivalent entry already exists in the transparency log with index 5"}`, http.StatusConflict)
	}
	t.Run("version 2 gets another signature", func(t *testing.T) {
		fake := newFakeSigstore(t)
		fake.fault = func(host string, n int) http.HandlerFunc {
			if host == "rekor2.test" && n == 1 {
				return conflict
			}
			return nil
		}
		raw, err := fake.keyless(v2AndTSA(t), sigstoretest.Token(t, nil), nil).Sign(t.Context(), []byte(about(root)))
		if err != nil {
			t.Fatal(sigstoretest.Text(err))
		}
		certificateIn(t, parseWire(t, raw))
		if fake.count("rekor2.test") != 2 || fake.count("fulcio.test") != 1 {
			t.Errorf("got calls %v", fake.calls)
		}
	})
	t.Run("a log that always has it is not believed", func(t *testing.T) {
		fake := newFakeSigstore(t)
		fake.fault = func(host string, _ int) http.HandlerFunc {
			if host == "rekor2.test" {
				return conflict
			}
			return nil
		}
		_, err := fake.keyless(v2AndTSA(t), sigstoretest.Token(t, nil), nil).Sign(t.Context(), []byte(about(root)))
		sigstoretest.WantError(t, err, recap.Unavailable, "log-conflict", "already")
		if got := fake.count("rekor2.test"); got != 3 {
			t.Errorf("the log was asked %d times, want 3", got)
		}
	})
}
