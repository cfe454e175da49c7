// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package evidence

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/recap-oci/recap/pkg/policy"
	"github.com/recap-oci/recap/pkg/trust"
)

// TestJudge: what is required has to be there, each kind for itself; the checks are
// those made, up to the first that failed.
func TestJudge(t *testing.T) {
	counted := func(logs, stamps int) *Findings {
		f := &Findings{}
		f.pass(CheckSignature, "by %s", "somebody")
		f.steps = append(f.steps, step{name: checkTLog, counts: true, count: logs, detail: "logs", missing: "another log"},
			step{name: checkTimestamps, counts: true, count: stamps, detail: "stamps"})
		return f
	}
	failing := counted(1, 1).fail(checkValidity, trust.WrongSigner, "too late")
	bare := &Findings{}
	bare.pass(CheckSignature, "by a key")
	for _, tt := range []struct {
		name   string
		found  *Findings
		need   policy.Require
		reason string
		checks string
	}{
		{"nothing is required or there", counted(0, 0), policy.Require{}, "", "+signature"},
		{"more than is required", counted(2, 1), policy.Require{TLog: 1}, "", "+signature +tlog +timestamps"},
		{"as much as is required", counted(2, 1), policy.Require{TLog: 2, Timestamps: 1}, "", "+signature +tlog +timestamps"},
		{"a log less", counted(1, 1), policy.Require{TLog: 2}, "2 transparency logs are required, and it has 1: another log", "+signature -tlog"},
		{"no log", counted(0, 1), policy.Require{TLog: 1}, "no transparency log of the trusted root has an entry for it", "+signature -tlog"},
		{"a timestamp less", counted(1, 1), policy.Require{Timestamps: 2}, "2 witnesses of the time", "+signature +tlog -timestamps"},
		{"a check that failed", failing, policy.Require{}, "too late", "+signature +tlog +timestamps -validity"},
		{"too little before a check that failed", failing, policy.Require{TLog: 9}, "9 transparency logs", "+signature -tlog"},
		{"logs that nobody looked for", bare, policy.Require{TLog: 1}, "no transparency log", "+signature -tlog"},
		{"timestamps that nobody looked for", bare, policy.Require{Timestamps: 1}, "nobody whom the trusted root names", "+signature -timestamps"},
		{"certificate logs that nobody looked for", counted(1, 1), policy.Require{SCT: 1}, "no certificate log", "+signature +tlog +timestamps -sct"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, rejection := tt.found.Judge(tt.need)
			checks := got.Checks
			if tt.reason == "" {
				if rejection != nil {
					t.Fatal(rejection)
				}
			} else {
				if rejection == nil || !strings.Contains(rejection.Reason, tt.reason) || got.KeyID != "" || got.Checks != nil {
					t.Fatalf("got %+v, %v; want %q", got, rejection, tt.reason)
				}
				checks = rejection.Checks
			}
			var all []string
			for _, c := range checks {
				all = append(all, map[bool]string{true: "+", false: "-"}[c.Passed]+c.Name)
			}
			if diff := cmp.Diff(tt.checks, strings.Join(all, " ")); diff != "" {
				t.Errorf("checks (-want +got):\n%s", diff)
			}
		})
	}
	// Several are judged by the same findings, and don't hear of each other.
	if _, rejection := failing.Judge(policy.Require{}); !errors.Is(rejection, trust.ErrWrongSigner) {
		t.Errorf("got %v", rejection)
	} else {
		rejection.Checks[0].Detail, rejection.Reason = "changed", "changed"
	}
	if _, again := failing.Judge(policy.Require{}); again.Reason != "too late" || again.Checks[0].Detail == "changed" {
		t.Errorf("got %+v", again)
	}
}
