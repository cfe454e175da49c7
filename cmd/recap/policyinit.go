// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/recap-oci/recap/pkg/policy"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/trust"
)

// asked is what somebody wants of a new rule.
type asked struct {
	current *policy.Policy // that it is for; nil: there is none yet
	scope   string         // empty: the name itself
	sure    bool           // nobody is asked
}

// verified returns the signatures that count.
func verified(r trust.Report) []trust.SignatureReport {
	return slices.DeleteFunc(slices.Clone(r.Signatures), func(s trust.SignatureReport) bool {
		return s.Outcome != trust.Verified || s.PredicateType != trust.SignPredicate().Type
	})
}

// trustedAlready returns the rule of the policy that accepts one of the wanted
// signatures already. A rule of exactly that scope which doesn't is an error,
// since there can't be another.
func (f *trustFlags) trustedAlready(ctx context.Context, e *env, p *pinned, current *policy.Policy, scope string, wanted []trust.SignatureReport) (policy.Rule, bool, error) {
	if current == nil {
		return policy.Rule{}, false, nil
	}
	exact := slices.IndexFunc(current.Rules, func(r policy.Rule) bool { return slices.Contains(r.Scopes, scope) })
	rule, at, err := current.Match(f.name(p))
	if err == nil && (at == scope || scope == f.name(p)) {
		gate, err := trust.NewGate(current, f.root.verifier(e, current), trust.GateOptions{})
		if err != nil {
			return policy.Rule{}, false, err
		}
		admitted, err := gate.Admit(ctx, p, trust.Request{Name: f.name(p), Root: p.Root()})
		report := admitted.Report()
		var refused *trust.RefusedError
		if errors.As(err, &refused) {
			report = refused.Report
		}
		for _, s := range verified(report) {
			if slices.ContainsFunc(wanted, func(w trust.SignatureReport) bool { return w.Digest == s.Digest || sameIdentity(w, s) }) {
				return rule, true, nil
			}
		}
	}
	if exact < 0 {
		return policy.Rule{}, false, nil
	}
	there := current.Rules[exact]
	return policy.Rule{}, false, recap.Errorf(recap.Usage, "rule-exists", "%s has a rule for %s already, %s, which trusts others: %s",
		current.Source, scope, there.Name, strings.Join(there.Plain(), "; ")).
		WithHint("add the signer to the authorities of that rule: %s, line %d", current.Source, there.Line)
}

func sameIdentity(a, b trust.SignatureReport) bool {
	return a.Certificate != nil && b.Certificate != nil &&
		a.Certificate.Issuer == b.Certificate.Issuer && a.Certificate.Subject == b.Certificate.Subject
}

// mayOverride says which rules of the policy a narrower one takes the place of
// and what falls away with that, and asks whether that is meant.
func (e *env) mayOverride(ctx context.Context, current *policy.Policy, rule policy.Rule, yes, dryRun bool) error {
	if current == nil {
		return nil
	}
	scope := rule.Scopes[0]
	var lines []string
	var old policy.Rule
	for _, old = range current.Overridden(scope) {
		lines = append(lines, fmt.Sprintf("rule %s of %s (line %d) no longer applies to %s; what falls away there:", old.Name, current.Source, old.Line, scope))
		for _, line := range old.Plain() {
			if !slices.ContainsFunc(rule.Plain(), func(kept string) bool { return line == kept || strings.HasSuffix(line, ": "+kept) }) {
				lines = append(lines, "  "+line)
			}
		}
	}
	if len(lines) == 0 {
		return nil
	}
	text := strings.Join(lines, "\n")
	if dryRun || yes || e.ttyIn {
		e.warn("%s", text)
	}
	switch {
	case dryRun || yes:
		return nil
	case e.ttyIn:
		sure, err := e.confirm(ctx, "Write the narrower rule all the same?")
		if err != nil || sure {
			return err
		}
		return recap.Errorf(recap.Negative, "not-confirmed", "the policy is as it was")
	}
	return recap.Errorf(recap.Usage, "overrides-rule", "%s", text).
		WithHint("--yes writes it all the same; to keep the rest, add the signer to the authorities of rule %s: %s, line %d", old.Name, current.Source, old.Line)
}
