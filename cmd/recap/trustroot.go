// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/recap-oci/recap/pkg/sigstore/trustroot"
)

func newTrustCmd(e *env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "trust COMMAND",
		Short: "What is trusted and until when; what is remembered",
		Args:  subcommands,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newTrustRootCmd(e), newTrustImportCmd(e), newTrustResetCmd(e))
	return cmd
}

// trustRootResult is the answer of "recap trust root".
type trustRootResult struct {
	trustroot.Report
	Saved string `json:"saved,omitempty"` // the file of --output
}

func newTrustRootCmd(e *env) *cobra.Command {
	var (
		out    output
		root   rootFlags
		policy string
		to     string
		force  bool
	)
	cmd := &cobra.Command{
		Use:   "root",
		Short: "Show which certificate authorities, logs and clocks count, and until when",
		Long: `Show the trusted root that identities are verified with: that of --trusted-root, else
of your policy, else of Sigstore's public instance, which is fetched once a day.

--output saves it, for a place without network: there, name the file with
--trusted-root or in the policy's trustedRoot.`,
		Example: `  recap trust root
  recap trust root -o trusted_root.json`,
		Args: args(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			if err := out.check(); err != nil {
				return err
			}
			believed, err := e.policy(policy)
			if err != nil {
				return err
			}
			trusted := root.open(e, believed)
			report, err := trusted.Describe(ctx)
			if err != nil {
				return err
			}
			if to != "" {
				text, err := trusted.JSON(ctx)
				if err != nil {
					return err
				}
				if err := save(to, text, force); err != nil {
					return err
				}
			}
			return out.print(e.stdout, trustRootResult{report, to}, func(w io.Writer) {
				printRoot(w, report, e.now())
				if to != "" {
					fmt.Fprintf(w, "saved as %s\n", safe(to))
				}
			})
		},
	}
	flags := cmd.Flags()
	root.register(flags)
	flags.StringVar(&policy, "policy", "", "show the root of the policy in `FILE`")
	flags.BoolVar(&root.offline, "offline", false, "don't fetch anything: what was fetched before")
	flags.StringVarP(&to, "output", "o", "", "save the root in `FILE`, a trusted_root.json")
	flags.BoolVar(&force, "force", false, "replace that file")
	out.register(flags)
	return cmd
}

func printRoot(w io.Writer, r trustroot.Report, now time.Time) {
	fmt.Fprintln(w, safe(r.Source))
	if r.TUF != nil {
		fmt.Fprintf(w, "fetched %s, root.json version %d, good until %s\n", day(r.TUF.Fetched), r.TUF.Root, day(r.TUF.Expires))
		if r.TUF.Warning != "" {
			fmt.Fprintf(w, "warning: %s\n", safe(r.TUF.Warning))
		}
	}
	for _, group := range []struct {
		title   string
		members []trustroot.Member
	}{
		{"certificate authorities", r.CertificateAuthorities},
		{"transparency logs", r.TransparencyLogs},
		{"certificate logs", r.CertificateLogs},
		{"timestamp authorities", r.TimestampAuthorities},
	} {
		fmt.Fprintf(w, "%s:\n", group.title)
		for _, m := range group.members {
			fmt.Fprintf(w, "  %s\n", safe(join("  ", m.Name, validity(m, now), m.URL, fmt.Sprintf("%.16s", m.ID))))
		}
		if len(group.members) == 0 {
			fmt.Fprintln(w, "  none")
		}
	}
}

// validity says for which time a member of a root can speak, and whether that
// is over.
func validity(m trustroot.Member, now time.Time) string {
	switch {
	case m.ValidUntil.IsZero() && m.ValidFrom.IsZero():
		return "at any time"
	case m.ValidUntil.IsZero():
		return "since " + day(m.ValidFrom)
	case m.ValidUntil.Before(now):
		return "until " + day(m.ValidUntil) + " (over; older signatures still count)"
	case m.ValidFrom.IsZero():
		return "until " + day(m.ValidUntil)
	}
	return day(m.ValidFrom) + " to " + day(m.ValidUntil)
}

func day(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.UTC().Format(time.DateOnly)
}
