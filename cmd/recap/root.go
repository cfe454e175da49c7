// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/recap-oci/recap/pkg/recap"
)

func newRootCmd(e *env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "recap COMMAND",
		Short: "Write-ups of events as signed, versioned OCI artifacts",
		Long: `recap packages write-ups of events (Markdown, typed facts, media) as OCI
artifacts: push them signed to any registry, pull them verified.

A reference is HOST/REPOSITORY:TAG, HOST/REPOSITORY@sha256:…, or
oci-layout://PATH:TAG for a directory or .tar on disk.`,
		Version:           builtFrom().Version,
		SilenceErrors:     true,
		SilenceUsage:      true,
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: false},
		PersistentPreRun:  func(*cobra.Command, []string) { e.parsed = true },
	}
	cmd.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return recap.Errorf(recap.Usage, "usage", "%s: %w", c.CommandPath(), err).WithHint("%s --help lists the flags", c.CommandPath())
	})
	cmd.AddGroup(
		&cobra.Group{ID: "write", Title: "Write:"},
		&cobra.Group{ID: "move", Title: "Push and pull:"},
		&cobra.Group{ID: "trust", Title: "Sign and verify:"},
		&cobra.Group{ID: "look", Title: "Look:"},
	)
	group := func(id string, cmds ...*cobra.Command) {
		for _, c := range cmds {
			c.GroupID = id
			cmd.AddCommand(c)
		}
	}
	group("write", newInitCmd(e), newCheckCmd(e), newFmtCmd(e), newBuildCmd(e), newSchemaCmd(e))
	group("move", newPushCmd(e), newPullCmd(e), newCopyCmd(e), newTagCmd(e), newDeleteCmd(e), newLoginCmd(e), newLogoutCmd(e))
	group("trust", newVerifyCmd(e), newPolicyCmd(e), newSignCmd(e), newAttestCmd(e), newKeyCmd(e), newTrustCmd(e))
	group("look", newListCmd(e), newInspectCmd(e), newShowCmd(e), newDiffCmd(e), newStatusCmd(e), newStoreCmd(e))
	cmd.AddCommand(newVersionCmd(e))
	return cmd
}

// strict has cobra's own commands refuse what they don't know, as ours do: they
// would print their help, and exit 0. They take the root's output as it is now.
func strict(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	for _, cmd := range root.Commands() {
		switch cmd.Name() {
		case "completion":
			cmd.Args = subcommands
			cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
		case "help":
			cmd.Args = func(_ *cobra.Command, got []string) error {
				_, _, err := root.Find(got)
				return err
			}
		}
	}
}

// subcommands is for a command that only has others: whatever it is given is
// none of them.
func subcommands(cmd *cobra.Command, got []string) error {
	if len(got) == 0 {
		return nil
	}
	var names []string
	for _, sub := range cmd.Commands() {
		names = append(names, sub.Name())
	}
	return recap.Errorf(recap.Usage, "usage", "%s: there is no command %q", cmd.CommandPath(), got[0]).
		WithHint("one of %s", strings.Join(names, ", "))
}

// args checks the number of arguments and says which one is missing, by the
// names in the command's use line.
func args(atLeast, atMost int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, got []string) error {
		names := strings.Fields(cmd.Use)[1:]
		if len(got) < atLeast {
			name, how := strings.Trim(names[len(got)], "[]."), ""
			if name == "REF" || name == "SRC" || name == "DST" {
				how = ", where " + name + " is HOST/REPOSITORY:TAG or oci-layout://PATH:TAG"
			}
			return recap.Errorf(recap.Usage, "usage", "%s: %s is missing", cmd.CommandPath(), name).WithHint("%s%s", cmd.UseLine(), how)
		}
		if atMost >= 0 && len(got) > atMost {
			return recap.Errorf(recap.Usage, "usage", "%s: %q is one argument too many", cmd.CommandPath(), got[atMost]).
				WithHint("%s", cmd.UseLine())
		}
		return nil
	}
}
