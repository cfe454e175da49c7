// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package trust_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"

	"github.com/recap-oci/recap/pkg/policy"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/sigstore"
	"github.com/recap-oci/recap/pkg/trust"
)

// admit asks a gate that trusts alice alone.
func admit(t testing.TB, s content.ReadOnlyGraphStorage, root ocispec.Descriptor) (*trust.Admitted, error) {
	t.Helper()
	return admitUnder(t, policy.ForKeys(authorityOf(t, newSigner(t, "alice"))), s, root)
}

func admitUnder(t testing.TB, p *policy.Policy, s content.ReadOnlyGraphStorage, root ocispec.Descriptor) (*trust.Admitted, error) {
	t.Helper()
	gate, err := trust.NewGate(p, sigstore.NewVerifier(sigstore.VerifierOptions{}), trust.GateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return gate.Admit(t.Context(), s, trust.Request{Name: "registry.example.com/team/recap", Tag: "1", Root: root})
}

// outcomes returns what a report says of each referrer, sorted.
func outcomes(report trust.Report) []trust.Outcome {
	var list []trust.Outcome
	for _, s := range report.Signatures {
		list = append(list, s.Outcome)
	}
	slices.Sort(list)
	return list
}

func TestAdmit(t *testing.T) {
	alice, bob := newSigner(t, "alice"), newSigner(t, "bob")
	type out = []trust.Outcome
	const (
		good, bad, wrong, other = trust.Verified, trust.BadSignature, trust.WrongSigner, trust.NotASignature
		attested                = trust.Attestation
		unreachable             = trust.Unreachable
	)
	// attach is a referrer with a bundle by a signer over a statement.
	attach := func(s *store, root ocispec.Descriptor, by trust.Signer, statement string, edit func(*ocispec.Manifest)) ocispec.Descriptor {
		return s.attach(t, root, sign(t, by, statement), edit)
	}
	signed := func(by trust.Signer) func(*store, ocispec.Descriptor) {
		return func(s *store, root ocispec.Descriptor) { attach(s, root, by, about(root, signType), nil) }
	}
	stating := func(old, other string) func(*store, ocispec.Descriptor) {
		return func(s *store, root ocispec.Descriptor) {
			statement := about(root, signType)
			if !strings.Contains(statement, old) {
				t.Fatalf("%q is not in the statement", old)
			}
			attach(s, root, alice, strings.Replace(statement, old, other, 1), nil)
		}
	}
	edited := func(edit func(*ocispec.Manifest)) func(*store, ocispec.Descriptor) {
		return func(s *store, root ocispec.Descriptor) { attach(s, root, alice, about(root, signType), edit) }
	}
	claiming := func(predicateType string) func(*ocispec.Manifest) {
		return func(m *ocispec.Manifest) { m.Annotations["dev.sigstore.bundle.predicateType"] = predicateType }
	}
	all := func(parts ...func(*store, ocispec.Descriptor)) func(*store, ocispec.Descriptor) {
		return func(s *store, root ocispec.Descriptor) {
			for _, part := range parts {
				part(s, root)
			}
		}
	}
	// garbage claims to be alice's signature.
	garbage := func(s *store, root ocispec.Descriptor) { s.attach(t, root, []byte("garbage"), nil) }
	sbom := func(s *store, root ocispec.Descriptor) {
		s.attach(t, root, []byte("{}"), func(m *ocispec.Manifest) {
			m.ArtifactType, m.Annotations = "application/spdx+json", nil
			m.Layers[0].MediaType = "application/spdx+json"
		})
	}
	unreachableBundle := func(s *store, root ocispec.Descriptor) {
		layer := digest.FromBytes(sign(t, bob, about(root, signType)))
		s.answer = func(desc ocispec.Descriptor, data []byte) ([]byte, error) {
			if desc.Digest == layer {
				return nil, recap.Errorf(recap.Unavailable, "registry-error", "503 Service Unavailable")
			}
			return data, nil
		}
		signed(bob)(s, root)
	}

	tests := []struct {
		name  string // with the number of the case in the list of known attacks
		setup func(*store, ocispec.Descriptor)
		want  error // nil: admitted
		found out
	}{
		{"signed", signed(alice), nil, out{good}},
		{"by statement v0.1", stating("Statement/v1", "Statement/v0.1"), nil, out{good}},
		{"without annotations", edited(func(m *ocispec.Manifest) { m.Annotations = nil }), nil, out{good}},
		{"under a foreign artifact type", edited(func(m *ocispec.Manifest) { m.ArtifactType = "application/vnd.example+json" }), nil, out{good}},
		{"under the older layer type", edited(func(m *ocispec.Manifest) {
			m.Layers[0].MediaType = "application/vnd.dev.sigstore.bundle+json;version=0.3"
		}), nil, out{good}},
		{"case 4: annotation says provenance, payload says signature", edited(claiming(slsaType)), nil, out{good}},

		{"case 1: unsigned", all(), trust.ErrNoSignature, nil},
		{"case 2: provenance only", func(s *store, root ocispec.Descriptor) {
			attach(s, root, alice, about(root, slsaType), claiming(slsaType))
		}, trust.ErrNoSignature, out{attested}},
		{"case 4: annotation says signature, payload says provenance", func(s *store, root ocispec.Descriptor) { attach(s, root, alice, about(root, slsaType), nil) }, trust.ErrNoSignature, out{attested}},
		{"somebody else's provenance only", func(s *store, root ocispec.Descriptor) {
			attach(s, root, bob, about(root, slsaType), claiming(slsaType))
		}, trust.ErrNoSignature, out{wrong}},
		{"an SBOM only", sbom, trust.ErrNoSignature, out{other}},
		{"an index only", func(s *store, _ ocispec.Descriptor) {
			s.listed = append(s.listed, s.put(t, ocispec.MediaTypeImageIndex, []byte(`{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}`)))
		}, trust.ErrNoSignature, out{other}},

		{"a manifest of Docker's only", func(s *store, _ ocispec.Descriptor) {
			s.listed = append(s.listed, s.put(t, "application/vnd.docker.distribution.manifest.v2+json", []byte(`{"schemaVersion":2}`)))
		}, trust.ErrNoSignature, out{other}},

		{"case 5: over another digest", func(s *store, root ocispec.Descriptor) {
			another := ocispec.Descriptor{Digest: digest.FromString("another")}
			attach(s, root, alice, about(another, signType), nil)
		}, trust.ErrBadSignature, out{bad}},
		{"case 5: about nothing", stating(`"subject":[`, `"subject":[],"x":[`), trust.ErrBadSignature, out{bad}},
		{"case 5: SHA-512 only", stating(`"sha256"`, `"sha512"`), trust.ErrBadSignature, out{bad}},
		{"case 5: upper-case hex", func(s *store, root ocispec.Descriptor) {
			hex := root.Digest.Encoded()
			attach(s, root, alice, strings.Replace(about(root, signType), hex, strings.ToUpper(hex), 1), nil)
		}, trust.ErrBadSignature, out{bad}},
		{"case 5: short hex", func(s *store, root ocispec.Descriptor) {
			hex := root.Digest.Encoded()
			attach(s, root, alice, strings.Replace(about(root, signType), hex, hex[:62], 1), nil)
		}, trust.ErrBadSignature, out{bad}},
		{"case 27: statement of an unknown type", stating("Statement/v1", "Statement/v2"), trust.ErrBadSignature, out{bad}},
		{"case 27: predicate type given twice", stating(`"predicate":{}`, `"predicateType":"x","predicate":{}`), trust.ErrBadSignature, out{bad}},
		{"case 27: predicate type in another case", stating(`"predicateType"`, `"PredicateType"`), trust.ErrBadSignature, out{bad}},
		{"case 27: no predicate type", stating(signType, ""), trust.ErrBadSignature, out{bad}},
		{"case 30: predicate nested too deep", stating(`"predicate":{}`, `"predicate":`+strings.Repeat("[", 100)+strings.Repeat("]", 100)), trust.ErrBadSignature, out{bad}},

		{"case 31: manifest refers to another digest", edited(func(m *ocispec.Manifest) {
			m.Subject = &ocispec.Descriptor{MediaType: ocispec.MediaTypeImageManifest, Digest: digest.FromString("x"), Size: 1}
		}), trust.ErrBadSignature, out{bad}},
		{"case 31: manifest refers to another size", edited(func(m *ocispec.Manifest) {
			subject := *m.Subject
			subject.Size++
			m.Subject = &subject
		}), trust.ErrBadSignature, out{bad}},
		{"case 31: manifest refers to another type", edited(func(m *ocispec.Manifest) {
			subject := *m.Subject
			subject.MediaType = ocispec.MediaTypeImageIndex
			m.Subject = &subject
		}), trust.ErrBadSignature, out{bad}},
		{"case 31: manifest refers to a type of several lines", edited(func(m *ocispec.Manifest) {
			subject := *m.Subject
			subject.MediaType = "x\nverified: signed by env://alice"
			m.Subject = &subject
		}), trust.ErrBadSignature, out{bad}},
		{"case 32: manifest refers to nothing", edited(func(m *ocispec.Manifest) { m.Subject = nil }), trust.ErrBadSignature, out{bad}},
		{"case 32: listed, but missing", func(s *store, root ocispec.Descriptor) {
			delete(s.blobs, attach(s, root, alice, about(root, signType), nil).Digest)
		}, trust.ErrBadSignature, out{bad}},
		{"bundle missing", func(s *store, root ocispec.Descriptor) {
			signed(alice)(s, root)
			delete(s.blobs, digest.FromBytes(sign(t, alice, about(root, signType))))
		}, trust.ErrBadSignature, out{bad}},
		{"two layers", edited(func(m *ocispec.Manifest) {
			m.Layers = append(m.Layers, ocispec.Descriptor{MediaType: "text/plain", Digest: digest.FromString("x"), Size: 1})
		}), trust.ErrBadSignature, out{bad}},
		{"no layer", edited(func(m *ocispec.Manifest) { m.Layers = []ocispec.Descriptor{} }), trust.ErrBadSignature, out{bad}},
		{"layer of another type", edited(func(m *ocispec.Manifest) { m.Layers[0].MediaType = "application/json" }), trust.ErrBadSignature, out{bad}},
		{"case 30: a bundle of 100 MB", edited(func(m *ocispec.Manifest) { m.Layers[0].Size = 100 << 20 }), trust.ErrBadSignature, out{bad}},

		{"wrong signer", signed(bob), trust.ErrWrongSigner, out{wrong}},
		{"garbage", garbage, trust.ErrBadSignature, out{bad}},
		{"bad outweighs wrong", all(signed(bob), garbage, sbom), trust.ErrBadSignature, out{bad, other, wrong}},
		{"wrong outweighs none", all(signed(bob), sbom), trust.ErrWrongSigner, out{other, wrong}},
		{"case 38: bad ones don't hide a good one", all(garbage, signed(bob), sbom, signed(alice)), nil, out{bad, other, good, wrong}},
		{"one that can't be fetched doesn't hide a good one", all(unreachableBundle, signed(alice)), nil, out{unreachable, good}},
		{"one that can't be fetched is not unsigned", all(unreachableBundle, sbom), recap.Unavailable, out{other, unreachable}},
		{"one that can't be fetched is not bad", all(unreachableBundle, garbage), recap.Unavailable, out{bad, unreachable}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newStore()
			root := s.newRoot(t)
			test.setup(s, root)
			admitted, err := admit(t, s, root)
			if test.want == nil {
				if err != nil {
					t.Fatal(err)
				}
				report := admitted.Report()
				if !admitted.Verified() || admitted.Root().Digest != root.Digest || report.Verdict != trust.VerdictVerified || report.Code != "" {
					t.Errorf("admitted as %+v", report)
				}
				if diff := cmp.Diff([]string{"env://alice"}, report.Authorities); diff != "" {
					t.Errorf("authorities (-want +got):\n%s", diff)
				}
				if diff := cmp.Diff(test.found, outcomes(report), cmpopts.EquateEmpty()); diff != "" {
					t.Errorf("outcomes (-want +got):\n%s", diff)
				}
				return
			}
			var refused *trust.RefusedError
			if admitted != nil || !errors.As(err, &refused) || !errors.Is(err, test.want) {
				t.Fatalf("got %v, error %v, want refused for %v", admitted, err, test.want)
			}
			for _, sentinel := range []error{trust.ErrNoSignature, trust.ErrBadSignature, trust.ErrWrongSigner, trust.ErrThreshold, recap.Unavailable} {
				if !errors.Is(test.want, sentinel) && errors.Is(err, sentinel) {
					t.Errorf("refusal %v taken for %v", err, sentinel)
				}
			}
			if refused.Report.Verdict != trust.VerdictRefused || refused.Report.Code != code(err) || refused.Report.Reason != err.Error() {
				t.Errorf("report says %q, %q, %q beside %v", refused.Report.Verdict, refused.Report.Code, refused.Report.Reason, err)
			}
			if diff := cmp.Diff(test.found, outcomes(refused.Report), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("outcomes (-want +got):\n%s", diff)
			}
			for _, found := range refused.Report.Signatures {
				if found.Reason == "" || strings.Contains(found.Reason, "\n") {
					t.Errorf("no reason of one line for %+v", found)
				}
				if found.Authority != "" && found.Outcome != trust.Attestation {
					t.Errorf("%q vouches by %+v", found.Authority, found)
				}
			}
		})
	}
}

func code(err error) string {
	var e *recap.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// What is there instead of a signature is counted, attestations first.
func TestAdmitUnsignedSaysWhatThereIs(t *testing.T) {
	s := newStore()
	root := s.newRoot(t)
	alice := newSigner(t, "alice")
	s.attach(t, root, sign(t, alice, about(root, slsaType)), nil)
	s.attach(t, root, []byte("{}"), func(m *ocispec.Manifest) {
		m.ArtifactType, m.Layers[0].MediaType = "application/spdx+json", "application/spdx+json"
	})
	_, err := admit(t, s, root)
	if err == nil || !strings.Contains(err.Error(), "(2 referrers; the first: an attestation of type "+slsaType) {
		t.Errorf("got %v", err)
	}
}

// Each refusal has its own code, and says what to type.
func TestAdmitErrorsForPeople(t *testing.T) {
	alice, bob := newSigner(t, "alice"), newSigner(t, "bob")
	tests := []struct {
		name  string
		setup func(*store, ocispec.Descriptor)
		code  string
		text  string
		hint  string
	}{
		{"unsigned", func(*store, ocispec.Descriptor) {}, "unsigned", "no signature", "recap sign registry.example.com/team/recap@sha256:"},
		{"bad", func(s *store, root ocispec.Descriptor) { s.attach(t, root, []byte("x"), nil) }, "bad-signature", "not a Sigstore bundle", "recap verify registry.example.com/team/recap@sha256:"},
		{"wrong", func(s *store, root ocispec.Descriptor) { s.attach(t, root, sign(t, bob, about(root, signType)), nil) }, "wrong-signer", "another key", "--key"},
		{"could not ask", func(s *store, _ ocispec.Descriptor) {
			s.list = func(func([]ocispec.Descriptor) error) error { return errors.New("connection refused") }
		}, "referrers-unavailable", "connection refused", "try again"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newStore()
			root := s.newRoot(t)
			test.setup(s, root)
			_, err := admitUnder(t, policy.ForKeys(authorityOf(t, alice)), s, root)
			var e *recap.Error
			if !errors.As(err, &e) {
				t.Fatalf("got error %v", err)
			}
			if e.Code != test.code || !strings.Contains(e.Error(), test.text) || !strings.Contains(e.Error(), root.Digest.String()) || !strings.Contains(e.Hint, test.hint) {
				t.Errorf("got [%s] %q, hint %q", e.Code, e, e.Hint)
			}
		})
	}
}

func TestAdmitThreshold(t *testing.T) {
	alice, bob, carol := newSigner(t, "alice"), newSigner(t, "bob"), newSigner(t, "carol")
	believed := &policy.Policy{Source: "policy.yaml", Rules: []policy.Rule{{
		Name: "two of three", Scopes: []string{"registry.example.com/team/**"}, Threshold: 2,
		Authorities: []policy.Authority{authorityOf(t, alice), authorityOf(t, bob), authorityOf(t, carol)},
	}}}
	tests := []struct {
		name    string
		signers []trust.Signer
		want    error
		vouch   []string
	}{
		{"nobody", nil, trust.ErrNoSignature, nil},
		{"one", []trust.Signer{bob}, trust.ErrThreshold, []string{"env://bob"}},
		{"case 28: one twice", []trust.Signer{bob, bob}, trust.ErrThreshold, []string{"env://bob"}},
		{"one and a stranger", []trust.Signer{bob, newSigner(t, "mallory")}, trust.ErrThreshold, []string{"env://bob"}},
		{"two", []trust.Signer{carol, alice}, nil, []string{"env://alice", "env://carol"}},
		{"three", []trust.Signer{carol, alice, bob}, nil, []string{"env://alice", "env://bob", "env://carol"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newStore()
			root := s.newRoot(t)
			for i, signer := range test.signers {
				s.attach(t, root, sign(t, signer, about(root, signType)), func(m *ocispec.Manifest) { m.Annotations["n"] = fmt.Sprint(i) })
			}
			admitted, err := admitUnder(t, believed, s, root)
			if !errors.Is(err, test.want) {
				t.Fatalf("got error %v, want %v", err, test.want)
			}
			report := admitted.Report()
			var refused *trust.RefusedError
			if errors.As(err, &refused) {
				report = refused.Report
			}
			var e *recap.Error
			if errors.Is(err, trust.ErrThreshold) && (!errors.As(err, &e) || e.Hint != "1 more must sign it, of: env://alice, env://carol") {
				t.Errorf("got hint %q", e.Hint)
			}
			if diff := cmp.Diff(test.vouch, report.Authorities); diff != "" {
				t.Errorf("authorities (-want +got):\n%s", diff)
			}
			if report.Rule != "two of three" || report.Policy != "policy.yaml" || report.Threshold != 2 || report.Mode != policy.Enforce {
				t.Errorf("report names rule %q of %q, threshold %d, mode %q", report.Rule, report.Policy, report.Threshold, report.Mode)
			}
		})
	}
}

// A signature that one authority's key doesn't match is bad, even if others'
// keys don't match it either.
func TestAdmitBadUnderOneOfMany(t *testing.T) {
	alice, bob, carol := newSigner(t, "alice"), newSigner(t, "bob"), newSigner(t, "carol")
	believed := &policy.Policy{Rules: []policy.Rule{{
		Name: "any", Scopes: []string{"**"},
		Authorities: []policy.Authority{authorityOf(t, alice), authorityOf(t, bob), authorityOf(t, carol)},
	}}}
	s := newStore()
	root := s.newRoot(t)
	exchanged := sign(t, bob, about(root, signType))
	var b map[string]any
	if err := json.Unmarshal(exchanged, &b); err != nil {
		t.Fatal(err)
	}
	b["dsseEnvelope"].(map[string]any)["payload"] = []byte(about(root, slsaType))
	exchanged, err := json.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	s.attach(t, root, exchanged, nil)
	if _, err := admitUnder(t, believed, s, root); !errors.Is(err, trust.ErrBadSignature) {
		t.Errorf("got error %v, want %v", err, trust.ErrBadSignature)
	}
}

func TestAdmitWarn(t *testing.T) {
	believed := policy.ForKeys(authorityOf(t, newSigner(t, "alice")))
	believed.Rules[0].Mode = policy.Warn
	s := newStore()
	root := s.newRoot(t)
	admitted, err := admitUnder(t, believed, s, root)
	if err != nil {
		t.Fatal(err)
	}
	report := admitted.Report()
	if admitted.Verified() || report.Verdict != trust.VerdictWarned || report.Code != "unsigned" || report.Reason == "" {
		t.Errorf("admitted as %+v", report)
	}
	if err := admitted.Check(); err != nil {
		t.Error(err)
	}

	s.list = func(func([]ocispec.Descriptor) error) error { return errors.New("connection refused") }
	if _, err := admitUnder(t, believed, s, root); !errors.Is(err, recap.Unavailable) {
		t.Errorf("got error %v, want %v", err, recap.Unavailable)
	}

	s.list = nil
	delete(s.blobs, s.attach(t, root, sign(t, newSigner(t, "bob"), about(root, signType)), nil).Digest)
	if admitted, err := admitUnder(t, believed, s, root); err != nil || admitted.Report().Code != "bad-signature" {
		t.Errorf("got %+v, error %v", admitted.Report(), err)
	}
	s.attach(t, root, []byte("unreachable"), nil)
	s.answer = func(desc ocispec.Descriptor, data []byte) ([]byte, error) {
		if desc.MediaType == bundleType {
			return nil, errors.New("connection refused")
		}
		return data, nil
	}
	if _, err := admitUnder(t, believed, s, root); !errors.Is(err, recap.Unavailable) {
		t.Errorf("got error %v, want %v", err, recap.Unavailable)
	}

	s.answer = nil
	s.attach(t, root, sign(t, newSigner(t, "alice"), about(root, signType)), nil)
	if admitted, err := admitUnder(t, believed, s, root); err != nil || !admitted.Verified() {
		t.Errorf("got %+v, error %v", admitted.Report(), err)
	}
}

func TestAdmitWithoutRuleAsksNobody(t *testing.T) {
	s := newStore()
	root := s.newRoot(t)
	_, err := admitUnder(t, &policy.Policy{}, s, root)
	var refused *trust.RefusedError
	if !errors.As(err, &refused) || !errors.Is(err, policy.ErrNoRule) || !errors.Is(err, recap.Untrusted) || refused.Report.Code != "no-rule" {
		t.Errorf("got error %v, want %v", err, policy.ErrNoRule)
	}
	if n := s.count("list") + s.count("fetch"); n != 0 {
		t.Errorf("%d requests: %q", n, s.log)
	}
}

func TestReportJSON(t *testing.T) {
	s := newStore()
	root := s.newRoot(t)
	s.attach(t, root, sign(t, newSigner(t, "alice"), about(root, signType)), nil)
	admitted, err := admit(t, s, root)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(admitted.Report())
	if err != nil {
		t.Fatal(err)
	}
	var got trust.Report
	if err := json.Unmarshal(raw, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(admitted.Report(), got); diff != "" {
		t.Errorf("report lost in JSON (-want +got):\n%s", diff)
	}
	for _, name := range []string{"name", "tag", "digest", "verdict", "policy", "rule", "mode", "threshold", "authorities", "signatures", "artifactType", "predicateType", "outcome", "authority", "keyID", "algorithm"} {
		if !bytes.Contains(raw, []byte(`"`+name+`":`)) {
			t.Errorf("no %q in %s", name, raw)
		}
	}
}

func TestNewGateRefuses(t *testing.T) {
	if _, err := trust.NewGate(nil, sigstore.NewVerifier(sigstore.VerifierOptions{}), trust.GateOptions{}); !errors.Is(err, recap.Usage) {
		t.Errorf("no policy: got error %v, want %v", err, recap.Usage)
	}
	if _, err := trust.NewGate(&policy.Policy{}, nil, trust.GateOptions{}); !errors.Is(err, recap.Usage) {
		t.Errorf("no verifier: got error %v, want %v", err, recap.Usage)
	}
	if _, err := trust.NewGate(policy.ForKeys(policy.Authority{Name: "x"}), sigstore.NewVerifier(sigstore.VerifierOptions{}), trust.GateOptions{}); !errors.Is(err, recap.Usage) {
		t.Errorf("no key: got error %v, want %v", err, recap.Usage)
	}
}
