// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"fmt"
	"slices"

	"github.com/recap-oci/recap/pkg/internal/scope"
	"github.com/recap-oci/recap/pkg/recap"
)

// SignatureType is the predicate type of a signature, as cosign v3 writes it. A
// statement of any other type attests to something else.
const SignatureType = "https://sigstore.dev/cosign/sign/v1"

// ErrNoRule is that no rule of a policy applies to a name, so that nobody is
// trusted for it. It is recap.Untrusted.
var ErrNoRule error = recap.Errorf(recap.Untrusted, "no-rule", "no rule applies")

// Mode says what happens to a digest that a rule's authorities don't vouch for.
type Mode string

// The modes.
const (
	Enforce Mode = "enforce" // it is refused; what an empty Mode means
	Warn    Mode = "warn"    // it is used, with a warning
)

// Policy is whom the user trusts for which names.
type Policy struct {
	// Source says where the policy came from: a path, or the flag that
	// replaces the user's policy for one run.
	Source string

	// TrustedRoot is the Sigstore instance whose certificates, logs and
	// timestamps count. Default: the public one.
	TrustedRoot TrustedRoot

	// Rules of which exactly one applies to a name. None: nobody is trusted.
	Rules []Rule

	// Warnings say what is allowed but was probably not meant: a file that
	// everybody may change, an expression that matches more than it seems to.
	Warnings []string
}

// TrustedRoot says where the trusted root of a Sigstore instance comes from:
// the file at Path, which needs no network, or a TUF repository. The zero value
// means Sigstore's public instance, by TUF.
type TrustedRoot struct {
	Path string

	TUFMirror string // address of the repository
	TUFRoot   string // path of its root.json
}

// Rule is whom the user trusts for the names in its scopes.
type Rule struct {
	Name   string
	Scopes []string // patterns of names; see [Policy.Match]
	Mode   Mode
	Line   int // where it begins in its file; 0 when it has none

	// Authorities whose signatures count, each once.
	Authorities []Authority

	// Threshold is how many distinct authorities must vouch; 0 means 1.
	Threshold int

	// MirrorOf is what the scopes hold copies of: a pattern that ends in the
	// same wildcard. What was seen there and here is then one history.
	MirrorOf string

	// LegacySignatures reads signatures of cosign before version 3 too.
	LegacySignatures bool

	// Attestations that must be there besides signatures.
	Attestations []AttestationRule
}

// AttestationRule asks for a statement about the digest by somebody.
type AttestationRule struct {
	PredicateType string
	Authorities   []string // names of the rule's authorities, any of which may make it; none: any of the rule's
}

// ForKeys returns the policy of a run with --key: for every name one of these
// authorities must vouch, enforced.
func ForKeys(any ...Authority) *Policy {
	source := "--key"
	for _, a := range any {
		source += " " + a.Name
	}
	return &Policy{
		Source: source,
		Rules:  []Rule{{Name: "--key", Scopes: []string{"**"}, Mode: Enforce, Authorities: any, Threshold: 1}},
	}
}

// NeedsTrustedRoot reports whether a signature can count that only a trusted root
// verifies: one with a certificate, or one that carries evidence besides.
func (p *Policy) NeedsTrustedRoot() bool {
	return slices.ContainsFunc(p.Rules, func(r Rule) bool { return slices.ContainsFunc(r.Authorities, Authority.needsTrustedRoot) })
}

// RuleFor returns the rule that [Policy.Match] finds.
func (p *Policy) RuleFor(name string) (Rule, error) {
	rule, _, err := p.Match(name)
	return rule, err
}

// Match returns the rule that applies to a name, and its scope that does: the
// one that matches and has the longest literal prefix. In a scope, ** stands
// for any text and * for any text without a slash; the port 443 may be written
// or left out, in either. Two rules that are equally
// close are recap.Usage, code bad-policy; no rule at all is [ErrNoRule].
func (p *Policy) Match(name string) (rule Rule, pattern string, err error) {
	best, tie := -1, -1
	for i, rule := range p.Rules {
		for _, s := range rule.Scopes {
			if !scope.Match(s, name) {
				continue
			}
			switch n := scope.Closeness(s); {
			case best < 0 || n > scope.Closeness(pattern):
				best, pattern, tie = i, s, -1
			case n == scope.Closeness(pattern) && i != best:
				tie = i
			}
		}
	}
	switch {
	case best < 0:
		return Rule{}, "", recap.Errorf(recap.Untrusted, "no-rule", "%s: %w%s", name, ErrNoRule, p.origin(" in ")).
			WithHint("see who signed it, and trust them: recap policy init REF; or pass the publisher's public key: --key FILE; or go on without knowing who published it: --unverified")
	case tie >= 0:
		return Rule{}, "", p.errorf("rules %s and %s apply equally to %q", p.Rules[best].place(), p.Rules[tie].place(), name).
			WithHint("give one of them a longer scope")
	}
	return p.Rules[best], pattern, nil
}

// place names a rule in a message.
func (r Rule) place() string {
	if r.Line == 0 {
		return fmt.Sprintf("%q", r.Name)
	}
	return fmt.Sprintf("%q (line %d)", r.Name, r.Line)
}

func (p *Policy) errorf(format string, args ...any) *recap.Error {
	return recap.Errorf(recap.Usage, "bad-policy", "policy%s: %s", p.origin(" "), fmt.Sprintf(format, args...))
}

func (p *Policy) origin(before string) string {
	if p.Source == "" {
		return ""
	}
	return before + p.Source
}

func (r Rule) mode() Mode {
	if r.Mode == "" {
		return Enforce
	}
	return r.Mode
}

// Required returns how many distinct authorities must vouch.
func (r Rule) Required() int { return max(r.Threshold, 1) }
