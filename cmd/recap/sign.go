// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"io"
	"slices"

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
		sign     signFlags
	)
	cmd := &cobra.Command{
		Use:   "sign REF",
		Short: "Sign what lies in a registry or layout already",
		Long: `Sign the digest that REF names, store the signature beside it as cosign does, and
read it back. A digest that the same signer has signed already stays as it is.

Without --key you sign with your identity: in CI that of the workflow, by the token
its environment offers; at a terminal your own, which a browser asks for. A
certificate authority confirms it and a public log keeps it, for everybody to see.`,
		Example: `  recap sign registry.example.com/team/recaps:v1
  recap sign registry.example.com/team/recaps:v1 --key recap.key`,
		Args: args(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			if err := out.check(); err != nil {
				return err
			}
			if err := named(args[0]); err != nil {
				return err
			}
			sealer, err := sign.sealer(ctx, e, trust.SignPredicate())
			if err != nil {
				return err
			}
			exact, report, err := e.sealInPlace(ctx, args[0], &registry, sealer)
			if err != nil {
				return err
			}
			return out.print(e.stdout, signResult{exact, report}, func(w io.Writer) {
				fmt.Fprintf(w, "%s %s, %s\n%s\n", added(report, "signed"), safe(args[0]), voucher(report), safe(exact))
			})
		},
	}
	flags := cmd.Flags()
	sign.register(flags)
	registry.register(flags, "")
	out.register(flags)
	return cmd
}

// named checks that arg names one thing, before anybody is asked who they are.
func named(arg string) error {
	ref, err := parseReference(arg)
	if err == nil {
		_, err = ref.Target()
	}
	return err
}

// sealInPlace seals the digest that arg names where it lies, and returns the
// reference with that digest.
func (e *env) sealInPlace(ctx context.Context, arg string, registry *registryFlags, sealer *trust.Sealer) (string, trust.Report, error) {
	p, err := e.pin(ctx, arg, registry)
	if err != nil {
		return "", trust.Report{}, err
	}
	p.close()
	dst, err := e.create(ctx, p.ref, registry)
	if err != nil {
		return "", trust.Report{}, err
	}
	defer dst.Close()
	report, err := sealer.Seal(ctx, dst, p.Root())
	if err != nil {
		return "", trust.Report{}, err
	}
	return p.exact(), report, dst.Commit(ctx)
}

// added says whether what was to be made is new: signed, or signed already.
func added(r trust.Report, verb string) string {
	if slices.ContainsFunc(r.Signatures, func(s trust.SignatureReport) bool { return s.Added }) {
		return verb
	}
	return verb + " already"
}
