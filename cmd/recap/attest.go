// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/trust"
)

// attestResult is the answer of "recap attest".
type attestResult struct {
	Reference     string       `json:"reference"` // with the digest that the statement is about
	PredicateType string       `json:"predicateType"`
	Report        trust.Report `json:"report"`
}

func newAttestCmd(e *env) *cobra.Command {
	var (
		registry  registryFlags
		out       output
		sign      signFlags
		predicate string
		kind      string
	)
	cmd := &cobra.Command{
		Use:   "attest REF",
		Short: "Sign a statement about what lies in a registry or layout already",
		Long: `Sign a statement about the digest that REF names, store it beside it as cosign does,
and read it back. What is stated is the JSON object in the file of --predicate; what
it means is its --type. The same statement by the same signer is made once.

An attestation is not a signature: it says something about the content, and a policy
asks for each by its type.`,
		Example: `  recap attest registry.example.com/team/recaps:v1 --type https://example.com/review/v1 --predicate review.json --key recap.key`,
		Args:    args(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			if err := out.check(); err != nil {
				return err
			}
			if kind == "" || predicate == "" {
				return recap.Errorf(recap.Usage, "usage", "recap attest: --type and --predicate are needed").
					WithHint("recap attest %s --type URI --predicate FILE.json", args[0])
			}
			statement, err := readPredicate(kind, predicate)
			if err != nil {
				return err
			}
			if err := named(args[0]); err != nil {
				return err
			}
			sealer, err := sign.sealer(ctx, e, statement)
			if err != nil {
				return err
			}
			exact, report, err := e.sealInPlace(ctx, args[0], &registry, sealer)
			if err != nil {
				return err
			}
			return out.print(e.stdout, attestResult{exact, statement.Type, report}, func(w io.Writer) {
				fmt.Fprintf(w, "%s %s: %s\n%s\n", added(report, "attested"), safe(args[0]), safe(statement.Type), safe(exact))
			})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&predicate, "predicate", "", "what is stated: the JSON object in `FILE`")
	flags.StringVar(&kind, "type", "", "`TYPE` of the statement: provenance, sbom, spdx, openvex, vuln or a URI")
	sign.register(flags)
	registry.register(flags, "")
	out.register(flags)
	return cmd
}
