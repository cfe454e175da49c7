// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/recap-oci/recap/pkg/pack"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/report"
	"github.com/recap-oci/recap/pkg/rule"
	"github.com/recap-oci/recap/pkg/source"
)

func newCheckCmd(e *env) *cobra.Command {
	var (
		out     output
		level   string
		maxSize byteSize
	)
	cmd := &cobra.Command{
		Use:        "check PATH...",
		Short:      "Validate recaps and packs: every problem at once, with its line and how to mend it",
		SuggestFor: []string{"lint", "validate"},
		Long: `Validate each recap, or each pack with its recaps, and print every problem as

  path:line:col: error R501: what; how to mend

Level valid stops at errors, complete at warnings too, publishable also at what
nobody should give to others. Exit 1 when a problem counts at the level.`,
		Example: `  recap check ./my-recap --level complete
  recap check recaps/* --format github`,
		Args: args(1, -1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := out.check(); err != nil {
				return err
			}
			level, err := rule.ParseLevel(level)
			if err != nil {
				return err
			}
			var (
				problems []recap.Problem
				failed   error // the first path that could not be read at all
			)
			for _, path := range args {
				found, err := problemsOf(cmd.Context(), path, level, int64(maxSize))
				if err != nil && failed != nil {
					e.printError(err)
				} else if err != nil {
					failed = err
				}
				problems = append(problems, found...)
			}
			outcome := report.Of(level, args, problems)
			if failed == nil || len(args) > 1 {
				if err := printChecks(e, &out, outcome); err != nil {
					return err
				}
			}
			if failed == nil && !outcome.OK {
				return answerIsNo
			}
			return failed
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&level, "level", string(rule.LevelValid), "how much to ask for: valid, complete, publishable")
	maxSize = recap.MaxFileSize
	flags.Var(&maxSize, "max-file-size", "refuse files of more than `BYTES`; 500M and 4G will do")
	out.register(flags, "sarif", "github")
	return cmd
}

func printChecks(e *env, out *output, outcome report.Outcome) error {
	switch out.format {
	case "sarif":
		return outcome.WriteSARIF(e.stdout, builtFrom().Version)
	case "github":
		return outcome.WriteGitHub(e.stdout)
	}
	return out.print(e.stdout, outcome, func(w io.Writer) {
		_ = outcome.WriteText(w) // a failed write is remembered by stdout
		fmt.Fprintln(w, outcome.Summary())
	})
}

// problemsOf returns everything that is wrong with the recap or pack at path.
func problemsOf(ctx context.Context, path string, level rule.Level, maxFileSize int64) ([]recap.Problem, error) {
	dir, ok := packDirectory(path)
	if _, pulled := pulledPack(path); !ok && pulled {
		return nil, recap.Errorf(recap.Usage, "pulled-pack", "%s is a pack as it was pulled: what its pack.yaml said is not there", path).
			WithHint("check its recaps: recap check %s", filepath.Join(path, "*"))
	}
	if !ok {
		_, found, err := loadSource(path, source.Options{MaxFileSize: maxFileSize})
		return found, err
	}
	root, _, err := openSource(dir)
	if err != nil {
		return nil, err
	}
	built, err := pack.Check(ctx, root.FS(), pack.Options{Level: level, MaxFileSize: maxFileSize})
	if err != nil {
		err = fmt.Errorf("%s: %w", dir, err)
	}
	if built == nil {
		return nil, err
	}
	return within(dir, built.Problems), err
}

// loadSource loads the recap at path. Problems name files as the user did.
func loadSource(path string, opts source.Options) (*source.Source, []recap.Problem, error) {
	root, name, err := openSource(path)
	if err != nil {
		return nil, nil, err
	}
	if opts.Originals, err = originals(path); err != nil {
		return nil, nil, err
	}
	src, problems, err := source.Load(root.FS(), name, opts)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", path, err)
	}
	dir := path
	if name != "." {
		dir = filepath.Dir(path)
	}
	return src, within(dir, problems), nil
}

// originals opens the nearest directory above path that holds a pack.yaml, so
// that quotes and line numbers are held against the articles that recaps
// retell. Without one nothing is looked up.
func originals(path string) (fs.FS, error) {
	dir, err := filepath.Abs(path)
	if err != nil {
		return nil, sourceError(path, err)
	}
	for parent := filepath.Dir(dir); parent != dir; dir, parent = parent, filepath.Dir(parent) {
		if _, err := os.Lstat(filepath.Join(parent, pack.FileName)); err != nil {
			continue
		}
		root, err := os.OpenRoot(parent)
		if err != nil {
			return nil, sourceError(parent, err)
		}
		return root.FS(), nil
	}
	return nil, nil
}
