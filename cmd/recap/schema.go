// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/schemas"
)

func newSchemaCmd(e *env) *cobra.Command {
	return &cobra.Command{
		Use:   "schema [NAME]",
		Short: "Print a JSON Schema, or the names of all",
		Args:  args(0, 1),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return schemas.Names(), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				_, err := fmt.Fprintln(e.stdout, strings.Join(schemas.Names(), "\n"))
				return err
			}
			data, err := schemas.Read(args[0])
			if err != nil {
				return recap.Errorf(recap.NotFound, "no-schema", "there is no schema %q", args[0]).
					WithHint("one of %s", strings.Join(schemas.Names(), ", "))
			}
			_, err = e.stdout.Write(data)
			return err
		},
	}
}
