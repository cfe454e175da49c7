// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/recap-oci/recap/pkg/trust"
)

// signResult is the answer of "recap sign".
type signResult struct {
	Reference string       `json:"reference"` // with the digest that was signed
	Report    trust.Report `json:"report"`
}

func newSignCmd(e *env) *cobra.Command {
	var (
		registry registryFlags
		out      output
		key      string
	)
	cmd := &cobra.Command{
		Use:   "sign REF",
		Short: "Sign what lies in a registry or layout already",
		Long: `Sign the digest that REF names, store the signature beside it as cosign does, and
read it back. A digest that the same key has signed already stays as it is.`,
		Example: `  recap sign registry.example.com/team/recaps:v1 --key recap.key`,
		Args:    args(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			if err := out.check(); err != nil {
				return err
			}
			sealer, err := e.sealer(ctx, key)
			if err != nil {
				return err
			}
			p, err := e.pin(ctx, args[0], &registry)
			if err != nil {
				return err
			}
			p.close()
			dst, err := e.create(ctx, p.ref, &registry)
			if err != nil {
				return err
			}
			defer dst.Close()
			report, err := sealer.Seal(ctx, dst, p.Root())
			if err != nil {
				return err
			}
			if err := dst.Commit(ctx); err != nil {
				return err
			}
			return out.print(e.stdout, signResult{p.exact(), report}, func(w io.Writer) {
				verb := "signed already"
				for _, s := range report.Signatures {
					if s.Added {
						verb = "signed"
					}
				}
				fmt.Fprintf(w, "%s %s\n%s\n", verb, p.ref, p.exact())
			})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&key, "key", "", "sign with this private key: `FILE` or env://NAME")
	registry.register(flags, "")
	out.register(flags)
	return cmd
}
