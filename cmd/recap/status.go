// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/opencontainers/go-digest"
	"github.com/spf13/cobra"

	"github.com/recap-oci/recap/pkg/folder"
	"github.com/recap-oci/recap/pkg/recap"
)

func newStatusCmd(e *env) *cobra.Command {
	var (
		registry registryFlags
		out      output
		offline  bool
	)
	cmd := &cobra.Command{
		Use:   "status [DIR]",
		Short: "Say what a pulled directory is, and whether it was changed",
		Long: `Compare a pulled directory with its receipt: which digest it is, who signed it, which
files were modified, added or removed since, and whether its reference names
something newer. Exit 1 when files changed.`,
		Args: args(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := out.check(); err != nil {
				return err
			}
			dir := "."
			if len(args) == 1 {
				dir = args[0]
			}
			opts := folder.StatusOptions{}
			if !offline {
				opts.Newer = func(ctx context.Context, r folder.Receipt) (digest.Digest, error) {
					p, err := e.pin(ctx, r.Reference, &registry)
					if err != nil {
						return "", err
					}
					defer p.close()
					return p.Root().Digest, nil
				}
			}
			result, err := folder.Status(cmd.Context(), dir, opts)
			if errors.Is(err, recap.NotFound) {
				return hinted(err, "name a directory that recap pull wrote; what is wrong with a recap of your own says: recap check %s", shellWord(dir))
			}
			if err != nil {
				return err
			}
			if err := out.print(e.stdout, result, func(w io.Writer) { printStatus(w, result) }); err != nil {
				return err
			}
			if result.State != folder.Unchanged {
				return answerIsNo
			}
			return nil
		},
	}
	flags := cmd.Flags()
	flags.BoolVar(&offline, "offline", false, "don't ask whether there is something newer")
	registry.register(flags, "")
	out.register(flags)
	return cmd
}

func printStatus(w io.Writer, r folder.StatusResult) {
	fmt.Fprintf(w, "%s: %s, pulled from %s\n", safe(r.Dir), r.State, safe(r.Receipt.Reference))
	fmt.Fprintf(w, "%s@%s\n", safe(r.Receipt.Repository), r.Receipt.Digest)
	fmt.Fprintf(w, "when pulled: %s\n", voucher(r.Receipt.Report))
	for _, change := range r.Changes {
		fmt.Fprintf(w, "  %s  %s\n", change.State, safe(change.Path))
	}
	switch {
	case r.Newer:
		fmt.Fprintf(w, "newer: the reference names %s now\n", r.Current)
	case r.CheckError != "":
		fmt.Fprintf(w, "could not ask whether there is something newer: %s\n", safe(r.CheckError))
	case r.Current != "":
		fmt.Fprintln(w, "newest: the reference names the same")
	}
}
