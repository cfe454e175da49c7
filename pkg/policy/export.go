// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"slices"

	"github.com/recap-oci/recap/pkg/recap"
)

// Export returns the policy as a file that stands alone, to be carried
// elsewhere: keys are written out, and the trusted root is the file at
// trustedRoot, relative to it; "" names none, for a policy that needs none. Comments
// stay behind. A policy without rules, or
// one that can't be written so that it means the same, is recap.Usage with code
// bad-policy.
func (p *Policy) Export(trustedRoot string) ([]byte, error) {
	if err := p.Check(); err != nil {
		return nil, err
	}
	if len(p.Rules) == 0 {
		return nil, p.errorf("it has no rule")
	}
	var text []byte
	for _, rule := range slices.Backward(p.Rules) {
		var err error
		if text, err = withRule(p.Source, text, rule, TrustedRoot{Path: trustedRoot}); err != nil {
			return nil, err
		}
	}
	written, problems := Parse(trustedRoot, text, nil)
	if written == nil {
		return nil, mistakes(p.Source, problems)
	}
	if !sameRules(written.Rules, p.Rules) {
		return nil, recap.Errorf(recap.Usage, "bad-policy", "policy %s can't be written as one file", p.Source)
	}
	return text, nil
}
