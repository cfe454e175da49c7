// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/recap-oci/recap/pkg/artifact"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/trust"
)

// verifyResult is the answer of "recap verify", whether it is yes or no.
type verifyResult struct {
	Reference string       `json:"reference"` // with the digest that was examined
	Report    trust.Report `json:"report"`
}

func newVerifyCmd(e *env) *cobra.Command {
	var (
		registry registryFlags
		out      output
		trusted  trustFlags
	)
	cmd := &cobra.Command{
		Use:   "verify REF",
		Short: "Say who signed a digest, and whether you trust them",
		Long: `Resolve REF once, examine every signature of the digest it names, and exit 0 only
if the key you give vouches for it and it is a recap that can be read. What was
found is printed either way.`,
		Example: `  recap verify registry.example.com/team/recaps:v1 --key recap.pub`,
		Args:    args(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			if err := out.check(); err != nil {
				return err
			}
			if len(trusted.keys) == 0 {
				return recap.Errorf(recap.Usage, "usage", "recap verify: --key is missing").
					WithHint("recap verify %s --key PUBLISHER.pub", args[0])
			}
			p, err := e.pin(ctx, args[0], &registry)
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
				return err
			}
			// Signed is not yet readable: what is vouched for must also be a
			// recap with one meaning, or the next verb would refuse it.
			if err == nil {
				if _, err := artifact.Open(ctx, p, p.Root()); err != nil {
					return err
				}
			}
			if printErr := out.print(e.stdout, verifyResult{p.exact(), report}, func(w io.Writer) { printReport(w, p.exact(), report) }); printErr != nil {
				return printErr
			}
			return err
		},
	}
	flags := cmd.Flags()
	trusted.registerKey(flags)
	registry.register(flags, "")
	out.register(flags)
	return cmd
}

// printReport writes who signed and what each signature is worth.
func printReport(w io.Writer, exact string, r trust.Report) {
	fmt.Fprintf(w, "%s\n%s\n", safe(exact), voucher(r))
	for _, s := range r.Signatures {
		fmt.Fprintf(w, "  %s  %s", short(s.Digest), s.Outcome)
		if s.Authority != "" {
			fmt.Fprintf(w, "  %s", safe(s.Authority))
		}
		if s.Algorithm != "" {
			fmt.Fprintf(w, "  %s", safe(s.Algorithm))
		}
		if s.Reason != "" {
			fmt.Fprintf(w, "  %s", safe(s.Reason))
		}
		fmt.Fprintln(w)
	}
}
