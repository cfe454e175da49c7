// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"

	"github.com/recap-oci/recap/pkg/policy"
	"github.com/recap-oci/recap/pkg/ratchet"
	"github.com/recap-oci/recap/pkg/trust"
)

// What a rule that only warns admits is not remembered, and nothing says so.
func TestReportOfVersions(t *testing.T) {
	for _, tt := range []struct {
		name  string
		mode  policy.Mode
		known ratchet.Report
		want  string
	}{
		{"the first", policy.Enforce, ratchet.Report{State: ratchet.FirstUse, Version: "1.0.0"}, "1.0.0 is the first accepted under this tag; from now on none that is older is"},
		{"the first, warned of", policy.Warn, ratchet.Report{State: ratchet.FirstUse, Version: "1.0.0"}, "1.0.0; a rule that only warns remembers nothing, so an older one would not be noticed"},
		{"a later one", policy.Enforce, ratchet.Report{State: ratchet.Advanced, Version: "1.1.0", KnownVersion: "1.0.0"}, "1.1.0, after 1.0.0"},
		{"a later one, warned of", policy.Warn, ratchet.Report{State: ratchet.Advanced, Version: "1.1.0", KnownVersion: "1.0.0"}, "1.1.0, after 1.0.0, which stays what is remembered: the rule only warns"},
		{"the same, warned of", policy.Warn, ratchet.Report{State: ratchet.Same, Version: "1.0.0", KnownVersion: "1.0.0"}, "1.0.0, as before"},
		{"an older one, warned of", policy.Warn, ratchet.Report{State: ratchet.Off, Version: "1.0.0", Warning: "it went back"}, "what an enforcing rule would refuse; this one only warns"},
		{"without a state", policy.Warn, ratchet.Report{State: ratchet.Off, Version: "1.0.0"}, "nothing is remembered; an older one would not be noticed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := rollback(trust.Report{Mode: tt.mode, Rollback: tt.known}); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestReportOfSignatures(t *testing.T) {
	d := digest.FromString("x")
	attestation := trust.SignatureReport{
		Digest: d, Outcome: trust.Attestation, Authority: "ci", PredicateType: "https://slsa.dev/provenance/v1",
		Reason: "an attestation of type https://slsa.dev/provenance/v1, not a signature",
	}
	stranger := trust.SignatureReport{Digest: d, Outcome: trust.WrongSigner, Reason: "signed by another key"}
	for _, tt := range []struct {
		name    string
		explain bool
		report  trust.Report
		want    string
	}{
		{"an attestation", false, trust.Report{Verdict: trust.VerdictVerified, Signatures: []trust.SignatureReport{attestation}}, "  attestation  ci  https://slsa.dev/provenance/v1\n"},
		{"an attestation, explained", true, trust.Report{Verdict: trust.VerdictVerified, Signatures: []trust.SignatureReport{attestation}}, "  attestation  ci\n    type         https://slsa.dev/provenance/v1\n"},
		{"a wrong signer that the error names too", false, trust.Report{Verdict: trust.VerdictRefused, Reason: "x: signed by another key", Signatures: []trust.SignatureReport{stranger}}, "  wrong-signer  signed by another key\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var b strings.Builder
			(&reportPrinter{w: &b, explain: tt.explain}).print("r@"+d.String(), tt.report)
			if !strings.Contains(b.String(), tt.want) || strings.Contains(b.String(), "not-a-signature") || strings.Contains(b.String(), "not a signature") {
				t.Errorf("got\n%swant\n%s", b.String(), tt.want)
			}
		})
	}
}
