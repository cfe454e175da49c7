// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package trust_test

import (
	"errors"
	"testing"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/trust"
)

func TestAdmittedCheck(t *testing.T) {
	root := ocispec.Descriptor{MediaType: ocispec.MediaTypeImageManifest, Digest: digest.FromString("x"), Size: 1}
	tests := []struct {
		name     string
		admitted *trust.Admitted
		verdict  trust.Verdict
	}{
		{"nil", nil, ""},
		{"zero value", &trust.Admitted{}, ""},
		{"own source without a digest", trust.OwnSource(ocispec.Descriptor{}), ""},
		{"unverified with a bad digest", trust.UnverifiedUnsafe(ocispec.Descriptor{Digest: "sha256:x"}), ""},
		{"own source", trust.OwnSource(root), trust.VerdictOwnSource},
		{"unverified", trust.UnverifiedUnsafe(root), trust.VerdictUnverified},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := test.admitted.Check()
			if test.admitted.Verified() {
				t.Error("counts as verified")
			}
			if test.verdict == "" {
				if !errors.Is(err, recap.Untrusted) || code(err) != "not-admitted" {
					t.Errorf("got error %v, want %v", err, recap.Untrusted)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := test.admitted.Report(); got.Verdict != test.verdict || got.Digest != root.Digest {
				t.Errorf("got %+v, want verdict %q", got, test.verdict)
			}
			if got := test.admitted.Root(); got.Digest != root.Digest || got.Size != root.Size || got.MediaType != root.MediaType {
				t.Errorf("got root %v, want %v", got, root)
			}
		})
	}
}

// What a caller does to a report, or where the root came from, changes nothing.
func TestAdmittedNeverChanges(t *testing.T) {
	s := newStore()
	root := s.newRoot(t)
	s.attach(t, root, sign(t, newSigner(t, "alice"), about(root, signType)), nil)
	dressed := root
	dressed.Annotations = map[string]string{"who": "knows"}
	dressed.URLs = []string{"https://example.com"}
	admitted, err := admit(t, s, dressed)
	if err != nil {
		t.Fatal(err)
	}
	if got := admitted.Root(); got.Annotations != nil || got.URLs != nil {
		t.Errorf("what nobody signed was admitted too: %+v", got)
	}
	report := admitted.Report()
	report.Signatures[0].Authority = "mallory"
	report.Authorities[0] = "mallory"
	report.Verdict = trust.VerdictRefused
	if again := admitted.Report(); again.Signatures[0].Authority != "env://alice" || again.Authorities[0] != "env://alice" || !admitted.Verified() {
		t.Errorf("report changed to %+v", again)
	}
}

func TestRejectionIsAlwaysARefusal(t *testing.T) {
	for outcome, want := range map[trust.Outcome]error{
		trust.WrongSigner:   trust.ErrWrongSigner,
		trust.BadSignature:  trust.ErrBadSignature,
		trust.Verified:      trust.ErrBadSignature, // a verifier's mistake
		trust.NotASignature: trust.ErrBadSignature,
		trust.Attestation:   trust.ErrBadSignature,
		"":                  trust.ErrBadSignature,
	} {
		if err := trust.Rejectf(outcome, "because"); !errors.Is(err, want) || !errors.Is(err, recap.Untrusted) {
			t.Errorf("%q: got %v, want %v", outcome, err, want)
		}
	}
}
