// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package trust_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"

	"github.com/recap-oci/recap/pkg/policy"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/trust"
)

// judged asks a gate with a notary, and returns the report whatever was decided.
func judged(t testing.TB, v trust.Verifier, rule policy.Rule, src content.ReadOnlyGraphStorage, root ocispec.Descriptor) (trust.Report, error) {
	t.Helper()
	rule.Name, rule.Scopes = "rule", []string{"registry.example.com/**"}
	gate, err := trust.NewGate(&policy.Policy{Source: "policy.yaml", Rules: []policy.Rule{rule}}, v, trust.GateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	admitted, err := gate.Admit(t.Context(), src, trust.Request{Name: "registry.example.com/team/recap", Root: root})
	var refused *trust.RefusedError
	if errors.As(err, &refused) {
		return refused.Report, err
	}
	return admitted.Report(), err
}

// attachAll stores bundles as referrers, each a manifest of its own.
func attachAll(t testing.TB, s *store, root ocispec.Descriptor, bundles ...[]byte) {
	t.Helper()
	for i, b := range bundles {
		s.attach(t, root, b, func(m *ocispec.Manifest) { m.Annotations["n"] = fmt.Sprint(i) })
	}
}

func TestAdmitIdentity(t *testing.T) {
	ci := policy.Authority{Name: "ci", Keyless: &policy.Keyless{Identities: []policy.Identity{{
		Issuer: githubIssuer, SubjectRegExp: `https://github\.com/acme/recaps/\.github/workflows/publish\.yml@refs/tags/v.*`,
		Claims: map[string]string{"sourceRepositoryURI": "https://github.com/acme/recaps"},
	}}}}
	right := map[string]string{"sourceRepositoryURI": "https://github.com/acme/recaps"}
	key := holder(t, "alice")
	tests := []struct {
		name    string
		who     any
		want    error
		outcome trust.Outcome
		text    string // of the refusal
	}{
		{"as the rule says", certified(githubIssuer, workflow, right), nil, trust.Verified, ""},
		{"case 19: issuer mismatch with the right subject", certified("https://evil.example", workflow, right), trust.ErrWrongSigner, trust.WrongSigner, "signed by " + workflow + `, by the word of https://evil.example: the issuer is not "` + githubIssuer},
		{"case 19: another branch", certified(githubIssuer, strings.Replace(workflow, "tags/v1", "heads/main", 1), right), trust.ErrWrongSigner, trust.WrongSigner, "signed by " + strings.Replace(workflow, "tags/v1", "heads/main", 1)},
		{"case 19: subject contains the right one", certified(githubIssuer, "https://evil.example/"+workflow, right), trust.ErrWrongSigner, trust.WrongSigner, "is not matched by"},
		{"a fork that calls the workflow", certified(githubIssuer, workflow, map[string]string{"sourceRepositoryURI": "https://github.com/evil/recaps"}), trust.ErrWrongSigner, trust.WrongSigner, `its sourceRepositoryURI is "https://github.com/evil/recaps"`},
		{"case 21: a key where the policy is keyless", key.Key, trust.ErrWrongSigner, trust.WrongSigner, "signed with a key"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newStore()
			root := s.newRoot(t)
			attachAll(t, s, root, by(t, test.who, about(root, signType)))
			report, err := judged(t, &notary{}, policy.Rule{Authorities: []policy.Authority{ci}}, s, root)
			if !errors.Is(err, test.want) || (err != nil && !strings.Contains(err.Error(), test.text)) {
				t.Fatalf("got error %v, want %v with %q", err, test.want, test.text)
			}
			got := report.Signatures[0]
			if got.Outcome != test.outcome {
				t.Errorf("outcome %s, want %s", got.Outcome, test.outcome)
			}
			if c, ok := test.who.(*trust.Certificate); ok {
				// Whoever it is, it was established who.
				if diff := cmp.Diff(c, got.Certificate); diff != "" {
					t.Errorf("certificate (-want +got):\n%s", diff)
				}
				if len(got.LogEntries) != 1 || len(got.Timestamps) != 1 || got.PredicateType != signType {
					t.Errorf("evidence was lost: %+v", got)
				}
			}
			failed := slices.ContainsFunc(got.Checks, func(c trust.Check) bool { return !c.Passed && c.Detail != "" })
			if failed == (err == nil) {
				t.Errorf("checks %+v beside error %v", got.Checks, err)
			}
			if err == nil && got.Authority != "ci" {
				t.Errorf("authority %q", got.Authority)
			}
			var e *recap.Error
			if _, keyless := test.who.(*trust.Certificate); keyless && err != nil && (!errors.As(err, &e) || !strings.Contains(e.Hint, "recap policy init registry.example.com/team/recap@sha256:") || !strings.Contains(e.Hint, "--explain")) {
				t.Errorf("hint %q", e.Hint)
			}
		})
	}
}

func TestAdmitKeyAgainstCertificate(t *testing.T) {
	s := newStore()
	root := s.newRoot(t)
	attachAll(t, s, root, by(t, "alice@example.com", about(root, signType)))
	if _, err := judged(t, &notary{}, policy.Rule{Authorities: []policy.Authority{holder(t, "alice")}}, s, root); !errors.Is(err, trust.ErrWrongSigner) {
		t.Errorf("case 21: got error %v, want %v", err, trust.ErrWrongSigner)
	}
}

// One signer never counts twice, whichever way they come.
func TestAdmitDistinctSigners(t *testing.T) {
	alice, bob := holder(t, "alice"), holder(t, "bob")
	mails := []policy.Authority{mail("ann", "ann@example.com"), mail("ben", "ben@example.com"), mail("cat", "cat@example.com")}
	overlapping := []policy.Authority{pattern("team", `.*@example\.com`), pattern("leads", `(ann|ben)@example\.com`)}
	tests := []struct {
		name        string
		authorities []policy.Authority
		who         []any
		want        []string // that vouch; threshold 2
	}{
		{"two authorities are 2 of 2", mails, []any{"ann@example.com", "cat@example.com"}, []string{"ann", "cat"}},
		{"case 28: same key twice", []policy.Authority{alice, bob}, []any{alice.Key, alice.Key}, []string{"alice"}},
		{"case 28: same identity signing twice", mails, []any{"ann@example.com", "ann@example.com"}, []string{"ann"}},
		{"case 28: same identity under two authority names", overlapping, []any{"ann@example.com", "ann@example.com"}, []string{"team"}},
		{"case 28: two who are the same authority", overlapping, []any{"cat@example.com", "dan@example.com"}, []string{"team"}},
		{"two of whom both are either", overlapping, []any{"ann@example.com", "ben@example.com"}, []string{"team", "leads"}},
		{"two of whom one is only the first", overlapping, []any{"ann@example.com", "cat@example.com"}, []string{"team", "leads"}},
		{"two of whom one is only the first, in another order", overlapping, []any{"cat@example.com", "ann@example.com"}, []string{"team", "leads"}},
		{"case 28: same name, other keys in the certificates", mails, []any{
			sealed{KeyID: "1", Certificate: certified("https://issuer.example.com", "ann@example.com", nil)},
			sealed{KeyID: "2", Certificate: certified("https://issuer.example.com", "ann@example.com", map[string]string{"k": "v"})},
		}, []string{"ann"}},
		{"one address of two issuers is two signers", []policy.Authority{
			mail("ann", "ann@example.com"),
			{Name: "elsewhere", Keyless: &policy.Keyless{Identities: []policy.Identity{{Issuer: "https://other.example.com", Subject: "ann@example.com"}}}},
		}, []any{"ann@example.com", certified("https://other.example.com", "ann@example.com", nil)}, []string{"ann", "elsewhere"}},
		{"a key and an identity", []policy.Authority{alice, mails[0]}, []any{alice.Key, "ann@example.com"}, []string{"alice", "ann"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newStore()
			root := s.newRoot(t)
			for i, who := range test.who {
				b, ok := who.(sealed)
				if ok {
					b.Evidence, b.Payload, b.Serial = policy.Require{TLog: 1, Timestamps: 1, SCT: 1}, about(root, signType), i
					attachAll(t, s, root, b.bytes(t))
					continue
				}
				s.attach(t, root, by(t, who, about(root, signType)), func(m *ocispec.Manifest) { m.Annotations["n"] = fmt.Sprint(i) })
			}
			report, err := judged(t, &notary{}, policy.Rule{Authorities: test.authorities, Threshold: 2}, s, root)
			var want error
			if len(test.want) < 2 {
				want = trust.ErrThreshold
			}
			if !errors.Is(err, want) || (want != nil && !strings.Contains(err.Error(), "1 of 2")) {
				t.Errorf("got error %v, want %v", err, want)
			}
			if diff := cmp.Diff(test.want, report.Authorities); diff != "" {
				t.Errorf("authorities (-want +got):\n%s", diff)
			}
			var counted []string
			for _, sig := range report.Signatures {
				counted = append(counted, sig.Authority)
			}
			for _, name := range test.want {
				if !slices.Contains(counted, name) {
					t.Errorf("no signature says that it counts for %s: %v", name, counted)
				}
			}
		})
	}
}

func TestAdmitAttestations(t *testing.T) {
	ann, ben := mail("ann", "ann@example.com"), mail("ben", "ben@example.com")
	const sbom = "https://cyclonedx.org/bom"
	type out struct {
		want error
		met  []string // authority and type of each that was asked for; "" for none
		text string
	}
	rule := policy.Rule{Authorities: []policy.Authority{ann, ben}, Attestations: []policy.AttestationRule{{PredicateType: slsaType, Authorities: []string{"ann"}}}}
	anybody := rule
	anybody.Attestations = []policy.AttestationRule{{PredicateType: slsaType}, {PredicateType: sbom, Authorities: []string{"ann", "ben"}}}
	tests := []struct {
		name  string
		rule  policy.Rule
		setup func(s *store, root ocispec.Descriptor)
		out   out
	}{
		{"there", rule, func(s *store, root ocispec.Descriptor) {
			attachAll(t, s, root, by(t, "ben@example.com", about(root, signType)), by(t, "ann@example.com", about(root, slsaType)))
		}, out{nil, []string{"ann"}, ""}},
		{"case 4: the annotation says another type, the payload the right one", rule, func(s *store, root ocispec.Descriptor) {
			attachAll(t, s, root, by(t, "ben@example.com", about(root, signType)))
			s.attach(t, root, by(t, "ann@example.com", about(root, slsaType)), func(m *ocispec.Manifest) { m.Annotations["dev.sigstore.bundle.predicateType"] = sbom })
		}, out{nil, []string{"ann"}, ""}},
		{"case 3: only a signature", rule, func(s *store, root ocispec.Descriptor) {
			attachAll(t, s, root, by(t, "ann@example.com", about(root, signType)))
		}, out{trust.ErrNoAttestation, []string{""}, "of type " + slsaType + " by ann"}},
		{"case 2: only the attestation", rule, func(s *store, root ocispec.Descriptor) {
			attachAll(t, s, root, by(t, "ann@example.com", about(root, slsaType)))
		}, out{trust.ErrNoSignature, []string{"ann"}, ""}},
		{"case 4: another type", rule, func(s *store, root ocispec.Descriptor) {
			attachAll(t, s, root, by(t, "ann@example.com", about(root, signType)), by(t, "ann@example.com", about(root, sbom)))
		}, out{trust.ErrNoAttestation, []string{""}, slsaType}},
		{"case 4: annotation says the right type, payload another", rule, func(s *store, root ocispec.Descriptor) {
			attachAll(t, s, root, by(t, "ann@example.com", about(root, signType)))
			s.attach(t, root, by(t, "ann@example.com", about(root, sbom)), func(m *ocispec.Manifest) { m.Annotations["dev.sigstore.bundle.predicateType"] = slsaType })
		}, out{trust.ErrNoAttestation, []string{""}, slsaType}},
		{"by an authority that may not make it", rule, func(s *store, root ocispec.Descriptor) {
			attachAll(t, s, root, by(t, "ann@example.com", about(root, signType)), by(t, "ben@example.com", about(root, slsaType)))
		}, out{trust.ErrNoAttestation, []string{""}, "doesn't count: it is by ben"}},
		{"by a stranger", rule, func(s *store, root ocispec.Descriptor) {
			attachAll(t, s, root, by(t, "ann@example.com", about(root, signType)), by(t, "mallory@example.com", about(root, slsaType)))
		}, out{trust.ErrNoAttestation, []string{""}, "doesn't count: signed by mallory@example.com"}},
		{"T21: about another digest", rule, func(s *store, root ocispec.Descriptor) {
			another := root
			another.Digest = "sha256:" + root.Digest[len("sha256:")+2:] + "00"
			attachAll(t, s, root, by(t, "ann@example.com", about(root, signType)))
			s.attach(t, root, by(t, "ann@example.com", about(another, slsaType)), func(m *ocispec.Manifest) { m.Annotations["dev.sigstore.bundle.predicateType"] = slsaType })
		}, out{trust.ErrNoAttestation, []string{""}, "signed, but about another digest"}},
		{"case 28: two attestations by one signer are one signer", policy.Rule{Authorities: []policy.Authority{ann, ben}, Threshold: 2}, func(s *store, root ocispec.Descriptor) {
			attachAll(t, s, root, by(t, "ann@example.com", about(root, signType)), by(t, "ben@example.com", about(root, slsaType)))
		}, out{trust.ErrThreshold, nil, "1 of 2"}},
		{"two, by whoever may", anybody, func(s *store, root ocispec.Descriptor) {
			attachAll(t, s, root, by(t, "ben@example.com", about(root, signType)), by(t, "ben@example.com", about(root, slsaType)), by(t, "ben@example.com", about(root, sbom)))
		}, out{nil, []string{"ben", "ben"}, ""}},
		{"one of two", anybody, func(s *store, root ocispec.Descriptor) {
			attachAll(t, s, root, by(t, "ben@example.com", about(root, signType)), by(t, "ben@example.com", about(root, slsaType)))
		}, out{trust.ErrNoAttestation, []string{"ben", ""}, sbom + " by ann or ben"}},
		{"it could not be fetched", rule, func(s *store, root ocispec.Descriptor) {
			bundle := by(t, "ann@example.com", about(root, slsaType))
			attachAll(t, s, root, by(t, "ann@example.com", about(root, signType)), bundle)
			s.answer = func(desc ocispec.Descriptor, data []byte) ([]byte, error) {
				if desc.Size == int64(len(bundle)) && desc.MediaType == bundleType && slices.Equal(data, bundle) {
					return nil, errors.New("connection refused")
				}
				return data, nil
			}
		}, out{recap.Unavailable, []string{""}, "connection refused"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newStore()
			root := s.newRoot(t)
			test.setup(s, root)
			report, err := judged(t, &notary{}, test.rule, s, root)
			if !errors.Is(err, test.out.want) || (err != nil && !strings.Contains(err.Error(), test.out.text)) {
				t.Errorf("got error %v, want %v with %q", err, test.out.want, test.out.text)
			}
			var met []string
			for i, a := range report.Attestations {
				if met = append(met, a.Authority); a.Met != (a.Authority != "") || a.Met != (a.Digest != "") || a.PredicateType != test.rule.Attestations[i].PredicateType {
					t.Errorf("got %+v", a)
				}
			}
			if diff := cmp.Diff(test.out.met, met); diff != "" {
				t.Errorf("attestations (-want +got):\n%s", diff)
			}
			var e *recap.Error
			if errors.Is(err, trust.ErrNoAttestation) && (!errors.As(err, &e) || e.Code != "no-attestation" || e.Kind != recap.Untrusted || !strings.Contains(e.Hint, "recap attest registry.example.com/team/recap@sha256:")) {
				t.Errorf("got [%s] hint %q", e.Code, e.Hint)
			}
			// A rule that warns lets pass what an enforcing one calls untrusted.
			test.rule.Mode = policy.Warn
			warned, err := judged(t, &notary{}, test.rule, s, root)
			if errors.Is(test.out.want, recap.Untrusted) && (err != nil || warned.Verdict != trust.VerdictWarned || warned.Code != code(test.out.want)) {
				t.Errorf("warned: %+v, error %v", warned, err)
			}
		})
	}
}

// A certificate is verified once for all authorities that ask the same of it.
func TestAdmitSharesTheWork(t *testing.T) {
	s := newStore()
	root := s.newRoot(t)
	attachAll(t, s, root, by(t, "cat@example.com", about(root, signType)))
	strict := mail("strict", "dan@example.com")
	strict.Require = &policy.Require{TLog: 2, Timestamps: 1, SCT: 1}
	v := &notary{}
	authorities := []policy.Authority{mail("ann", "ann@example.com"), holder(t, "alice"), mail("ben", "ben@example.com"), strict, mail("cat", "cat@example.com")}
	report, err := judged(t, v, policy.Rule{Authorities: authorities}, s, root)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"ann", "alice", "strict"}, v.asked); diff != "" {
		t.Errorf("verified under (-want +got):\n%s", diff)
	}
	if report.Signatures[0].Authority != "cat" {
		t.Errorf("got %+v", report.Signatures[0])
	}
}

// What lacks evidence is bad if it is the authority's, and somebody else's if
// it isn't.
func TestAdmitLackingEvidence(t *testing.T) {
	strict := func(who string) policy.Authority {
		a := mail("strict", who)
		a.Require = &policy.Require{TLog: 2}
		return a
	}
	tests := []struct {
		name        string
		authorities []policy.Authority
		want        error
		text        string
	}{
		{"case 9: the authority's", []policy.Authority{strict("ann@example.com")}, trust.ErrBadSignature, "1 of 2 log entries"},
		{"case 9: the authority's, beside a laxer one", []policy.Authority{mail("ben", "ben@example.com"), strict("ann@example.com")}, trust.ErrBadSignature, "1 of 2 log entries"},
		{"somebody else's, by the laxer one", []policy.Authority{mail("ben", "ben@example.com"), strict("cat@example.com")}, trust.ErrWrongSigner, "signed by ann@example.com"},
		{"enough for one", []policy.Authority{strict("ann@example.com"), pattern("lax", `ann@example\.com`)}, nil, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newStore()
			root := s.newRoot(t)
			attachAll(t, s, root, by(t, "ann@example.com", about(root, signType)))
			report, err := judged(t, &notary{}, policy.Rule{Authorities: test.authorities}, s, root)
			if !errors.Is(err, test.want) || (err != nil && !strings.Contains(err.Error(), test.text)) {
				t.Errorf("got error %v, want %v with %q", err, test.want, test.text)
			}
			if got := report.Signatures[0]; err != nil && !slices.ContainsFunc(got.Checks, func(c trust.Check) bool { return !c.Passed }) {
				t.Errorf("no check says why: %+v", got.Checks)
			}
			if got := report.Signatures[0]; len(test.authorities) > 1 && err != nil {
				for _, a := range test.authorities {
					if !slices.ContainsFunc(got.Checks, func(c trust.Check) bool { return strings.Contains(c.Detail, fmt.Sprintf("%q", a.Name)) }) {
						t.Errorf("no check says why it isn't %s: %+v", a.Name, got.Checks)
					}
				}
			}
		})
	}
}

// A trusted root that can't be had neither hides a signature by somebody else
// nor makes one unsigned.
func TestAdmitVerifierInTrouble(t *testing.T) {
	alice, ann := holder(t, "alice"), mail("ann", "ann@example.com")
	broken := map[string]error{
		"unreachable": recap.Errorf(recap.Unavailable, "root-unavailable", "503"),
		"expired":     recap.Errorf(recap.Stale, "root-expired", "the trusted root has expired"),
		"local":       recap.Errorf(recap.Local, "root-unreadable", "permission denied"),
		"of no kind":  errors.New("boom"),
	}
	for name, cause := range broken {
		t.Run(name, func(t *testing.T) {
			s := newStore()
			root := s.newRoot(t)
			v := &notary{refuse: func(a policy.Authority) error {
				if a.Keyless != nil {
					return cause
				}
				return nil
			}}
			rule := policy.Rule{Authorities: []policy.Authority{ann, alice}}
			attachAll(t, s, root, by(t, "ann@example.com", about(root, signType)), []byte("garbage"))
			for _, mode := range []policy.Mode{policy.Enforce, policy.Warn} {
				rule.Mode = mode
				report, err := judged(t, v, rule, s, root)
				var refused *trust.RefusedError
				if !errors.Is(err, cause) || !errors.As(err, &refused) || errors.Is(err, recap.Untrusted) || !strings.Contains(err.Error(), root.Digest.String()) {
					t.Errorf("%s: got error %v, want %v", mode, err, cause)
				}
				for _, sig := range report.Signatures {
					if sig.Outcome != trust.Unreachable {
						t.Errorf("outcome %s of what nobody could verify", sig.Outcome)
					}
				}
			}
			s.attach(t, root, by(t, alice.Key, about(root, signType)), nil)
			if report, err := judged(t, v, rule, s, root); err != nil || !slices.Equal(report.Authorities, []string{"alice"}) {
				t.Errorf("a good signature by key was hidden: %v", err)
			}
		})
	}
	t.Run("an authority that makes no sense", func(t *testing.T) {
		s := newStore()
		root := s.newRoot(t)
		attachAll(t, s, root, by(t, "ann@example.com", about(root, signType)))
		v := &notary{refuse: func(policy.Authority) error { return recap.Errorf(recap.Usage, "bad-authority", "no") }}
		_, err := judged(t, v, policy.Rule{Authorities: []policy.Authority{ann}}, s, root)
		var refused *trust.RefusedError
		if !errors.Is(err, recap.Usage) || errors.As(err, &refused) {
			t.Errorf("got error %v, want %v", err, recap.Usage)
		}
	})
	t.Run("no certificate under an identity", func(t *testing.T) {
		s := newStore()
		root := s.newRoot(t)
		attachAll(t, s, root, by(t, "ann@example.com", about(root, signType)))
		if _, err := judged(t, careless{&notary{}}, policy.Rule{Authorities: []policy.Authority{ann}}, s, root); !errors.Is(err, trust.ErrBadSignature) {
			t.Errorf("T23: got error %v, want %v", err, trust.ErrBadSignature)
		}
	})
}

// The end of ctx while verifying is nobody's refusal.
func TestAdmitCanceledWhileVerifying(t *testing.T) {
	s := newStore()
	root := s.newRoot(t)
	attachAll(t, s, root, by(t, "ann@example.com", about(root, signType)))
	ctx, cancel := context.WithCancel(t.Context())
	v := &notary{refuse: func(policy.Authority) error { cancel(); return ctx.Err() }}
	gate, err := trust.NewGate(&policy.Policy{Rules: []policy.Rule{{Name: "r", Scopes: []string{"x.example/**"}, Authorities: []policy.Authority{mail("ann", "ann@example.com")}}}}, v, trust.GateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = gate.Admit(ctx, s, trust.Request{Name: "x.example/y", Root: root})
	var refused *trust.RefusedError
	if !errors.Is(err, context.Canceled) || errors.As(err, &refused) {
		t.Errorf("got error %v, want %v alone", err, context.Canceled)
	}
}
