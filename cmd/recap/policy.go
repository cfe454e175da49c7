// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/recap-oci/recap/pkg/policy"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/trust"
)

func newPolicyCmd(e *env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "policy COMMAND",
		Short: "Write down whom you trust for which repositories",
		Long: `Write down whom you trust for which repositories, or look at it.

The policy that decides is the one of --policy, else of the variable RECAP_POLICY,
else recap/policy.yaml in your configuration directory ($XDG_CONFIG_HOME). A file
in the working directory or in something pulled never counts by itself.`,
		Args: subcommands,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newPolicyInitCmd(e), newPolicyCheckCmd(e))
	return cmd
}

// policyInitResult is the answer of "recap policy init".
type policyInitResult struct {
	Reference string   `json:"reference"` // with the digest whose signer is trusted now
	Policy    string   `json:"policy"`    // the file
	Rule      string   `json:"rule"`
	Scopes    []string `json:"scopes"`
	Trusts    []string `json:"trusts"`            // in plain words
	Already   bool     `json:"already,omitempty"` // the rule was there; nothing was changed
	DryRun    bool     `json:"dryRun,omitempty"`
}

func newPolicyInitCmd(e *env) *cobra.Command {
	var (
		registry registryFlags
		out      output
		trusted  trustFlags
		scope    string
		yes      bool
		dryRun   bool
	)
	cmd := &cobra.Command{
		Use:   "init REF",
		Short: "Trust whoever signed REF, from now on",
		Long: `Look who signed the digest that REF names, show it in plain words and write a rule for
them into your policy. On a terminal you are asked first.

Only valid signatures count: the certificate, its entry in the log and the time are
verified. Of several signers choose one with --certificate-identity and
--certificate-oidc-issuer. With --key the rule trusts that key, which must have
signed the digest.

This trusts what is there today; compare it with what the publisher says elsewhere.`,
		Example: `  recap policy init registry.example.com/team/recaps:v1
  recap policy init registry.example.com/team/recaps:v1 --key recap.pub --scope 'registry.example.com/team/**'`,
		Args: args(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			if err := out.check(); err != nil {
				return err
			}
			path, _, err := e.policyPath(trusted.policy)
			if err != nil {
				return err
			}
			var current *policy.Policy
			if isFile(path) {
				if current, err = e.policy(trusted.policy); err != nil {
					return err
				}
			}
			given := trusted.policy
			trusted.policy = "" // here it says where to write, not whom to believe
			p, err := trusted.pin(ctx, e, args[0], &registry)
			if err != nil {
				return err
			}
			defer p.close()
			rule, already, err := trusted.ruleFor(ctx, e, p, asked{current, scope, yes || dryRun})
			if trusted.policy = given; err != nil {
				return trusted.whatNext(err, p, "verify")
			}
			result := policyInitResult{p.exact(), path, rule.Name, rule.Scopes, rule.Plain(), already, dryRun}
			if already {
				return out.print(e.stdout, result, func(w io.Writer) {
					fmt.Fprintf(w, "%s: trusted already; nothing was changed\n", safe(trusted.name(p)))
					printRules(w, summarise([]policy.Rule{rule}))
				})
			}
			if err := e.mayOverride(ctx, current, rule, yes, dryRun); err != nil {
				return err
			}
			if !dryRun {
				if err := trusted.write(e, path, rule); err != nil {
					return err
				}
			}
			return out.print(e.stdout, result, func(w io.Writer) { printTrusted(w, path, rule) })
		},
	}
	flags := cmd.Flags()
	trusted.registerWhom(flags)
	flags.StringVar(&trusted.policy, "policy", "", "write into `FILE` instead of your policy")
	flags.StringVar(&trusted.as, "as", "", "write the rule for `HOST/REPO` instead of where REF lies: for layouts and mirrors")
	flags.StringVar(&scope, "scope", "", "write the rule for all that matches `PATTERN`: registry.example.com/team/**")
	flags.BoolVarP(&yes, "yes", "y", false, "don't ask")
	flags.BoolVar(&dryRun, "dry-run", false, "say whom it would trust and change nothing")
	registry.register(flags, "")
	out.register(flags)
	return cmd
}

// ruleFor returns the rule that trusts who signed what p names, and whether it is
// one of the policy's already.
func (f *trustFlags) ruleFor(ctx context.Context, e *env, p *pinned, how asked) (rule policy.Rule, already bool, err error) {
	scope := either(how.scope, f.name(p))
	if len(f.keys) > 0 {
		var signatures []trust.SignatureReport
		if rule, signatures, err = f.ruleForKeys(ctx, e, p); err != nil {
			return rule, false, err
		}
		if len(f.keys) == 1 {
			if old, ok, err := f.trustedAlready(ctx, e, p, how.current, scope, signatures); ok || err != nil {
				return old, ok, err
			}
		}
	} else {
		signer, err := f.signerOf(ctx, e, p, how)
		if err != nil {
			return policy.Rule{}, false, err
		}
		if old, ok, err := f.trustedAlready(ctx, e, p, how.current, scope, []trust.SignatureReport{*signer}); ok || err != nil {
			return old, ok, err
		}
		rule = policy.RuleFrom(signer.Certificate.Identity(), f.name(p))
	}
	rule.Scopes = []string{scope}
	return rule, false, nil
}

// signerOf returns the one identity that signed what p names, or that was chosen.
func (f *trustFlags) signerOf(ctx context.Context, e *env, p *pinned, how asked) (*trust.SignatureReport, error) {
	signers, err := observe(ctx, p, f.root.verifier(e, how.current))
	if err != nil {
		return nil, err
	}
	if signers, err = f.identity.among(signers); err != nil {
		return nil, err
	}
	if len(signers) == 0 {
		return nil, f.noSigner(p)
	}
	signer := &signers[0]
	switch {
	case e.ttyIn && !how.sure:
		fmt.Fprintf(e.stderr, "%s is signed by:\n", safe(p.exact()))
		for i, s := range signers {
			printSigner(e.stderr, i+1, s, f.name(p))
		}
		if signer, err = e.choose(ctx, signers, "for "+f.name(p)+" from now on"); err != nil {
			return nil, err
		}
		if signer == nil {
			return nil, recap.Errorf(recap.Negative, "not-confirmed", "the policy is as it was")
		}
	case len(signers) > 1:
		for i, s := range signers {
			printSigner(e.stderr, i+1, s, f.name(p))
		}
		return nil, recap.Errorf(recap.Usage, "several-signers", "%s: %d identities signed it", p.exact(), len(signers)).
			WithHint("choose one: --%s %s --%s %s", flagIdentity, shellWord(signer.Certificate.Subject), flagIssuer, shellWord(signer.Certificate.Issuer))
	}
	return signer, nil
}

// ruleForKeys returns the rule that trusts the keys of --key, once one of them
// is seen to have signed what p names, and the signatures by them.
func (f *trustFlags) ruleForKeys(ctx context.Context, e *env, p *pinned) (policy.Rule, []trust.SignatureReport, error) {
	believed, err := f.given(ctx, e)
	if err != nil {
		return policy.Rule{}, nil, err
	}
	gate, err := trust.NewGate(believed, f.root.verifier(e, believed), trust.GateOptions{})
	if err != nil {
		return policy.Rule{}, nil, err
	}
	admitted, err := gate.Admit(ctx, p, trust.Request{Name: f.name(p), Root: p.Root()})
	if err != nil {
		return policy.Rule{}, nil, err
	}
	rule := believed.Rules[0]
	rule.Name, rule.Scopes = ruleName(f.name(p)), []string{f.name(p)}
	return rule, verified(admitted.Report()), nil
}

// policyCheckResult is the answer of "recap policy check".
type policyCheckResult struct {
	Policy   string              `json:"policy"`   // the file
	Valid    bool                `json:"valid"`    // it can be used
	Problems []recap.Problem     `json:"problems"` // warnings too
	Rules    []policyRuleSummary `json:"rules,omitempty"`

	Reference string `json:"reference,omitempty"` // of --ref, as scopes are matched against
	Rule      string `json:"rule,omitempty"`      // that applies to it; absent: none, it would be refused
	Scope     string `json:"scope,omitempty"`     // by which it does
}

// policyRuleSummary is a rule in plain words.
type policyRuleSummary struct {
	Name   string   `json:"name"`
	Scopes []string `json:"scopes"`
	Mode   string   `json:"mode"`
	Trusts []string `json:"trusts"`
}

func newPolicyCheckCmd(e *env) *cobra.Command {
	var (
		out output
		ref string
	)
	cmd := &cobra.Command{
		Use:   "check [FILE]",
		Short: "Validate a policy and say in plain words whom it trusts",
		Long: `Validate a policy, by default the one that decides, and say in plain words whom it
trusts. With --ref only the rule that applies to that reference is shown.

Every mistake is listed with its line and how to mend it; then the exit code is 2,
as it is for every verb that would have used the file. With --ref, 1 means that no
rule applies.`,
		Example: `  recap policy check
  recap policy check recap.policy.yaml --ref registry.example.com/team/recaps:v1`,
		Args: args(0, 1),
		RunE: func(_ *cobra.Command, args []string) error {
			if err := out.check(); err != nil {
				return err
			}
			var flag string
			if len(args) == 1 {
				flag = args[0]
			}
			path, named, err := e.policyPath(flag)
			if err != nil {
				return err
			}
			if !named && !isFile(path) {
				return recap.Errorf(recap.NotFound, "no-policy-file", "you have no policy: there is no %s", path).
					WithHint("recap policy init REF writes one that trusts whoever signed REF; recap policy check FILE looks at another")
			}
			return e.checkPolicy(path, ref, &out)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&ref, "ref", "", "say which rule applies to `REF`")
	out.register(flags)
	return cmd
}

// checkPolicy prints what is wrong with a policy, or else whom it trusts.
func (e *env) checkPolicy(path, ref string, out *output) error {
	believed, problems, err := policy.Read(path)
	if err != nil {
		return err
	}
	result := policyCheckResult{Policy: path, Valid: believed != nil, Problems: append([]recap.Problem{}, problems...)}
	var answer error
	if believed == nil {
		answer = recap.Errorf(recap.Usage, "bad-policy", "%s can't be used", path).WithHint("mend what is listed above")
	}
	if believed != nil && ref != "" {
		parsed, err := parseReference(ref)
		if err != nil {
			return err
		}
		result.Reference = parsed.Name()
		rule, scope, err := believed.Match(parsed.Name())
		if err != nil && !errors.Is(err, policy.ErrNoRule) {
			return err
		}
		if result.Rule, result.Scope = rule.Name, scope; result.Rule == "" {
			answer = answerIsNo
		}
	}
	if believed != nil {
		result.Rules = summarise(believed.Rules)
	}
	if ref != "" {
		result.Rules = slices.DeleteFunc(result.Rules, func(r policyRuleSummary) bool { return r.Name != result.Rule })
	}
	if err := out.print(e.stdout, result, func(w io.Writer) { printPolicyCheck(w, result) }); err != nil {
		return err
	}
	return answer
}

func printPolicyCheck(w io.Writer, r policyCheckResult) {
	for _, p := range r.Problems {
		fmt.Fprintln(w, safe(p.String()))
	}
	switch {
	case !r.Valid:
		return
	case r.Reference != "" && r.Rule == "":
		fmt.Fprintf(w, "%s: no rule of %s applies; it would be refused\n", safe(r.Reference), safe(r.Policy))
	case r.Reference != "":
		fmt.Fprintf(w, "%s: rule %s of %s applies, by its scope %s\n", safe(r.Reference), safe(r.Rule), safe(r.Policy), safe(r.Scope))
	default:
		fmt.Fprintf(w, "%s makes sense\n", safe(r.Policy))
	}
	printRules(w, r.Rules)
}

func summarise(rules []policy.Rule) []policyRuleSummary {
	var list []policyRuleSummary
	for _, r := range rules {
		list = append(list, policyRuleSummary{r.Name, r.Scopes, string(cmp.Or(r.Mode, policy.Enforce)), r.Plain()})
	}
	return list
}

func printRules(w io.Writer, rules []policyRuleSummary) {
	for _, rule := range rules {
		mode := ""
		if rule.Mode == string(policy.Warn) {
			mode = " (only warns)"
		}
		fmt.Fprintf(w, "%s%s, for %s:\n", safe(rule.Name), mode, safe(strings.Join(rule.Scopes, ", ")))
		for _, line := range rule.Trusts {
			fmt.Fprintf(w, "  %s\n", safe(line))
		}
	}
}

// ruleName makes a rule's name of what it is for.
func ruleName(name string) string {
	_, rest, ok := strings.Cut(name, "/")
	if !ok {
		return name
	}
	return rest
}
