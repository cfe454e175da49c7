// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package policy

import "slices"

// Demanding returns a policy each of whose rules demands, besides what it demands
// anyway, an attestation of each of these types, by any of the rule's own
// authorities. What a rule says of a type itself stays: it may be stricter. p is
// as it was.
func (p *Policy) Demanding(predicateTypes ...string) *Policy {
	demanding := *p
	demanding.Rules = slices.Clone(p.Rules)
	for i := range demanding.Rules {
		rule := &demanding.Rules[i]
		rule.Attestations = slices.Clone(rule.Attestations)
		var names []string
		for _, a := range rule.Authorities {
			names = append(names, a.Name)
		}
		for _, wanted := range predicateTypes {
			if !slices.ContainsFunc(rule.Attestations, func(a AttestationRule) bool { return a.PredicateType == wanted }) {
				rule.Attestations = append(rule.Attestations, AttestationRule{PredicateType: wanted, Authorities: names})
			}
		}
	}
	return &demanding
}
