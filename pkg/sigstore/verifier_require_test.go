// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package sigstore_test

import (
	"context"
	"crypto"
	"crypto/elliptic"
	"crypto/x509"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/sigstore/sigstore/pkg/signature/kms/fake"

	"github.com/recap-oci/recap/pkg/policy"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/sigstore"
	"github.com/recap-oci/recap/pkg/sigstore/internal/sigstoretest"
	"github.com/recap-oci/recap/pkg/sigstore/trustroot"
	"github.com/recap-oci/recap/pkg/trust"
)

// How much evidence is required, and who counts once.
func TestVerifyRequires(t *testing.T) {
	v := newVirtual(t)
	twin := newTSA(t, "https://tsa.test") // another key at the same address
	unnamed := newTSA(t, "")
	more := []func(map[string]any){also("timestampAuthorities", twin.trusted(), unnamed.trusted())}
	both := v.onV2().with(func(o *order) { o.logs = append(o.logs, v.onV1().logs...) })
	tests := []struct {
		name      string
		order     order
		authority policy.Authority
		check     string // empty: accepted
		reason    string
	}{
		{"case 29: two logs, and two are there", both, needing(2, 1, 1), "", ""},
		{"case 29: two logs, and one is there twice", v.onV1().with(func(o *order) {
			o.logs = append(slices.Clone(o.logs), logged{log: v.v1, version: 1, index: 5})
		}), needing(2, 1, 1), "tlog", "entries in 2 transparency logs are required, and it has 1"},
		{"case 29: three logs", both, needing(3, 1, 1), "tlog", "entries in 3 transparency logs are required, and it has 2"},
		{"case 29: two witnesses, and one is there twice", v.onV2().with(func(o *order) { o.stamps = append(slices.Clone(o.stamps), o.stamps...) }), needing(1, 2, 1),
			"timestamps", "2 witnesses of the time of signing are required, and it has 1"},
		{"case 29: two witnesses at one address", v.onV2().with(func(o *order) { o.stamps = append(slices.Clone(o.stamps), stamp{by: twin}) }), needing(1, 2, 1),
			"timestamps", "and it has 1"},
		{"case 29: one log's two times", v.onV1().with(func(o *order) {
			o.logs = append(slices.Clone(o.logs), logged{log: v.v1, version: 1, index: 5, at: epoch.Add(time.Minute)})
		}), needing(1, 2, 1), "timestamps", "and it has 1"},
		{"a log and an authority are two witnesses", v.onV1().with(func(o *order) { o.stamps = []stamp{{by: v.tsa}} }), needing(1, 2, 1), "", ""},
		{"an authority without address is a witness", v.onV2().with(func(o *order) { o.stamps = append(slices.Clone(o.stamps), stamp{by: unnamed}) }), needing(1, 2, 1), "", ""},
		{"two certificate logs", v.onV2(), needing(1, 1, 2), "sct", "2 certificate logs are required to have its certificate, and 1 have"},
		{"one certificate log's two promises", v.onV2().with(func(o *order) { o.ct = append(slices.Clone(o.ct), o.ct...) }), needing(1, 1, 2), "sct", "and 1 have"},
		{"no time is never enough for a certificate", v.onV2().with(func(o *order) { o.stamps = nil }), needing(0, 0, 0), "timestamps", "nobody"},
		{"nothing required, everything wrong there", v.onV2().with(func(o *order) { o.logs = []logged{{log: v.v2, version: 2, sig: []byte("x")}} }), needing(0, 1, 0), "tlog", "doesn't add up"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := v.verifier(t, more...).Verify(t.Context(), test.order.sign(t), root, test.authority)
			if test.check != "" {
				wantRejection(t, err, trust.ErrBadSignature, test.check, test.reason)
			} else if err != nil {
				t.Error(err)
			}
		})
	}
}

// T26: a clock that is wrong, or that is looked at long after, changes no
// answer: what is signed is judged by when it was signed.
func TestVerifyWhateverTheClock(t *testing.T) {
	v := newVirtual(t)
	late := v.onV2().with(func(o *order) { o.stamps = []stamp{{by: v.tsa, at: epoch.Add(24 * time.Hour)}} }) // the certificate was gone
	for name, test := range map[string]struct {
		order order
		fine  bool
	}{"signed in time": {v.onV2(), true}, "signed in time, by the older log": {v.onV1(), true}, "signed too late": {late, false}} {
		signed := test.order.sign(t)
		for _, now := range []time.Time{{}, epoch.AddDate(-1, 0, 0), epoch, epoch.AddDate(1, 0, 0), epoch.AddDate(30, 0, 0)} {
			path := filepath.Join(t.TempDir(), "trusted_root.json")
			if err := os.WriteFile(path, v.trustedRoot(t), 0o600); err != nil {
				t.Fatal(err)
			}
			clock := func() time.Time { return now }
			verifier := sigstore.NewVerifier(sigstore.VerifierOptions{
				Root: trustroot.New(trustroot.Options{Path: path, Offline: true, Now: clock}), Now: clock,
			})
			if _, err := verifier.Verify(t.Context(), signed, root, needing(1, 1, 1)); (err == nil) != test.fine {
				t.Errorf("%s, looked at on %s: %v", name, now, err)
			}
		}
	}
}

// Who was trusted when: case 34, and 16.
func TestVerifyWindows(t *testing.T) {
	v := newVirtual(t)
	before, after := epoch.Add(-time.Minute), epoch.Add(time.Minute)
	trusting := func(list string, member any) func(map[string]any) {
		return func(r map[string]any) { r[list] = []any{member} }
	}
	log := func(l *virtualLog, from, until time.Time) any {
		c := *l
		c.from, c.until = from, until
		return c.trusted(t)
	}
	who := func(a *certifier, from, until time.Time) any {
		c := *a
		c.from, c.until = from, until
		return c.trusted()
	}
	long := epoch.AddDate(-1, 0, 0)
	// An authority whose intermediate certificate ended before it signed.
	top, topKey := newCA(t, "old root", nil, nil, long, epoch.AddDate(9, 0, 0), x509.ExtKeyUsageCodeSigning)
	middle, key := newCA(t, "old", top, topKey, long, before, x509.ExtKeyUsageCodeSigning)
	old := &certifier{uri: "https://old.test", chain: []*x509.Certificate{middle, top}, key: key, from: long}

	tests := []struct {
		name   string
		order  order
		edit   func(map[string]any)
		check  string
		reason string
	}{
		{"case 34: log still trusted", v.onV1(), trusting("tlogs", log(v.v1, long, after)), "", ""},
		{"case 34: log trusted to the second", v.onV1(), trusting("tlogs", log(v.v1, long, epoch.Add(time.Second))), "", ""},
		{"case 34: log of version 2 trusted to the second", v.onV2(), trusting("tlogs", log(v.v2, long, epoch.Add(time.Second))), "", ""},
		{"case 34: timestamp authority trusted to the second", v.onV2(), trusting("timestampAuthorities", who(v.tsa, long, epoch.Add(time.Second))), "", ""},
		{"case 34: timestamp authority trusted no more, beside one that is", v.onV2(), func(r map[string]any) {
			r["timestampAuthorities"] = []any{who(v.tsa, long, before), who(newTSA(t, "https://tsa2.test"), long, after)}
		}, "timestamps", "when the trusted root didn't trust its authority"},
		{"another certificate authority of the same name", v.onV2(), func(r map[string]any) {
			r["certificateAuthorities"] = []any{newFulcio(t, "fulcio").trusted(), v.fulcio.trusted()}
		}, "", ""},
		{"case 34: log trusted no more", v.onV1(), trusting("tlogs", log(v.v1, long, before)), "tlog", "not at a time when the log is trusted"},
		{"case 34: log not trusted yet", v.onV1(), trusting("tlogs", log(v.v1, after, time.Time{})), "tlog", "not at a time when the log is trusted"},
		{"case 34: log of version 2 still trusted", v.onV2(), trusting("tlogs", log(v.v2, long, after)), "", ""},
		{"case 34: log of version 2 trusted no more", v.onV2(), trusting("tlogs", log(v.v2, long, before)), "tlog", "when the trusted root didn't trust log https://rekor2.test"},
		{"case 34: log of version 2 not trusted yet", v.onV2(), trusting("tlogs", log(v.v2, after, time.Time{})), "tlog", "when the trusted root didn't trust log"},
		{"case 34: timestamp authority still trusted", v.onV2(), trusting("timestampAuthorities", who(v.tsa, long, after)), "", ""},
		{"case 34: timestamp authority trusted no more", v.onV2(), trusting("timestampAuthorities", who(v.tsa, long, before)), "timestamps", "when the trusted root didn't trust its authority"},
		{"case 34: timestamp authority not trusted yet", v.onV2(), trusting("timestampAuthorities", who(v.tsa, after, time.Time{})), "timestamps", "when the trusted root didn't trust its authority"},
		{"case 34: certificate authority still trusted", v.onV2(), trusting("certificateAuthorities", who(v.fulcio, long, after)), "", ""},
		{"case 34: certificate authority trusted no more", v.onV2(), trusting("certificateAuthorities", who(v.fulcio, long, before)), "certificate", "the trusted root trusted the authority until 2026-01-02T03:03:05Z"},
		{"case 34: certificate authority not trusted yet", v.onV2(), trusting("certificateAuthorities", who(v.fulcio, after, time.Time{})), "certificate", "the trusted root trusts the authority from 2026-01-02T03:05:05Z"},
		{"case 34: certificate log still trusted", v.onV2(), trusting("ctlogs", log(v.ct, long, after)), "", ""},
		{"case 34: certificate log trusted no more", v.onV2(), trusting("ctlogs", log(v.ct, long, before)), "sct", "no certificate log"},
		{"case 34: certificate log not trusted yet", v.onV2(), trusting("ctlogs", log(v.ct, after, time.Time{})), "sct", "no certificate log"},
		{"case 16: expired intermediate", v.onV2().with(func(o *order) { o.by = old }), trusting("certificateAuthorities", old.trusted()), "certificate", `"CN=old" was valid from`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := v.verifier(t, test.edit).Verify(t.Context(), test.order.sign(t), root, anybody)
			if test.check != "" {
				wantRejection(t, err, trust.ErrBadSignature, test.check, test.reason)
			} else if err != nil {
				t.Error(err)
			}
		})
	}
}

// Keys that need evidence.
func TestVerifyKeyWithEvidence(t *testing.T) {
	v := newVirtual(t)
	key := newECDSA(t, elliptic.P256())
	keyed := func(o order) order { o.key, o.bare = &forge{key: key}, true; return o }
	who := func(require policy.Require, from, until time.Time) policy.Authority {
		a := authority(t, key.Public())
		a.Require, a.Key.ValidFrom, a.Key.ValidUntil = &require, from, until
		return a
	}
	var never time.Time
	signed := epoch.Add(time.Second)
	retired := func(r map[string]any) {
		c := *v.v2
		c.until = epoch.Add(time.Hour)
		r["tlogs"] = []any{c.trusted(t)}
	}
	tests := []struct {
		name      string
		order     order
		authority policy.Authority
		edit      func(map[string]any)
		check     string
		reason    string
	}{
		{"log of version 1", keyed(v.onV1()), who(policy.Require{TLog: 1}, never, never), nil, "", ""},
		{"log of version 2", keyed(v.onV2()), who(policy.Require{TLog: 1}, never, never), nil, "", ""},
		{"timestamp", keyed(v.onV2()), who(policy.Require{Timestamps: 1}, never, never), nil, "", ""},
		{"time of a log", keyed(v.onV1()), who(policy.Require{Timestamps: 1}, never, never), nil, "", ""},
		{"case 9: no log entry", keyed(v.onV2().with(func(o *order) { o.logs = nil })), who(policy.Require{TLog: 1}, never, never), nil, "tlog", "no transparency log"},
		{"no timestamp", keyed(v.onV2().with(func(o *order) { o.stamps = nil })), who(policy.Require{Timestamps: 1}, never, never), nil, "timestamps", "nobody"},
		{"case 10: another's log entry", keyed(v.onV2().with(func(o *order) { o.logs = []logged{{log: v.v2, version: 2, sig: []byte("x")}} })), who(policy.Require{TLog: 1}, never, never), nil, "tlog", "doesn't add up"},
		{"bad evidence where none is required", keyed(v.onV2().with(func(o *order) { o.logs = []logged{{log: v.v2, version: 2, sig: []byte("x")}} })), who(policy.Require{}, never, never), nil, "", ""},

		{"within the window", keyed(v.onV2()), who(policy.Require{Timestamps: 1}, signed, signed), nil, "", ""},
		{"before the window", keyed(v.onV2()), who(policy.Require{Timestamps: 1}, signed.Add(time.Second), never), nil, "validity", "the key is trusted from 2026-01-02T03:04:07Z"},
		{"after the window", keyed(v.onV2()), who(policy.Require{Timestamps: 1}, never, signed.Add(-time.Second)), nil, "validity", "the key was trusted until 2026-01-02T03:04:05Z"},
		{"window, and nothing is required", keyed(v.onV2().with(func(o *order) { o.stamps = nil })), who(policy.Require{}, never, signed), nil, "timestamps", "nobody"},

		{"log given up, signed before", keyed(v.onV2()), who(policy.Require{TLog: 1}, never, never), retired, "", ""},
		{"log given up, signed nobody knows when", keyed(v.onV2().with(func(o *order) { o.stamps = nil })), who(policy.Require{TLog: 1}, never, never), retired, "tlog", "was given up"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var edits []func(map[string]any)
			if test.edit != nil {
				edits = append(edits, test.edit)
			}
			got, err := v.verifier(t, edits...).Verify(t.Context(), test.order.sign(t), root, test.authority)
			if test.check != "" {
				wantRejection(t, err, trust.ErrBadSignature, test.check, test.reason)
			} else if err != nil || got.Certificate != nil || string(got.Statement) != about(root) {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
}

func TestVerifyRefusesAuthorities(t *testing.T) {
	v := newVirtual(t)
	raw := v.onV2().sign(t)
	key := authority(t, newECDSA(t, elliptic.P256()).Public())
	changed := func(change func(*policy.Authority)) policy.Authority {
		a := key
		k := *key.Key
		a.Key = &k
		change(&a)
		return a
	}
	for _, test := range []struct {
		name      string
		authority policy.Authority
		code      string
	}{
		{"neither", policy.Authority{Name: "x"}, "bad-authority"},
		{"both", changed(func(a *policy.Authority) { a.Keyless = &policy.Keyless{} }), "bad-authority"},
		{"two keys", changed(func(a *policy.Authority) { a.Key.KMS = "awskms:///x" }), "bad-authority"},
		{"key in a log of certificates", changed(func(a *policy.Authority) { a.Require = &policy.Require{SCT: 1} }), "bad-authority"},
		{"negative", changed(func(a *policy.Authority) { a.Require = &policy.Require{TLog: -1} }), "bad-authority"},
		{"case 37: KMS offline", policy.Authority{Name: "x", Key: &policy.Key{KMS: "awskms:///x"}}, "kms-offline"},
		{"KMS that is a file", policy.Authority{Name: "x", Key: &policy.Key{KMS: "key.pub"}}, "bad-authority"},
		{"KMS that is a path", policy.Authority{Name: "x", Key: &policy.Key{KMS: "../evil://x"}}, "bad-authority"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := sigstore.NewVerifier(sigstore.VerifierOptions{Offline: true}).Verify(t.Context(), raw, root, test.authority)
			sigstoretest.WantError(t, err, recap.Usage, test.code)
		})
	}
	t.Run("no trusted root", func(t *testing.T) {
		_, err := sigstore.NewVerifier(sigstore.VerifierOptions{}).Verify(t.Context(), raw, root, anybody)
		sigstoretest.WantError(t, err, recap.Usage, "no-trusted-root")
	})
}

// A key that needs no evidence needs neither trusted root nor network.
func TestVerifyKeyLoadsNothing(t *testing.T) {
	key := newECDSA(t, elliptic.P256())
	verifier := sigstore.NewVerifier(sigstore.VerifierOptions{Root: trustroot.New(trustroot.Options{
		TUFMirror: "http://127.0.0.1:1", TUFRoot: "missing.json", Transport: sigstoretest.Refuse{T: t},
	})})
	if _, err := verifier.Verify(t.Context(), forge{key: key, statement: about(root)}.bundle(t), root, authority(t, key.Public())); err != nil {
		t.Error(err)
	}
}

// What is no answer whoever is believed doesn't need the trusted root, so that
// an instance that can't be asked doesn't stand in the way of other signers.
func TestVerifyWrongKindLoadsNothing(t *testing.T) {
	v := newVirtual(t)
	verifier := sigstore.NewVerifier(sigstore.VerifierOptions{Root: trustroot.New(trustroot.Options{
		TUFMirror: "http://127.0.0.1:1", TUFRoot: "missing.json", Transport: sigstoretest.Refuse{T: t},
	})})
	logged := authority(t, newECDSA(t, elliptic.P256()).Public())
	logged.Require = &policy.Require{TLog: 1}
	_, err := verifier.Verify(t.Context(), v.onV2().with(func(o *order) { o.bare = true }).sign(t), root, anybody)
	wantRejection(t, err, trust.ErrWrongSigner, "signature", "signed with a key")
	_, err = verifier.Verify(t.Context(), v.onV2().sign(t), root, logged)
	wantRejection(t, err, trust.ErrWrongSigner, "signature", "signed with a certificate")
	_, err = verifier.Verify(t.Context(), []byte("{}"), root, anybody)
	wantRejection(t, err, trust.ErrBadSignature, "", "a bundle of type")
}

// A key management service is asked for a key, and once.
func TestVerifyKMS(t *testing.T) {
	key := newECDSA(t, elliptic.P256())
	raw := forge{key: key, statement: about(root)}.bundle(t)
	verifier := sigstore.NewVerifier(sigstore.VerifierOptions{})
	a := policy.Authority{Name: "service", Key: &policy.Key{KMS: "fakekms://key"}}
	asked := context.WithValue(t.Context(), fake.KmsCtxKey{}, crypto.PrivateKey(key))
	got, err := verifier.Verify(asked, raw, root, a)
	if err != nil || got.Algorithm != "ECDSA P-256 with SHA-256" {
		t.Fatalf("got %+v, %v", got, err)
	}
	// Asked without the key in the context, the service would make a new one.
	if _, err := verifier.Verify(t.Context(), raw, root, a); err != nil {
		t.Error(err)
	}
	a.Key.KMS = "fakekms://another"
	_, err = verifier.Verify(t.Context(), raw, root, a)
	wantRejection(t, err, trust.ErrWrongSigner, "signature", "another key")
}

// Authorities share the work, and get the same answer, whoever asks first.
func TestVerifySharesAndAgrees(t *testing.T) {
	v := newVirtual(t)
	verifier := v.verifier(t)
	good := v.onV2().sign(t)
	bad := v.onV2().with(func(o *order) { o.logs = nil }).sign(t)
	var wait sync.WaitGroup
	answers := make([]trust.Evidence, 32)
	for i := range answers {
		wait.Go(func() {
			if _, err := verifier.Verify(context.Background(), bad, root, anybody); !errors.Is(err, trust.ErrBadSignature) {
				t.Errorf("got error %v", err)
			}
			a := anybody
			if i%2 == 1 {
				a = needing(0, 1, 0)
			}
			var err error
			if answers[i], err = verifier.Verify(context.Background(), good, root, a); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	for _, got := range answers[1:] {
		if diff := cmp.Diff(answers[0], got); diff != "" {
			t.Fatalf("two answers:\n%s", diff)
		}
	}
	// What one caller does to an answer is no business of the next.
	answers[0].Statement[0], answers[0].Checks[0].Detail = '!', "changed"
	answers[0].Certificate.Claims["sourceRepositoryURI"] = "changed"
	answers[0].Timestamps[0].Source = "changed"
	again, err := verifier.Verify(t.Context(), good, root, anybody)
	if err != nil || again.Statement[0] == '!' || again.Checks[0].Detail == "changed" || again.Certificate.Claims["sourceRepositoryURI"] == "changed" || again.Timestamps[0].Source == "changed" {
		t.Errorf("a change got into the cache: %+v, %v", again, err)
	}
	// More signatures than are remembered.
	for range 20 {
		if _, err := verifier.Verify(t.Context(), v.onV1().sign(t), root, anybody); err != nil {
			t.Fatal(err)
		}
	}
}

// No bit of a keyless bundle counts for nothing that is signed: flipped, it is
// refused, or what was found is the same.
func TestVerifyKeylessEveryByte(t *testing.T) {
	v := newVirtual(t)
	for name, o := range map[string]order{"version 1": v.onV1(), "version 2": v.onV2()} {
		t.Run(name, func(t *testing.T) {
			verifier := v.verifier(t)
			raw := o.sign(t)
			want, err := verifier.Verify(t.Context(), raw, root, anybody)
			if err != nil {
				t.Fatal(err)
			}
			step := 3
			if testing.Short() {
				step = 23
			}
			for i := 0; i < len(raw); i += step {
				flipped := slices.Clone(raw)
				flipped[i] ^= 1 << (i % 7)
				got, err := verifier.Verify(t.Context(), flipped, root, anybody)
				if err != nil {
					if !errors.Is(err, recap.Untrusted) {
						t.Fatalf("byte %d: got error %v, want a refusal", i, err)
					}
					continue
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("byte %d: accepted with another meaning:\n%s", i, diff)
				}
			}
		})
	}
}
