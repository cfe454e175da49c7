// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"io"

	"github.com/spf13/cobra"

	"github.com/recap-oci/recap/pkg/artifact"
	"github.com/recap-oci/recap/pkg/trust"
)

// verifyResult is the answer of "recap verify", whether it is yes or no.
type verifyResult struct {
	Reference string       `json:"reference"` // with the digest that was examined
	Report    trust.Report `json:"report"`
	Trusts    []string     `json:"trusts,omitempty"` // with --explain: whom the rule trusts, in plain words
}

func newVerifyCmd(e *env) *cobra.Command {
	var (
		registry registryFlags
		out      output
		trusted  trustFlags
		explain  bool
	)
	cmd := &cobra.Command{
		Use:   "verify REF",
		Short: "Say who signed a digest, and whether you trust them",
		Long: `Resolve REF once, examine every signature of the digest it names, and exit 0 only
if your policy is satisfied and it is a recap that can be read. What was found is
printed either way; --explain adds the rule, and every check with its evidence.

--key, or --certificate-identity with --certificate-oidc-issuer, decide in place of
the policy. Versions that were accepted are remembered, so that an older one is
refused; see recap trust reset.`,
		Example: `  recap verify registry.example.com/team/recaps:v1 --explain
  recap verify registry.example.com/team/recaps:v1 --key recap.pub
  recap verify oci-layout://recaps.tar:v1 --as registry.example.com/team/recaps --offline`,
		Args: args(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			if err := out.check(); err != nil {
				return err
			}
			p, err := trusted.pin(ctx, e, args[0], &registry)
			if err != nil {
				return err
			}
			defer p.close()
			admitted, err := trusted.verify(ctx, e, p)
			report := admitted.Report()
			var refused *trust.RefusedError
			if errors.As(err, &refused) {
				report = refused.Report
			} else if err != nil {
				return trusted.whatNext(err, p, "verify")
			}
			// Signed is not yet readable: what is vouched for must also be a
			// recap or pack with one meaning, or the next verb would refuse it.
			if err == nil {
				if err := p.readable(ctx); err != nil {
					return err
				}
			}
			result := verifyResult{Reference: p.exact(), Report: report}
			if explain {
				result.Trusts = trusted.plainRule(p)
			}
			printErr := out.print(e.stdout, result, func(w io.Writer) {
				printer := reportPrinter{w: w, explain: explain, rule: result.Trusts}
				printer.print(p.exact(), report)
			})
			if printErr != nil {
				return printErr
			}
			return trusted.whatNext(err, p, "verify")
		},
	}
	flags := cmd.Flags()
	trusted.registerVerify(flags)
	flags.BoolVar(&explain, "explain", false, "say why: the rule, and each check of each signature with its evidence")
	registry.register(flags, "")
	out.register(flags)
	return cmd
}

// readable opens what p names, to see that it has one meaning.
func (p *pinned) readable(ctx context.Context) (err error) {
	if p.Node().Kind() == artifact.KindPack {
		_, err = artifact.OpenPack(ctx, p, p.Root())
	} else {
		_, err = artifact.Open(ctx, p, p.Root())
	}
	return err
}
