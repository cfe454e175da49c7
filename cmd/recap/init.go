// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/recap-oci/recap/pkg/source"
)

func newInitCmd(e *env) *cobra.Command {
	var opts source.ScaffoldOptions
	cmd := &cobra.Command{
		Use:   "init [DIR|POST.md]",
		Short: "Write a new recap, or make an existing post one",
		Long: `Without an argument, or with a new directory, write a recap that passes check. With
a Markdown file, add the two lines that make it one and change no other byte.`,
		Example: `  recap init kubecon-2024 --event "KubeCon + CloudNativeCon Europe 2024"
  recap init content/posts/kubecon.md`,
		Args: args(0, 1),
		RunE: func(_ *cobra.Command, args []string) error {
			path := "."
			if len(args) == 1 {
				path = args[0]
			}
			if info, err := os.Stat(path); err == nil && !info.IsDir() {
				if _, err := source.Rewrite(path, func(old []byte) ([]byte, error) { return source.InitPost(old, opts.Event) }); err != nil {
					return fmt.Errorf("%s: %w", path, err)
				}
			} else {
				if opts.Date == "" {
					opts.Date = e.now().Format("2006-01-02")
				}
				files, err := source.Scaffold(opts)
				if err != nil {
					return err
				}
				if err := source.Create(path, files); err != nil {
					return err
				}
				path = filepath.Join(path, "index.md")
			}
			_, err := fmt.Fprintf(e.stdout, "%s is a recap; edit it, then: recap check %s\n", path, path)
			return err
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&opts.Event, "event", "", "`NAME` of the event; default: the title")
	flags.StringVar(&opts.Title, "title", "", "title of a new recap")
	flags.StringVar(&opts.Author, "author", "", "author of a new recap")
	flags.StringVar(&opts.Date, "date", "", "date of a new recap; default: today")
	flags.StringVar(&opts.License, "license", "", "SPDX licence of a new recap, such as CC-BY-4.0")
	return cmd
}
