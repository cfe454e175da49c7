// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/recap-oci/recap/pkg/diff"
	"github.com/recap-oci/recap/pkg/recap"
)

func newDiffCmd(e *env) *cobra.Command {
	var (
		from, to registryFlags
		out      output
		trusted  trustFlags
		build    buildFlags
		lines    bool
		exitZero bool
	)
	cmd := &cobra.Command{
		Use:        "diff A B",
		Short:      "Say what changed between two recaps or two packs",
		SuggestFor: []string{"compare", "changes"},
		Long: `Say what changed from A to B: recaps added, removed and changed; in each of them
sections, facts, files, licence and metadata; and who signed. A and B are references,
verified like those of pull and show, or directories of yours; a pulled pack is the
digest that it was pulled as. A recap beside a pack is compared with the pack's recap
of its slug.

What has one digest isn't fetched. --format markdown gives release notes.

Exit 0 if they say the same, and 1 if they don't; --exit-zero tells that only from
failures.`,
		Example: `  recap diff registry.example.com/team/recaps:1.0.0 registry.example.com/team/recaps:1.1.0
  recap diff registry.example.com/team/trip:latest ./trip --lines
  recap diff oci-layout://old.tar:1.0.0 oci-layout://new.tar:1.1.0 --format markdown > NOTES.md`,
		Args: args(2, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			if err := out.check(); err != nil {
				return err
			}
			a, done, err := e.read(ctx, args[0], "diff", &from, &trusted, &build)
			if err != nil {
				return err
			}
			defer done()
			b, done, err := e.read(ctx, args[1], "diff", &to, &trusted, &build)
			if err != nil {
				return err
			}
			defer done()
			changes, err := diff.Between(ctx, a.Reader, b.Reader, diff.Options{Lines: lines})
			if err != nil {
				return err
			}
			changes.A.Reference, changes.B.Reference = a.name, b.name
			if err := e.printChanges(&out, changes, a, b); err != nil {
				return err
			}
			if changes.Same || exitZero {
				return nil
			}
			return answerIsNo
		},
	}
	flags := cmd.Flags()
	flags.BoolVar(&lines, "lines", false, "show the lines of each section that changed")
	flags.BoolVar(&exitZero, "exit-zero", false, "exit 0 whether or not they differ")
	trusted.register(flags)
	build.maxFileSize = recap.MaxFileSize
	flags.Var(&build.maxFileSize, "max-file-size", "refuse files of more than `BYTES` in a directory; 500M and 4G will do")
	flags.StringVar(&build.version, "version", "", "take a directory for version `V`: of a pack whose pack.yaml has none")
	from.register(flags, "from-")
	to.register(flags, "to-")
	out.register(flags, "markdown")
	return cmd
}

// printChanges prints the answer: release notes, or what is compared and then
// what changed.
func (e *env) printChanges(out *output, changes *diff.Changes, a, b opened) error {
	if out.format == "markdown" {
		return changes.WriteMarkdown(e.stdout)
	}
	return out.print(e.stdout, changes, func(w io.Writer) {
		for _, s := range []struct {
			sign string
			opened
		}{{"-", a}, {"+", b}} {
			fmt.Fprintf(w, "%s %s\n", s.sign, join("  ", safe(s.name), safe(s.Version()), voucher(s.Admitted().Report())))
		}
		_ = changes.WriteText(w) // a failed write is remembered by stdout
	})
}
