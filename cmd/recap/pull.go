// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"oras.land/oras-go/v2/content"

	"github.com/recap-oci/recap/pkg/artifact"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/transfer"
)

func newPullCmd(e *env) *cobra.Command {
	var (
		registry registryFlags
		out      output
		bar      progress
		trusted  trustFlags
		selected selectionFlags
		dir      string
		force    bool
		maxSize  byteSize
	)
	cmd := &cobra.Command{
		Use:        "pull REF",
		Short:      "Verify what REF names and write its files",
		SuggestFor: []string{"fetch", "download", "get"},
		Long: `Resolve REF once, decide by your policy whether the digest it names may be used,
fetch it by that digest and write it. The directory is what it was before, or
complete.

Without a rule for it nothing is written; at a terminal you are shown who signed it
and asked whether to trust them. --key, or --certificate-identity with
--certificate-oidc-issuer, decide in place of the policy.

The default directory is ./SLUG. A directory that holds an earlier pull of the
same repository is replaced if nobody changed it; any other is left alone unless
--force is given. What comes from a registry is kept in recap/store in the cache
directory ($XDG_CACHE_HOME) and not fetched again; the folder may be deleted.`,
		Example: `  recap pull registry.example.com/team/recaps:v1
  recap pull registry.example.com/team/recaps:v1 --key recap.pub
  recap pull registry.example.com/team/recaps:v1 --key recap.pub --include 'data/*.csv' -o figures`,
		Args: args(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			if err := out.check(); err != nil {
				return err
			}
			if err := selected.Check(); err != nil {
				return err
			}
			p, err := trusted.pin(ctx, e, args[0], &registry)
			if err != nil {
				return err
			}
			defer p.close()
			admitted, err := trusted.admit(ctx, e, p, "pull")
			if err != nil {
				return err
			}
			// A layout is a store already; what comes from a registry goes
			// into the user's own, so that it is fetched once.
			var store content.Storage = p.target
			keep := func(context.Context) error { return nil }
			if !p.ref.IsLayout() {
				local, done, err := e.store(cmd.Context())
				if err != nil {
					return err
				}
				defer done()
				store, keep = local, local.Commit
			}
			bar.start(e, "pulling")
			result, err := transfer.Pull(ctx, p, admitted, store, dir, transfer.PullOptions{
				Reference:   p.ref.String(),
				Repository:  p.ref.Name(),
				Selection:   selected.Selection,
				MaxFileSize: int64(maxSize),
				Force:       force,
				Now:         e.now,
				OnEvent:     bar.event,
			})
			bar.stop()
			p.noteMoved(ctx, e, err)
			if err != nil {
				return err
			}
			if err := keep(ctx); err != nil {
				return err
			}
			return out.print(e.stdout, result, func(w io.Writer) { printPull(w, result) })
		},
	}
	flags := cmd.Flags()
	flags.StringVarP(&dir, "output", "o", "", "`DIR` to write to (default ./SLUG)")
	flags.BoolVar(&force, "force", false, "write into a directory that isn't an unmodified earlier pull")
	maxSize = recap.MaxFileSize
	flags.Var(&maxSize, "max-file-size", "refuse files of more than `BYTES`; 500M and 4G will do")
	trusted.register(flags)
	selected.register(flags)
	registry.register(flags, "")
	out.register(flags)
	bar.register(flags)
	return cmd
}

// selectionFlags choose the files that are fetched.
type selectionFlags struct{ artifact.Selection }

func (s *selectionFlags) register(flags *pflag.FlagSet) {
	flags.StringArrayVar(&s.Include, "include", nil, "only files whose path matches `GLOB`; ** matches across folders")
	flags.StringSliceVar(&s.Roles, "role", nil, "only files of this `ROLE`: "+strings.Join(roleNames(), ", "))
	flags.StringSliceVar(&s.Recaps, "recap", nil, "of a pack: only the recap `SLUG`")
	flags.StringSliceVar(&s.Events, "event", nil, "of a pack: only recaps of the event `ID`")
	flags.BoolVar(&s.MetadataOnly, "metadata-only", false, "only the metadata, as recap.json")
}

func roleNames() []string {
	var names []string
	for _, role := range recap.Roles() {
		names = append(names, string(role))
	}
	return names
}

// printPull writes what was written where, and on whose word.
func printPull(w io.Writer, r transfer.PullResult) {
	var total int64
	for _, f := range r.Files {
		total += f.Size
	}
	verb := "pulled"
	switch {
	case r.Unchanged:
		verb = "unchanged"
	case r.Replaced:
		verb = "replaced"
	}
	fmt.Fprintf(w, "%s %s (%s, %s, %s fetched) %s\n", verb, safe(r.Dir), count(len(r.Files), "file"), size(total), size(r.Fetched.Bytes), voucher(r.Report))
	fmt.Fprintf(w, "%s@%s\n", safe(r.Repository), r.Digest)
}
