// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/trust"
)

// whatNext makes the hint of a refusal a line that works when it is typed: with
// the reference that was given and the flags that lead to the same decision.
func (f *trustFlags) whatNext(err error, p *pinned, verb string) error {
	var known *recap.Error
	if err == nil || !errors.As(err, &known) {
		return err
	}
	if f.isUnknown(err) {
		_ = known.WithHint("%s", f.hintUnknown(p, verb))
		return err
	}
	var refused *trust.RefusedError
	if !errors.As(err, &refused) {
		return err
	}
	exact, report := shellWord(p.exact()), refused.Report
	verify := "recap verify " + exact + " --explain" + f.carried(true)
	if errors.Is(err, trust.ErrWrongSigner) && strings.Contains(known.Hint, "recap policy init") {
		_ = known.WithHint("%s; each check: %s", f.hintWrongSigner(p, exact), verify)
		return err
	}
	name := report.Name + "@" + report.Digest.String()
	hint := strings.NewReplacer(
		"recap verify "+name+" --explain, with the same flags", verify,
		"recap verify "+name+" --explain", verify,
		name, exact,
	).Replace(known.Hint)
	if verb == "verify" || verb == "build" { // which take nothing unverified
		hint, _, _ = strings.Cut(hint, "; or go on without knowing")
	}
	_ = known.WithHint("%s", hint)
	return err
}

// hintUnknown is for who has no rule.
func (f *trustFlags) hintUnknown(p *pinned, verb string) string {
	ref := shellWord(p.ref.String())
	hint := "recap policy init " + ref + f.carried(false) + " says who signed it and lets you trust them; or "
	switch verb {
	case "build": // a pack, of which this is a member: a policy decides, and no flag
		hint += "the owner of a key: recap policy init " + ref + " --key PUBLISHER.pub" + f.carried(false)
	case "verify":
		hint += "recap verify " + ref + " --key PUBLISHER.pub" + f.where()
	case "diff": // which takes more than this reference
		hint += "add --key PUBLISHER.pub to recap diff, or --unverified to take it from anybody"
	default:
		hint += "recap " + verb + " " + ref + " --key PUBLISHER.pub" + f.where() + ", or --unverified to take it from anybody"
	}
	// One that lies where recap happens to run is never used: it came with what
	// was cloned or pulled there, and would decide whom to believe about it.
	if _, err := os.Lstat(recap.PolicyFile); err == nil && f.policy == "" {
		hint += "; the " + recap.PolicyFile + " here counts only if you say so: --policy " + recap.PolicyFile
	}
	return hint
}

// hintWrongSigner says where to trust who signed what p names. There is one rule
// for a scope, so where one is for exactly this name, it is edited.
func (f *trustFlags) hintWrongSigner(p *pinned, exact string) string {
	initial := "recap policy init " + exact + f.carried(false)
	if f.decided != nil && !strings.HasPrefix(f.decided.Source, "--") {
		if rule, scope, err := f.decided.Match(f.name(p)); err == nil {
			hint := fmt.Sprintf("if you trust that signer too, add them to the authorities of rule %s: %s, line %d", rule.Name, f.decided.Source, rule.Line)
			if scope != f.name(p) {
				hint += "; or for " + f.name(p) + " alone: " + initial
			}
			return hint
		}
	}
	return "if you trust that signer too: " + initial
}

// carried returns the flags that were given and count again: those that say what
// is looked at and by whose root, and whom to believe in place of the policy.
func (f *trustFlags) carried(whom bool) string {
	var b strings.Builder
	add := func(flag, value string) {
		if value != "" {
			b.WriteString(" --" + flag + " " + shellWord(value))
		}
	}
	if whom {
		for _, key := range f.keys {
			add("key", key)
		}
		add(flagIdentity, f.identity.subject)
		add(flagIdentityRegExp, f.identity.subjectRegExp)
		add(flagIssuer, f.identity.issuer)
		add(flagIssuerRegExp, f.identity.issuerRegExp)
		for _, kind := range f.attestations {
			add("attestation", kind)
		}
	}
	if !whom || len(f.keys) == 0 && !f.identity.given() { // which stand in its place
		add("policy", f.policy)
	}
	add("trusted-root", f.root.path)
	return b.String() + f.where()
}

// where returns the flags that say where it is looked.
func (f *trustFlags) where() string {
	var b strings.Builder
	if f.as != "" {
		b.WriteString(" --as " + shellWord(f.as))
	}
	if f.root.offline {
		b.WriteString(" --offline")
	}
	return b.String()
}
