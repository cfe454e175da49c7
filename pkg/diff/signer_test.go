// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package diff

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/trust"
)

func TestSigners(t *testing.T) {
	certified := func(subject, authority string) trust.SignatureReport {
		return trust.SignatureReport{Outcome: trust.Verified, Authority: authority, KeyID: "ephemeral", Certificate: &trust.Certificate{Issuer: "https://issuer.example.com", Subject: subject}}
	}
	key := trust.SignatureReport{Outcome: trust.Verified, Authority: "security", KeyID: "abc"}
	report := func(verdict trust.Verdict, signatures ...trust.SignatureReport) trust.Report {
		return trust.Report{Verdict: verdict, Signatures: signatures}
	}
	ann, ben := Signer{"ci", "ann@example.com", "https://issuer.example.com"}, Signer{"ci", "ben@example.com", "https://issuer.example.com"}
	tests := []struct {
		name    string
		was, is trust.Report
		want    *SignerChange
	}{
		{"the same", report(trust.VerdictVerified, key), report(trust.VerdictVerified, key), nil},
		{"twice, and under another name", report(trust.VerdictVerified, certified("ann@example.com", "ci"), certified("ann@example.com", "ci")), report(trust.VerdictVerified, certified("ann@example.com", "team")), nil},
		{"another", report(trust.VerdictVerified, certified("ann@example.com", "ci")), report(trust.VerdictVerified, certified("ben@example.com", "ci")), &SignerChange{Added: []Signer{ben}, Removed: []Signer{ann}}},
		{"one more", report(trust.VerdictVerified, certified("ann@example.com", "ci")), report(trust.VerdictVerified, key, certified("ann@example.com", "ci")), &SignerChange{Added: []Signer{{Authority: "security", Identity: "sha256:abc"}}, Removed: []Signer{}}},
		{"a rule that only warns", report(trust.VerdictWarned), report(trust.VerdictVerified, certified("ann@example.com", "ci")), &SignerChange{Added: []Signer{ann}, Removed: []Signer{}}},
		{"who isn't one", report(trust.VerdictVerified, key), report(trust.VerdictVerified, key, trust.SignatureReport{Outcome: trust.WrongSigner, KeyID: "eve"}), nil},
		{"one's own files", report(trust.VerdictOwnSource), report(trust.VerdictVerified, key), nil},
		{"nobody looked", report(trust.VerdictVerified, key), report(trust.VerdictUnverified), nil},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			if d := cmp.Diff(tc.want, compareSigners(tc.was, tc.is)); d != "" {
				t.Errorf("signers (-want +got):\n%s", d)
			}
		})
	}
	many := report(trust.VerdictVerified, key, certified(strings.Repeat("x", 2*maxValue), "ci"))
	if got := signers(many); len(got) != 2 || len(got[1].Identity) > maxValue+len(ellipsis) {
		t.Errorf("signers %+v", got)
	}
}

// More changes than anybody reads are refused, not collected.
func TestCount(t *testing.T) {
	d := &differ{}
	if err := d.count(maxChanges); err != nil {
		t.Fatal(err)
	}
	if err := d.count(1); !errors.Is(err, recap.Unsafe) {
		t.Errorf("error %v", err)
	}
}
