// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/recap-oci/recap/pkg/policy"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/trust"
)

// firstTrust shows somebody at a terminal who signed what p names, genuinely,
// and asks whether to trust them from now on. Yes writes a rule into the user's
// policy; anything else leaves the refusal as it was.
func (f *trustFlags) firstTrust(ctx context.Context, e *env, p *pinned, refusal error) (bool, error) {
	path, named, err := e.policyPath(f.policy)
	if err != nil || named && !isFile(path) || len(f.attestations) > 0 {
		return false, refusal
	}
	believed, err := e.policy(f.policy)
	if err != nil {
		return false, refusal
	}
	signers, err := observe(ctx, p, f.root.verifier(e, believed))
	if err != nil {
		return false, err
	}
	if len(signers) == 0 {
		return false, refusal
	}
	fmt.Fprintf(e.stderr, "%s has no rule in %s. It is signed by:\n", safe(f.name(p)), safe(path))
	for i, s := range signers {
		printSigner(e.stderr, i+1, s, f.name(p))
	}
	signer, err := e.choose(ctx, signers, fmt.Sprintf("for %s from now on", f.name(p)))
	if err != nil || signer == nil {
		return false, firstOf(err, refusal)
	}
	rule := policy.RuleFrom(signer.Certificate.Identity(), f.name(p))
	if err := f.write(e, path, rule); err != nil {
		return false, err
	}
	printTrusted(e.stderr, path, rule)
	return true, nil
}

// write adds a rule to the policy at path. A new policy names the trusted root
// that the signer was verified under; one that is there keeps its own, and a root
// that was only named for this run would be missing from the next.
func (f *trustFlags) write(e *env, path string, rule policy.Rule) error {
	var root policy.TrustedRoot
	if f.root.path != "" && len(f.keys) == 0 {
		absolute, err := filepath.Abs(f.root.path)
		if err != nil {
			return recap.Errorf(recap.Local, "io", "finding %s: %w", f.root.path, err)
		}
		root.Path = absolute
	}
	if err := policy.AddRule(path, rule, root); err != nil || root == (policy.TrustedRoot{}) {
		return err
	}
	if believed, err := policy.Load(path); err == nil && believed.TrustedRoot == (policy.TrustedRoot{}) {
		e.warn("%s doesn't name the trusted root, so each run needs --trusted-root; add to it: trustedRoot: {path: %q}", path, root.Path)
	}
	return nil
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// observe returns who signed what p names with a certificate, each identity
// once. Signatures that aren't valid show nobody's identity.
func observe(ctx context.Context, p *pinned, v trust.Verifier) ([]trust.SignatureReport, error) {
	report, err := trust.Observe(ctx, p, p.Root(), v)
	if err != nil {
		return nil, err
	}
	var signers []trust.SignatureReport
	seen := make(map[[2]string]bool)
	for _, s := range report.Signatures {
		if s.Outcome != trust.Verified || s.Certificate == nil || s.PredicateType != trust.SignPredicate().Type {
			continue
		}
		if who := [2]string{s.Certificate.Issuer, s.Certificate.Subject}; !seen[who] {
			seen[who] = true
			signers = append(signers, s)
		}
	}
	return signers, nil
}

// printSigner writes what a certificate says about its holder that tells people
// whether they know them, and whom a rule for name that trusts them would trust:
// not this release alone, but the next one too.
func printSigner(w io.Writer, number int, s trust.SignatureReport, name string) {
	fmt.Fprintf(w, "%3d. %s\n     by the word of %s\n", number, safe(s.Certificate.Subject), safe(s.Certificate.Issuer))
	for _, claim := range mainClaims(s.Certificate) {
		fmt.Fprintf(w, "     %s: %s\n", claim[0], safe(claim[1]))
	}
	if len(s.Timestamps) > 0 {
		fmt.Fprintf(w, "     signed: %s\n", s.Timestamps[0].Time.UTC().Format("2006-01-02 15:04:05 UTC"))
	}
	for _, line := range policy.RuleFrom(s.Certificate.Identity(), name).Plain() {
		fmt.Fprintf(w, "     would be trusted: %s\n", safe(line))
	}
}

// choose asks which of the signers to trust. The default is none.
func (e *env) choose(ctx context.Context, signers []trust.SignatureReport, what string) (*trust.SignatureReport, error) {
	if len(signers) == 1 {
		yes, err := e.confirm(ctx, "Trust them "+what+"?")
		if !yes || err != nil {
			return nil, err
		}
		return &signers[0], nil
	}
	line, err := e.line(ctx, fmt.Sprintf("Trust which of them %s? [1-%d, none] ", safe(what), len(signers)))
	if err != nil {
		return nil, err
	}
	for i := range signers {
		if line == fmt.Sprint(i+1) {
			return &signers[i], nil
		}
	}
	return nil, nil
}

// confirm asks a question whose default answer is no.
func (e *env) confirm(ctx context.Context, question string) (bool, error) {
	line, err := e.line(ctx, safe(question)+" [y/N] ")
	answer := strings.ToLower(line)
	return answer == "y" || answer == "yes", err
}

// printTrusted says in plain words whom a new rule trusts, and where it stands.
func printTrusted(w io.Writer, path string, rule policy.Rule) {
	fmt.Fprintf(w, "%s: rule %s now trusts, for %s:\n", safe(path), safe(rule.Name), safe(strings.Join(rule.Scopes, ", ")))
	for _, line := range rule.Plain() {
		fmt.Fprintf(w, "  %s\n", safe(line))
	}
}

// noSigner is for whoever looks for a signer where there is none that a
// rule could name.
func (f *trustFlags) noSigner(p *pinned) error {
	return recap.Errorf(recap.Untrusted, "no-identity", "%s: nobody with an identity signed it that could be trusted by name", p.exact()).
		WithHint("recap inspect %s lists what refers to it; a key's owner is trusted by: recap policy init %s --key PUBLISHER.pub%s", p.exact(), shellWord(p.ref.String()), f.carried(false))
}
