// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package trust_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/recap-oci/recap/pkg/policy"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/trust"
)

func TestObserve(t *testing.T) {
	s := newStore()
	root := s.newRoot(t)
	claims := map[string]string{"sourceRepositoryURI": "https://github.com/acme/recaps"}
	lacking := sealed{Certificate: certified("https://issuer.example.com", "dan@example.com", nil), Payload: about(root, signType)}
	attachAll(t, s, root,
		by(t, certified(githubIssuer, workflow, claims), about(root, signType)),
		by(t, "ann@example.com", about(root, signType)),
		by(t, "ben@example.com", about(root, slsaType)),
		by(t, holder(t, "alice").Key, about(root, signType)),
		by(t, "eve@example.com", "garbage"),
		lacking.bytes(t),
	)
	report, err := trust.Observe(t.Context(), s, root, &notary{})
	if err != nil {
		t.Fatal(err)
	}
	if report.Verdict != trust.VerdictObserved || report.Digest != root.Digest || report.Authorities != nil || report.Rule != "" {
		t.Errorf("got %+v", report)
	}
	got := make(map[string]trust.Outcome)
	for _, sig := range report.Signatures {
		who := sig.Reason
		if sig.Certificate != nil {
			who = sig.Certificate.Subject
		}
		got[who] = sig.Outcome
		if sig.Authority != "" {
			t.Errorf("%q is an authority of nobody's rule", sig.Authority)
		}
		if who == workflow && sig.Certificate.Claims["sourceRepositoryURI"] == "" {
			t.Errorf("claims were lost: %+v", sig.Certificate)
		}
	}
	want := map[string]trust.Outcome{
		workflow: trust.Verified, "ann@example.com": trust.Verified, "ben@example.com": trust.Attestation,
		"signed with a key, not with a certificate": trust.WrongSigner, "eve@example.com": trust.BadSignature, "0 of 1 log entries": trust.BadSignature,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("observed (-want +got):\n%s", diff)
	}
}

func TestObserveUnsigned(t *testing.T) {
	s := newStore()
	root := s.newRoot(t)
	if report, err := trust.Observe(t.Context(), s, root, &notary{}); err != nil || len(report.Signatures) != 0 || report.Signatures == nil {
		t.Errorf("got %+v, error %v", report, err)
	}
}

func TestObserveRefuses(t *testing.T) {
	cause := recap.Errorf(recap.Unavailable, "root-unavailable", "503")
	tests := []struct {
		name  string
		setup func(s *store, root *ocispec.Descriptor, v *notary)
		want  error
	}{
		{"could not list", func(s *store, _ *ocispec.Descriptor, _ *notary) {
			s.list = func(func([]ocispec.Descriptor) error) error { return errors.New("connection refused") }
		}, recap.Unavailable},
		{"could not verify", func(_ *store, _ *ocispec.Descriptor, v *notary) {
			v.refuse = func(policy.Authority) error { return cause }
		}, cause},
		{"not a root", func(_ *store, root *ocispec.Descriptor, _ *notary) { root.Digest = digest.SHA512.FromString("x") }, recap.Usage},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s, v := newStore(), &notary{}
			root := s.newRoot(t)
			attachAll(t, s, root, by(t, "ann@example.com", about(root, signType)))
			test.setup(s, &root, v)
			if report, err := trust.Observe(t.Context(), s, root, v); !errors.Is(err, test.want) || report.Verdict != "" {
				t.Errorf("got %+v, error %v, want %v", report, err, test.want)
			}
		})
	}
}
