// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package trust

// Mode says what happens to a digest that a rule's authorities don't vouch for.
type Mode string

// The modes.
const (
	Enforce Mode = "enforce" // it is refused; what an empty Mode means
	Warn    Mode = "warn"    // it is admitted with VerdictWarned
)

// Policy is whom the user trusts for which names.
type Policy struct {
	// Source says where the policy came from: a path, or the flag that
	// replaces the user's policy for one run.
	Source string

	// Rules of which exactly one applies to a name. None: nobody is trusted.
	Rules []Rule
}

// Rule is whom the user trusts for the names in its scopes.
type Rule struct {
	Name   string
	Scopes []string // patterns of names; see [Policy.RuleFor]
	Mode   Mode

	// Authorities whose signatures count, each once.
	Authorities []Authority

	// Threshold is how many distinct authorities must vouch; 0 means 1.
	Threshold int
}

// KeyPolicy returns the policy of a run with --key: one authority for every
// name, enforced.
func KeyPolicy(a Authority) *Policy {
	return &Policy{
		Source: "--key " + a.Name,
		Rules:  []Rule{{Name: "--key", Scopes: []string{"**"}, Mode: Enforce, Authorities: []Authority{a}, Threshold: 1}},
	}
}
