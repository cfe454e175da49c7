// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/transfer"
)

// listResult is the answer of "recap list".
type listResult struct {
	Repository string `json:"repository"`
	transfer.ListResult
}

func newListCmd(e *env) *cobra.Command {
	var (
		registry registryFlags
		out      output
		digests  bool
	)
	cmd := &cobra.Command{
		Use:        "list REPO",
		Aliases:    []string{"ls"},
		Short:      "List the tags of a repository or layout, newest version first",
		SuggestFor: []string{"tags"},
		Example:    `  recap list registry.example.com/team/recaps`,
		Args:       args(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			if err := out.check(); err != nil {
				return err
			}
			ref, err := parseReference(args[0])
			if err != nil {
				return err
			}
			if ref.Digest != "" || len(ref.Tags) > 0 {
				return recap.Errorf(recap.Usage, "usage", "%s names one thing; list takes a repository", ref).
					WithHint("recap list %s, or recap inspect %s", ref.Name(), ref)
			}
			client, err := registry.client(e)
			if err != nil {
				return err
			}
			src, err := client.Open(ctx, ref)
			if err != nil {
				return err
			}
			defer src.Close()
			result, err := transfer.List(ctx, src, transfer.ListOptions{Digests: digests})
			if err != nil {
				return err
			}
			return out.print(e.stdout, listResult{ref.Name(), result}, func(w io.Writer) {
				for _, t := range result.Tags {
					if t.Digest != "" {
						fmt.Fprintf(w, "%s  %s\n", safe(t.Tag), t.Digest)
					} else {
						fmt.Fprintln(w, safe(t.Tag))
					}
				}
			})
		},
	}
	flags := cmd.Flags()
	flags.BoolVar(&digests, "digests", false, "show what each tag names, one request a tag")
	registry.register(flags, "")
	out.register(flags)
	return cmd
}
