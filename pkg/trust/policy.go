// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"bytes"
	"encoding/pem"
	"fmt"
	"regexp"
	"strings"

	"github.com/recap-oci/recap/pkg/recap"
)

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

	// TrustedRoot is the Sigstore instance whose certificates, logs and
	// timestamps count. Default: the public one.
	TrustedRoot TrustedRoot

	// Rules of which exactly one applies to a name. None: nobody is trusted.
	Rules []Rule
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
	Scopes []string // patterns of names; see [Policy.RuleFor]
	Mode   Mode

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
	Authorities   []string // names of the rule's authorities, any of which may make it
}

// KeyPolicy returns the policy of a run with --key: for every name one of these
// authorities must vouch, enforced.
func KeyPolicy(any ...Authority) *Policy {
	source := "--key"
	for _, a := range any {
		source += " " + a.Name
	}
	return &Policy{
		Source: source,
		Rules:  []Rule{{Name: "--key", Scopes: []string{"**"}, Mode: Enforce, Authorities: any, Threshold: 1}},
	}
}

// RuleFor returns the rule that applies to a name: the one with the scope that
// matches and has the longest literal prefix. In a scope, ** stands for any
// text and * for any text without a slash. Two rules that are equally close
// are recap.Usage; no rule at all is [ErrNoRule].
func (p *Policy) RuleFor(name string) (Rule, error) {
	best, bestScope, tie := -1, "", false
	for i, rule := range p.Rules {
		for _, scope := range rule.Scopes {
			if !scopePattern(scope).MatchString(name) {
				continue
			}
			switch n := len(literalPrefix(scope)); {
			case best < 0 || n > len(literalPrefix(bestScope)):
				best, bestScope, tie = i, scope, false
			case n == len(literalPrefix(bestScope)) && i != best:
				tie = true
			}
		}
	}
	switch {
	case best < 0:
		return Rule{}, refusal(ErrNoRule, "%s: %w%s", name, ErrNoRule, p.origin(" in ")).
			WithHint("pass the publisher's public key: --key FILE; or go on without knowing who published it: --unverified")
	case tie:
		return Rule{}, p.errorf("two rules apply equally to %q, one of them %q; give one a longer scope", name, p.Rules[best].Name)
	}
	return p.Rules[best], nil
}

// Check refuses, with recap.Usage and code bad-policy, a policy that makes no
// sense: a rule without name, scope or authority, two rules for one scope, an
// authority without means or with a name or key that the rule has already, a
// threshold that can't be reached.
func (p *Policy) Check() error {
	scopes := make(map[string]string)
	for i, rule := range p.Rules {
		if rule.Name == "" {
			return p.errorf("rule %d has no name", i+1)
		}
		if len(rule.Scopes) == 0 {
			return p.errorf("rule %q has no scope, so it never applies", rule.Name)
		}
		for _, scope := range rule.Scopes {
			if scope == "" {
				return p.errorf("rule %q has an empty scope", rule.Name)
			}
			if other, ok := scopes[scope]; ok {
				return p.errorf("scope %q stands in rule %q and again in rule %q", scope, other, rule.Name)
			}
			scopes[scope] = rule.Name
		}
		if rule.mode() != Enforce && rule.mode() != Warn {
			return p.errorf("rule %q has mode %q, not enforce or warn", rule.Name, rule.Mode)
		}
		if err := p.checkAuthorities(rule); err != nil {
			return err
		}
	}
	return nil
}

func (p *Policy) checkAuthorities(rule Rule) error {
	if len(rule.Authorities) == 0 {
		return p.errorf("rule %q names nobody", rule.Name)
	}
	if rule.Threshold < 0 || rule.threshold() > len(rule.Authorities) {
		return p.errorf("rule %q has threshold %d and names %d authorities", rule.Name, rule.Threshold, len(rule.Authorities))
	}
	for i, authority := range rule.Authorities {
		if authority.Name == "" {
			return p.errorf("rule %q: authority %d has no name", rule.Name, i+1)
		}
		if (authority.Key == nil) == (authority.Keyless == nil) {
			return p.errorf("rule %q: authority %q needs a key or identities, one of them", rule.Name, authority.Name)
		}
		for _, other := range rule.Authorities[:i] {
			if other.Name == authority.Name {
				return p.errorf("rule %q names authority %q twice", rule.Name, authority.Name)
			}
			// One signer would count as two.
			if authority.Key != nil && other.Key != nil && authority.Key.equal(other.Key) {
				return p.errorf("rule %q: authorities %q and %q have the same key", rule.Name, other.Name, authority.Name)
			}
		}
	}
	return nil
}

func (p *Policy) errorf(format string, args ...any) error {
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

func (r Rule) threshold() int { return max(r.Threshold, 1) }

// equal reports whether two keys are the same, whatever stands around them.
func (k *Key) equal(other *Key) bool {
	if bytes.Equal(k.PEM, other.PEM) {
		return true
	}
	a, _ := pem.Decode(k.PEM)
	b, _ := pem.Decode(other.PEM)
	return a != nil && b != nil && bytes.Equal(a.Bytes, b.Bytes)
}

// scopePattern returns the regular expression of a scope, anchored.
func scopePattern(scope string) *regexp.Regexp {
	expr := regexp.QuoteMeta(scope)
	expr = strings.ReplaceAll(expr, `\*\*`, `.*`)
	expr = strings.ReplaceAll(expr, `\*`, `[^/]*`)
	return regexp.MustCompile(`\A(?s:` + expr + `)\z`)
}

func literalPrefix(scope string) string {
	prefix, _, _ := strings.Cut(scope, "*")
	return prefix
}
