// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"fmt"
	"slices"
	"strings"

	"github.com/recap-oci/recap/pkg/policy"
)

// attested says which of the attestations that the rule asks for are there. One
// counts when its signed statement, not an annotation, is of the type and about
// the root, and an authority that may make it signed it.
func (f findings) attested(rule policy.Rule) []AttestationReport {
	var list []AttestationReport
	for _, asked := range rule.Attestations {
		report := AttestationReport{PredicateType: asked.PredicateType}
		for _, c := range f.candidates {
			if i := c.attests(rule, asked); i >= 0 {
				report.Met, report.Authority, report.Digest = true, rule.Authorities[i].Name, c.report.Digest
				break
			}
		}
		list = append(list, report)
	}
	return list
}

// attests returns the index of the authority by which c is the attestation
// asked for, or -1.
func (c candidate) attests(rule policy.Rule, asked policy.AttestationRule) int {
	if c.statement.PredicateType != asked.PredicateType {
		return -1
	}
	at := slices.IndexFunc(c.vouching, func(i int) bool { return mayMake(asked, rule.Authorities[i].Name) })
	if at < 0 {
		return -1
	}
	return c.vouching[at]
}

// mayMake reports whether the authority may make the attestation; any of the rule
// may where none is named.
func mayMake(asked policy.AttestationRule, authority string) bool {
	return len(asked.Authorities) == 0 || slices.Contains(asked.Authorities, authority)
}

// unattested is the refusal of what is signed, and lacks an attestation.
func (report *Report) unattested(asked policy.AttestationRule, found findings) error {
	whose := "any authority of the rule"
	if len(asked.Authorities) > 0 {
		whose = strings.Join(asked.Authorities, " or ")
	}
	instead := ""
	for _, c := range found.candidates {
		// A type that nobody signed is a claim. Taking it for true changes
		// no more than what the refusal says.
		if c.report.PredicateType != asked.PredicateType {
			continue
		}
		if instead == "" || c.report.Outcome == BadSignature {
			why := c.report.Reason
			if c.report.Authority != "" {
				why = "it is by " + c.report.Authority
			}
			instead = fmt.Sprintf("; the one in %s doesn't count: %s", c.report.Digest, why)
		}
	}
	return refusal(ErrNoAttestation, "%s: %w of type %s by %s%s", report.object(), ErrNoAttestation, asked.PredicateType, whose, instead).
		WithHint("its publisher adds it with: recap attest %s --type %s --predicate FILE; each check: %s", report.reference(), asked.PredicateType, report.explainCommand())
}
