// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package trust_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/recap-oci/recap/pkg/policy"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/trust"
)

func provenance(text string) trust.Predicate {
	return trust.Predicate{Type: slsaType, JSON: json.RawMessage(text)}
}

// ann signs by certificate, and says so beforehand.
func ann() *sealingSigner {
	a := mail("ann@example.com", "ann@example.com")
	return &sealingSigner{forecast: a, exact: a, who: certified("https://issuer.example.com", "ann@example.com", nil)}
}

func seal(t testing.TB, s *store, root ocispec.Descriptor, signer trust.Signer, predicates ...trust.Predicate) (trust.Report, error) {
	t.Helper()
	sealer, err := trust.NewSealer(signer, &notary{}, predicates...)
	if err != nil {
		t.Fatal(err)
	}
	return sealer.Seal(t.Context(), s, root)
}

func added(report trust.Report) int {
	n := 0
	for _, sig := range report.Signatures {
		if sig.Added {
			n++
		}
	}
	return n
}

func TestSealPredicates(t *testing.T) {
	s := newStore()
	root := s.newRoot(t)
	s.log = nil
	signer := ann()
	const sbom = "https://cyclonedx.org/bom"
	report, err := seal(t, s, root, signer, trust.SignPredicate(), provenance(`{"b":1,"a":[2.0]}`), trust.Predicate{Type: sbom, JSON: json.RawMessage(`{"c":{}}`)})
	if err != nil {
		t.Fatal(err)
	}
	if added(report) != 3 || len(report.Signatures) != 3 || report.Rule != "signing identity ann@example.com" || report.Verdict != trust.VerdictVerified {
		t.Errorf("got %+v", report)
	}
	want := []trust.AttestationReport{{PredicateType: slsaType, Met: true, Authority: "ann@example.com"}, {PredicateType: sbom, Met: true, Authority: "ann@example.com"}}
	for i, a := range report.Attestations {
		var m ocispec.Manifest
		if err := json.Unmarshal(s.blobs[a.Digest], &m); err != nil || m.Annotations["dev.sigstore.bundle.predicateType"] != a.PredicateType || m.ArtifactType != bundleType || m.Subject.Digest != root.Digest {
			t.Errorf("manifest of %s: %+v, error %v", a.PredicateType, m, err)
		}
		report.Attestations[i].Digest = ""
	}
	if diff := cmp.Diff(want, report.Attestations); diff != "" {
		t.Errorf("attestations (-want +got):\n%s", diff)
	}
	subject := `"subject":[{"annotations":{},"digest":{"sha256":"` + root.Digest.Encoded() + `"}}]`
	statements := []string{
		`{"_type":"https://in-toto.io/Statement/v1","predicate":{},"predicateType":"` + signType + `",` + subject + `}`,
		`{"_type":"https://in-toto.io/Statement/v1","predicate":{"a":[2],"b":1},"predicateType":"` + slsaType + `",` + subject + `}`,
		`{"_type":"https://in-toto.io/Statement/v1","predicate":{"c":{}},"predicateType":"` + sbom + `",` + subject + `}`,
	}
	if diff := cmp.Diff(slices.Sorted(slices.Values(statements)), slices.Sorted(slices.Values(signer.signed))); diff != "" { // they are signed at once
		t.Errorf("statements (-want +got):\n%s", diff)
	}

	// All bundles lie there before a manifest refers to one, and one listing
	// before and one after are enough.
	var order []string
	for _, line := range s.log {
		if strings.HasPrefix(line, "push "+ocispec.MediaTypeImageManifest) || line == "list" {
			order = append(order, line)
		} else if strings.HasPrefix(line, "push") && slices.Contains(order, "push "+ocispec.MediaTypeImageManifest) {
			t.Errorf("%s after a manifest: %q", line, s.log)
		}
	}
	manifest := "push " + ocispec.MediaTypeImageManifest
	if diff := cmp.Diff([]string{"list", manifest, manifest, manifest, "list"}, order); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
	rule := policy.Rule{Authorities: []policy.Authority{mail("ann", "ann@example.com")}, Attestations: []policy.AttestationRule{{PredicateType: slsaType}, {PredicateType: sbom}}}
	if _, err := judged(t, &notary{}, rule, s, root); err != nil {
		t.Errorf("not admitted: %v", err)
	}
}

// What the same signer said already, word for word, is not said again.
func TestSealSaysNothingTwice(t *testing.T) {
	tests := []struct {
		name  string
		first func(t *testing.T, s *store, root ocispec.Descriptor)
		say   []trust.Predicate
		want  int // added
	}{
		{"all", nil, []trust.Predicate{trust.SignPredicate(), provenance(`{"a":1,"b":{}}`)}, 0},
		{"in another spelling", nil, []trust.Predicate{trust.SignPredicate(), provenance(` { "b": {}, "\u0061": 1.0 } `)}, 0},
		{"one is new", nil, []trust.Predicate{trust.SignPredicate(), provenance(`{"a":2,"b":{}}`)}, 1},
		{"both are there by another signer", func(t *testing.T, s *store, root ocispec.Descriptor) {
			s.listed = nil
			attachAll(t, s, root, by(t, "ben@example.com", about(root, signType)), by(t, "ben@example.com", strings.Replace(about(root, slsaType), `"predicate":{}`, `"predicate":{"a":1,"b":{}}`, 1)))
		}, []trust.Predicate{trust.SignPredicate(), provenance(`{"a":1,"b":{}}`)}, 2},
		{"both are there without evidence", func(t *testing.T, s *store, root ocispec.Descriptor) {
			s.listed = nil
			for _, kind := range []string{signType, slsaType} {
				b := sealed{Certificate: certified("https://issuer.example.com", "ann@example.com", nil), Payload: strings.Replace(about(root, kind), `"predicate":{}`, `"predicate":{"a":1,"b":{}}`, 1)}
				attachAll(t, s, root, b.bytes(t))
			}
		}, []trust.Predicate{trust.SignPredicate(), provenance(`{"a":1,"b":{}}`)}, 2},
		{"attestation alone, the signature is there", nil, []trust.Predicate{provenance(`{"a":1,"b":{}}`)}, 0},
		{"attestation of another type", nil, []trust.Predicate{{Type: "https://example.com/other", JSON: json.RawMessage(`{"a":1,"b":{}}`)}}, 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newStore()
			root := s.newRoot(t)
			if _, err := seal(t, s, root, ann(), trust.SignPredicate(), provenance(`{"a":1,"b":{}}`)); err != nil {
				t.Fatal(err)
			}
			if test.first != nil {
				test.first(t, s, root)
			}
			signer := ann()
			pushes := s.count("push")
			report, err := seal(t, s, root, signer, test.say...)
			if err != nil {
				t.Fatal(err)
			}
			if added(report) != test.want || len(signer.signed) != test.want {
				t.Errorf("%d added, %d signed, want %d", added(report), len(signer.signed), test.want)
			}
			if test.want == 0 && s.count("push") != pushes {
				t.Errorf("pushes for what was there: %q", s.log)
			}
			for _, a := range report.Attestations {
				if !a.Met || a.Digest == "" {
					t.Errorf("got %+v", a)
				}
			}
		})
	}
}

// Who the signer is may become known by signing only. Then nothing is skipped,
// and what was signed is verified under who it turned out to be.
func TestSealForecast(t *testing.T) {
	annID, benID := mail("ann", "ann@example.com"), mail("ben", "ben@example.com")
	nobody := policy.Authority{Name: "unknown yet"}
	certificate := certified("https://issuer.example.com", "ann@example.com", nil)
	tests := []struct {
		name   string
		signer *sealingSigner
		want   error
		text   string
	}{
		{"known", &sealingSigner{forecast: annID, exact: annID, who: certificate}, nil, ""},
		{"unknown", &sealingSigner{forecast: nobody, exact: annID, who: certificate}, nil, ""},
		{"forecast of somebody else", &sealingSigner{forecast: benID, exact: annID, who: certificate}, nil, ""},
		{"unknown afterwards too", &sealingSigner{forecast: nobody, exact: nobody, who: certificate}, recap.Usage, "nothing was added"},
		{"says it is another", &sealingSigner{forecast: annID, exact: benID, who: certificate}, trust.ErrWrongSigner, "nothing was added: wrong signer: the new signature is by ann@example.com, by the word of https://issuer.example.com, and not by who was to sign"},
		{"says it has a certificate", &sealingSigner{forecast: annID, exact: annID, who: holder(t, "alice").Key}, trust.ErrWrongSigner, "nothing was added: the new signature doesn't verify"},
		{"says it is a key", &sealingSigner{forecast: holder(t, "alice"), exact: holder(t, "alice"), who: certificate}, trust.ErrWrongSigner, "nothing was added"},
		{"lacks evidence", &sealingSigner{forecast: annID, exact: annID, who: certificate, lacking: true}, trust.ErrBadSignature, "0 of 1 log entries"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newStore()
			root := s.newRoot(t)
			attachAll(t, s, root, by(t, "ann@example.com", "garbage"), by(t, "cat@example.com", about(root, signType)))
			s.log = nil
			report, err := seal(t, s, root, test.signer, trust.SignPredicate())
			if !errors.Is(err, test.want) || (err != nil && !strings.Contains(err.Error(), test.text)) {
				t.Fatalf("got error %v, want %v with %q", err, test.want, test.text)
			}
			if err != nil {
				if n := s.count("push"); n != 0 {
					t.Errorf("%d pushes", n)
				}
				return
			}
			if added(report) != 1 || !slices.Equal(report.Authorities, []string{"ann"}) {
				t.Errorf("got %+v", report)
			}
			for _, sig := range report.Signatures {
				if sig.Added && (sig.Outcome != trust.Verified || sig.Authority != "ann" || sig.Certificate.Subject != "ann@example.com") {
					t.Errorf("got %+v", sig)
				}
			}
		})
	}
}

// Nobody signs, and so publishes who they are, what can't be verified anyway.
func TestSealVerifierInTrouble(t *testing.T) {
	s := newStore()
	root := s.newRoot(t)
	attachAll(t, s, root, by(t, "ann@example.com", about(root, signType)))
	cause := recap.Errorf(recap.Unavailable, "root-unavailable", "503")
	signer := ann()
	sealer, err := trust.NewSealer(signer, &notary{refuse: func(policy.Authority) error { return cause }}, trust.SignPredicate())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sealer.Seal(t.Context(), s, root); !errors.Is(err, cause) || len(signer.signed) != 0 || !strings.Contains(err.Error(), "nothing was added") {
		t.Errorf("got error %v after signing %q", err, signer.signed)
	}
}

// A verifier that says yes and not to whom proves nothing.
func TestSealWithoutCertificate(t *testing.T) {
	s := newStore()
	root := s.newRoot(t)
	s.log = nil
	sealer, err := trust.NewSealer(ann(), careless{&notary{}}, trust.SignPredicate())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sealer.Seal(t.Context(), s, root); !errors.Is(err, trust.ErrWrongSigner) || s.count("push") != 0 {
		t.Errorf("got error %v after %q, want %v", err, s.log, trust.ErrWrongSigner)
	}
}

// Of several new manifests all may be lost to another writer.
func TestSealListsAgainAllOfThree(t *testing.T) {
	s := newStore()
	root := s.newRoot(t)
	s.forget = 3
	report, err := seal(t, s, root, ann(), trust.SignPredicate(), provenance(`{"a":1}`), provenance(`{"a":2}`))
	if err != nil || added(report) != 3 || len(s.listed) != 3 {
		t.Errorf("got %+v, error %v, %d listed", report, err, len(s.listed))
	}
}

// The limit of referrers counts all that would be added.
func TestSealPredicatesLimit(t *testing.T) {
	for room, want := range map[int]error{1: recap.Unsafe, 2: nil} {
		s := newStore()
		root := s.newRoot(t)
		for i := range recap.MaxReferrers - room {
			s.attach(t, root, []byte("x"), func(m *ocispec.Manifest) { m.Annotations["n"] = fmt.Sprint(i) })
		}
		signer := ann()
		_, err := seal(t, s, root, signer, trust.SignPredicate(), provenance(`{}`))
		if !errors.Is(err, want) || (err != nil && len(signer.signed) != 0) {
			t.Errorf("room for %d: got error %v after %d statements, want %v", room, err, len(signer.signed), want)
		}
	}
}

// A bundle that nobody would read is not pushed.
func TestSealTooLarge(t *testing.T) {
	s := newStore()
	root := s.newRoot(t)
	s.log = nil
	_, err := seal(t, s, root, ann(), provenance(`{"a":"`+strings.Repeat("x", recap.MaxSigstoreBundle)+`"}`))
	if !errors.Is(err, recap.Unsafe) || s.count("push") != 0 {
		t.Errorf("got error %v after %q, want %v", err, s.log, recap.Unsafe)
	}
}

func TestNewSealerRefusesPredicates(t *testing.T) {
	sign := trust.SignPredicate()
	for name, predicates := range map[string][]trust.Predicate{
		"no type":            {{JSON: json.RawMessage("{}")}},
		"no JSON":            {{Type: slsaType}},
		"not JSON":           {provenance("{")},
		"null":               {provenance("null")},
		"not an object":      {provenance("[]")},
		"two readings":       {provenance(`{"a":1,"a":2}`)},
		"a signature twice":  {sign, sign},
		"the same twice":     {provenance(`{"a":1}`), sign, provenance(`{"a":1}`)},
		"a number too large": {provenance(`{"a":1e999}`)},
	} {
		if _, err := trust.NewSealer(ann(), &notary{}, predicates...); !errors.Is(err, recap.Usage) || code(err) != "bad-predicate" {
			t.Errorf("%s: got error %v, want %v", name, err, recap.Usage)
		}
	}
	if _, err := trust.NewSealer(ann(), &notary{}, provenance(`{"a":1}`), provenance(`{"a":2}`)); err != nil {
		t.Errorf("two of one type: %v", err)
	}
}
