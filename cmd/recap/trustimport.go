// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/recap-oci/recap/pkg/policy"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/sigstore/trustroot"
	"github.com/recap-oci/recap/pkg/target"
	"github.com/recap-oci/recap/pkg/trust/material"
)

// trustImportResult is the answer of "recap trust import".
type trustImportResult struct {
	Digest      string              `json:"digest"`
	TrustedRoot string              `json:"trustedRoot,omitempty"` // the file it was saved in; absent when there is none
	Policy      string              `json:"policy,omitempty"`      // the same
	Root        *trustroot.Report   `json:"root,omitempty"`
	Rules       []policyRuleSummary `json:"rules,omitempty"`
	DryRun      bool                `json:"dryRun,omitempty"`

	needsRoot bool // the policy can't do without one
	installed bool
}

func newTrustImportCmd(e *env) *cobra.Command {
	var (
		out    output
		digest string
		yes    bool
		force  bool
		dryRun bool
	)
	cmd := &cobra.Command{
		Use:   "import LAYOUT",
		Short: "Trust what recap copy --with-trust put into a layout",
		Long: `Show the trusted root and the policy that recap copy --with-trust put into LAYOUT, and
make them yours once you agree: at a terminal you are asked, elsewhere it takes --yes.
Whoever wrote the layout wrote them, too: take the digest from
somebody you trust, not from what the layout came with.`,
		Example: `  recap trust import recaps.tar --digest sha256:…`,
		Args:    args(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			if err := out.check(); err != nil {
				return err
			}
			ref, err := layoutReference(args[0])
			if err != nil {
				return err
			}
			if digest == "" {
				return recap.Errorf(recap.Usage, "usage", "recap trust import: say what to trust with --digest").
					WithHint("recap trust import %s --digest sha256:…, as recap copy --with-trust printed it", shellWord(ref.Path))
			}
			if ref.Digest != "" || len(ref.Tags) > 0 {
				return recap.Errorf(recap.Usage, "usage", "recap trust import: LAYOUT is named without a tag: what is trusted has none").
					WithHint("recap trust import %s --digest %s", shellWord(ref.Path), shellWord(digest))
			}
			carried, err := e.fetchTrust(ctx, target.LayoutScheme+ref.Path+"@"+digest)
			if err != nil {
				if _, missing := os.Stat(ref.Path); missing == nil {
					err = rehintedCode(err, "not-found", "check the digest: it is what recap copy SRC oci-layout://%s:TAG --with-trust printed, not that of a recap", ref.Path)
				}
				return err
			}
			result, err := e.describeTrust(ctx, carried)
			if err != nil {
				return err
			}
			result.Digest, result.DryRun = digest, dryRun
			if !dryRun {
				if !e.ttyIn && !yes {
					return recap.Errorf(recap.Usage, "not-confirmed", "nothing was installed: there is nobody to ask whether to trust what is in %s", ref.Path).
						WithHint("look at it with --dry-run; then add --yes")
				}
				if !yes {
					printImport(e.stderr, e, result)
					if sure, err := e.confirm(ctx, "Trust that from now on?"); err != nil || !sure {
						return firstOf(err, recap.Errorf(recap.Negative, "not-confirmed", "nothing was installed"))
					}
				}
				if err := carried.Install(result.TrustedRoot, result.Policy, force); err != nil {
					return err
				}
				result.installed = true
			}
			return out.print(e.stdout, result, func(w io.Writer) { printImport(w, e, result) })
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&digest, "digest", "", "`DIGEST` of what to trust, from somebody you trust")
	flags.BoolVarP(&yes, "yes", "y", false, "don't ask")
	flags.BoolVar(&force, "force", false, "replace the policy and the trusted root that you have")
	flags.BoolVar(&dryRun, "dry-run", false, "show what would be trusted and change nothing")
	out.register(flags)
	return cmd
}

func (e *env) fetchTrust(ctx context.Context, reference string) (material.Material, error) {
	p, err := e.pin(ctx, reference, &registryFlags{})
	if err != nil {
		return material.Material{}, err
	}
	defer p.close()
	return material.Fetch(ctx, p.Pinned, p.Node())
}

// describeTrust says what material trusts, which has to make sense, and where
// it will be installed.
func (e *env) describeTrust(ctx context.Context, carried material.Material) (trustImportResult, error) {
	var result trustImportResult
	dir, err := e.configDir()
	if err != nil {
		return result, err
	}
	if len(carried.TrustedRoot) > 0 {
		result.TrustedRoot = filepath.Join(dir, recap.TrustedRoot)
		if result.Root, err = describeRoot(ctx, carried.TrustedRoot); err != nil {
			return result, err
		}
		result.Root.Source = result.TrustedRoot
	}
	if len(carried.Policy) == 0 {
		return result, nil
	}
	result.Policy = filepath.Join(dir, "policy.yaml")
	believed, problems := policy.Parse(result.Policy, carried.Policy, nil)
	if believed == nil {
		for _, p := range problems {
			fmt.Fprintln(e.stderr, safe(p.String()))
		}
		return result, recap.Errorf(recap.Usage, "bad-policy", "the policy in there makes no sense here").WithHint("make it anew with: recap copy --with-trust")
	}
	if believed.TrustedRoot != (policy.TrustedRoot{Path: result.TrustedRoot}) {
		return result, recap.Errorf(recap.Usage, "bad-policy", "the policy in there is for another trusted root").WithHint("make it anew with: recap copy --with-trust")
	}
	result.Rules, result.needsRoot = summarise(believed.Rules), believed.NeedsTrustedRoot()
	return result, nil
}

// describeRoot says what a trusted root trusts.
func describeRoot(ctx context.Context, trustedRoot []byte) (*trustroot.Report, error) {
	temp, err := os.MkdirTemp("", "recap-trust-")
	if err != nil {
		return nil, recap.Errorf(recap.Local, "io", "looking at the trusted root: %w", err)
	}
	defer func() { _ = os.RemoveAll(temp) }()
	path := filepath.Join(temp, recap.TrustedRoot)
	if err := os.WriteFile(path, trustedRoot, 0o600); err != nil {
		return nil, recap.Errorf(recap.Local, "io", "looking at the trusted root: %w", err)
	}
	report, err := trustroot.New(trustroot.Options{Path: path, Offline: true}).Describe(ctx)
	return &report, err
}

func printImport(w io.Writer, e *env, r trustImportResult) {
	if r.installed {
		if r.Root != nil {
			fmt.Fprintf(w, "installed %s\n", safe(r.TrustedRoot))
		}
		if r.Policy != "" {
			fmt.Fprintf(w, "installed %s, which decides from now on\n", safe(r.Policy))
		}
	}
	switch {
	case r.Root != nil:
		printRoot(w, *r.Root, e.now())
	case r.needsRoot:
		fmt.Fprintln(w, "no trusted root: the policy goes by that of Sigstore's public instance")
	default:
		fmt.Fprintln(w, "no trusted root: the policy's keys need none")
	}
	if r.Policy == "" {
		fmt.Fprintln(w, "no policy: name the root with --trusted-root, or in yours")
		return
	}
	fmt.Fprintf(w, "%s:\n", safe(r.Policy))
	printRules(w, r.Rules)
}
