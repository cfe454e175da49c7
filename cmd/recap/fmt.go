// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/recap-oci/recap/pkg/draft"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/source"
)

// errUntidy stops a rewrite that --check only asks about.
var errUntidy = errors.New("would change")

func newFmtCmd(e *env) *cobra.Command {
	var (
		opts  draft.FormatOptions
		check bool
	)
	cmd := &cobra.Command{
		Use:        "fmt PATH...",
		Short:      "Tidy front matter; the text below it keeps every byte",
		SuggestFor: []string{"format"},
		Args:       args(1, -1),
		RunE: func(_ *cobra.Command, args []string) error {
			untidy := false
			for _, path := range args {
				files, err := documents(path)
				if err != nil {
					return err
				}
				for _, file := range files {
					changed, err := draft.Rewrite(file, func(old []byte) ([]byte, error) {
						tidy, err := draft.Format(filepath.Base(file), old, opts)
						if err == nil && check && string(tidy) != string(old) {
							err = errUntidy
						}
						return tidy, err
					})
					if err != nil && !errors.Is(err, errUntidy) {
						return fmt.Errorf("%s: %w", file, err)
					}
					if changed || err != nil {
						untidy = true
						fmt.Fprintln(e.stdout, safe(file))
					}
				}
			}
			if check && untidy {
				return answerIsNo
			}
			return nil
		},
	}
	flags := cmd.Flags()
	flags.BoolVar(&opts.Expand, "expand", false, "write the long form instead of shorthands")
	flags.BoolVar(&check, "check", false, "change nothing; name the files that would, and exit 1")
	return cmd
}

// documents returns the files of a recap that hold front matter or facts.
func documents(path string) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, sourceError(path, err)
	}
	if !info.IsDir() {
		return []string{path}, nil
	}
	files := []string{filepath.Join(path, recap.DocumentPath)}
	facts := filepath.Join(path, source.FactsPath)
	if _, err := os.Lstat(facts); !errors.Is(err, fs.ErrNotExist) {
		files = append(files, facts)
	}
	return files, nil
}
