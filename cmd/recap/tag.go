// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/recap-oci/recap/pkg/transfer"
)

// tagResult is the answer of "recap tag".
type tagResult struct {
	Reference string `json:"reference"` // with the digest that the tags name now
	transfer.TagResult
}

func newTagCmd(e *env) *cobra.Command {
	var (
		registry registryFlags
		out      output
	)
	cmd := &cobra.Command{
		Use:     "tag REF TAG...",
		Short:   "Give what REF names more tags",
		Example: `  recap tag registry.example.com/team/recaps:v1 latest`,
		Args:    args(2, -1),
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
			dst, err := e.create(ctx, ref, &registry)
			if err != nil {
				return err
			}
			defer dst.Close()
			result, err := transfer.Tag(ctx, dst, reference, args[1:], transfer.TagOptions{})
			if err != nil {
				return err
			}
			answer := tagResult{ref.WithDigest(result.Digest).String(), result}
			return out.print(e.stdout, answer, func(w io.Writer) {
				for _, move := range result.Tags {
					verb := "tagged"
					if !move.Moved {
						verb = "unchanged"
					}
					fmt.Fprintf(w, "%s %s\n", verb, ref.WithTag(move.Tag))
				}
				fmt.Fprintln(w, answer.Reference)
			})
		},
	}
	registry.register(cmd.Flags(), "")
	out.register(cmd.Flags())
	return cmd
}
