// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package policy_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/recap-oci/recap/pkg/policy"
)

func TestDemanding(t *testing.T) {
	strict := policy.AttestationRule{PredicateType: "https://slsa.dev/provenance/v1", Authorities: []string{"ci"}}
	p := &policy.Policy{Rules: []policy.Rule{
		{Name: "both", Authorities: []policy.Authority{{Name: "ci"}, {Name: "editor"}}, Attestations: []policy.AttestationRule{strict}},
		{Name: "one", Authorities: []policy.Authority{{Name: "editor"}}},
	}}
	got := map[string][]policy.AttestationRule{}
	for _, rule := range p.Demanding(strict.PredicateType, "https://cyclonedx.org/bom", "https://cyclonedx.org/bom").Rules {
		got[rule.Name] = rule.Attestations
	}
	want := map[string][]policy.AttestationRule{
		"both": {strict, {PredicateType: "https://cyclonedx.org/bom", Authorities: []string{"ci", "editor"}}},
		"one": {
			{PredicateType: strict.PredicateType, Authorities: []string{"editor"}},
			{PredicateType: "https://cyclonedx.org/bom", Authorities: []string{"editor"}},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if len(p.Rules[0].Attestations) != 1 || p.Rules[1].Attestations != nil {
		t.Errorf("the policy itself demands more now: %+v", p.Rules)
	}
}
