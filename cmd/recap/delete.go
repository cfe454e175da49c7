// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/target"
	"github.com/recap-oci/recap/pkg/transfer"
)

// deleteResult is the answer of "recap delete".
type deleteResult struct {
	Reference string `json:"reference"`
	transfer.DeleteResult
}

func newDeleteCmd(e *env) *cobra.Command {
	var (
		registry registryFlags
		out      output
		force    bool
		dryRun   bool
	)
	cmd := &cobra.Command{
		Use:        "delete REF",
		Aliases:    []string{"rm"},
		Short:      "Delete a tag, or a digest with its signatures",
		SuggestFor: []string{"remove"},
		Long: `Delete the tag that REF names and leave the content it pointed at; or, when REF is a
digest, the content with every tag and signature of it. It asks first.`,
		Args: args(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			if err := out.check(); err != nil {
				return err
			}
			ref, err := parseReference(args[0])
			if err != nil {
				return err
			}
			reference, err := ref.Target()
			if err != nil {
				return err
			}
			client, err := registry.client(e, ref.Host)
			if err != nil {
				return err
			}
			dst, err := client.Open(ctx, ref)
			if err != nil {
				return err
			}
			defer dst.Close()
			if !force && !dryRun {
				if err := e.confirmDelete(ctx, dst, ref, reference); err != nil {
					return err
				}
			}
			result, err := transfer.Delete(ctx, dst, reference, transfer.DeleteOptions{DryRun: dryRun})
			if err != nil {
				return err
			}
			return out.print(e.stdout, deleteResult{ref.String(), result}, func(w io.Writer) { printDelete(w, ref, result) })
		},
	}
	flags := cmd.Flags()
	flags.BoolVarP(&force, "force", "f", false, "don't ask")
	flags.BoolVar(&dryRun, "dry-run", false, "say what would be deleted and change nothing")
	registry.register(flags, "")
	out.register(flags)
	return cmd
}

// confirmDelete shows what is about to go and asks. The default is no.
func (e *env) confirmDelete(ctx context.Context, dst *target.Target, ref target.Reference, reference string) error {
	plan, err := transfer.Delete(ctx, dst, reference, transfer.DeleteOptions{DryRun: true})
	if err != nil {
		return err
	}
	if !e.ttyIn {
		return recap.Errorf(recap.Usage, "not-confirmed", "there is no terminal to ask on whether to delete %s", ref).
			WithHint("recap delete %s --force", shellWord(ref.String()))
	}
	printDelete(e.stderr, ref, plan)
	line, err := e.line(ctx, "Delete it? [y/N] ")
	if err != nil {
		return err
	}
	if answer := strings.ToLower(line); answer != "y" && answer != "yes" {
		return recap.Errorf(recap.Negative, "not-confirmed", "%s is still there", ref)
	}
	return nil
}

func printDelete(w io.Writer, ref target.Reference, r transfer.DeleteResult) {
	verb := "deleted"
	if r.DryRun {
		verb = "would delete"
	}
	if r.Deleted {
		fmt.Fprintf(w, "%s %s and %s\n", verb, ref.WithDigest(r.Digest), count(len(r.Referrers), "signature"))
		return
	}
	for _, tag := range r.Untagged {
		fmt.Fprintf(w, "%s the tag %s; its content stays, as %s\n", verb, ref.WithTag(tag), ref.WithDigest(r.Digest))
	}
}
