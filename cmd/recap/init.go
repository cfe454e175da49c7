// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/recap-oci/recap/pkg/draft"
	"github.com/recap-oci/recap/pkg/pack"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/report"
	"github.com/recap-oci/recap/pkg/rule"
	"github.com/recap-oci/recap/pkg/source"
)

func newInitCmd(e *env) *cobra.Command {
	var (
		opts   draft.ScaffoldOptions
		asPack bool
	)
	cmd := &cobra.Command{
		Use:        "init [DIR|POST.md]",
		Short:      "Write a new recap or pack, or make an existing post a recap",
		SuggestFor: []string{"new", "create"},
		Long: `Without an argument, or with a new directory, write a recap that passes check. With
a Markdown file, add the two lines that make it one and change no other byte.`,
		Example: `  recap init kubecon-2024 --event "KubeCon + CloudNativeCon Europe 2024"
  recap init content/posts/kubecon.md
  recap init our-recaps --pack`,
		Args: args(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			path := "."
			if len(args) == 1 {
				path = args[0]
			}
			info, err := os.Stat(path)
			post := err == nil && !info.IsDir()
			if asPack {
				if post {
					return recap.Errorf(recap.Usage, "usage", "%s is a file, and a pack is a directory", path).
						WithHint("name a directory: recap init DIR --pack")
				}
				if flag := given(cmd, "event", "date"); flag != "" && holdsFiles(filepath.Join(path, "recaps")) {
					return recap.Errorf(recap.Usage, "usage", "--%s is for a first recap, and there is one in %s", flag, filepath.Join(path, "recaps")).
						WithHint("leave it out: each recap says its own")
				}
				return e.initPack(path, opts)
			}
			if err != nil && isMarkdown(path) || path == "" {
				return recap.Errorf(recap.NotFound, "no-source", "there is no post %q", path).
					WithHint("name a post that exists, or a new directory")
			}
			if post {
				if flag := given(cmd, "title", "author", "date", "license"); flag != "" {
					return recap.Errorf(recap.Usage, "usage", "--%s is for a new recap: to %s only the event is added", flag, path).
						WithHint("leave it out, and write into the front matter what is to change")
				}
				if _, err := draft.Rewrite(path, func(old []byte) ([]byte, error) { return draft.InitPost(old, opts.Event) }); err != nil {
					return fmt.Errorf("%s: %w", path, err)
				}
			} else {
				if opts.Date == "" {
					opts.Date = e.now().Format("2006-01-02")
				}
				files, err := draft.Scaffold(opts)
				if err != nil {
					return err
				}
				if err := draft.Create(path, files); err != nil {
					return err
				}
				path = filepath.Join(path, "index.md")
			}
			return e.printInit(path)
		},
	}
	flags := cmd.Flags()
	flags.BoolVar(&asPack, "pack", false, "write a pack: a pack.yaml, and a first recap where there is none")
	flags.StringVar(&opts.Event, "event", "", "`NAME` of the event; default: the title")
	flags.StringVar(&opts.Title, "title", "", "title of a new recap")
	flags.StringVar(&opts.Author, "author", "", "author of a new recap")
	flags.StringVar(&opts.Date, "date", "", "date of a new recap; default: today")
	flags.StringVar(&opts.License, "license", "", "SPDX licence of a new recap, such as CC-BY-4.0")
	return cmd
}

// given returns the first of these flags that was given, if one was.
func given(cmd *cobra.Command, names ...string) string {
	for _, name := range names {
		if cmd.Flags().Changed(name) {
			return name
		}
	}
	return ""
}

// initPack writes a new pack into dir.
func (e *env) initPack(dir string, opts draft.ScaffoldOptions) error {
	date := opts.Date
	if date == "" {
		date = e.now().Format("2006-01-02")
	}
	files, err := pack.Scaffold(pack.ScaffoldOptions{
		Title: opts.Title, Author: opts.Author, License: opts.License, Event: opts.Event, Date: date,
		Recaps: holdsFiles(filepath.Join(dir, "recaps")),
	})
	if err != nil {
		return err
	}
	if err := draft.Add(dir, files); err != nil {
		return err
	}
	_, err = fmt.Fprintf(e.stdout, "%s is a pack; edit it, then: recap check %s\n", safe(filepath.Join(dir, pack.FileName)), safe(dir))
	return err
}

// holdsFiles reports whether there is a file in dir or below that isn't hidden.
func holdsFiles(dir string) bool {
	found := false
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		switch hidden := path != dir && strings.HasPrefix(d.Name(), "."); {
		case err != nil:
			return nil //nolint:nilerr // what can't be read is no reason not to write
		case hidden && d.IsDir():
			return fs.SkipDir
		case !hidden && !d.IsDir():
			found = true
			return fs.SkipAll
		}
		return nil
	})
	return found
}

func isMarkdown(path string) bool {
	ext := strings.ToLower(filepath.Ext(path))
	return ext == ".md" || ext == ".markdown"
}

// printInit says what became of path. A post that had faults before has them
// still, and its author should hear of it now.
func (e *env) printInit(path string) error {
	src, problems, err := loadSource(path, source.Options{})
	if err != nil {
		return err
	}
	if src.Err(rule.LevelValid) == nil {
		_, err := fmt.Fprintf(e.stdout, "%s is a recap; edit it, then: recap check %s\n", safe(path), safe(path))
		return err
	}
	if _, err := fmt.Fprintf(e.stdout, "%s has what makes it a recap; this is left to mend:\n", safe(path)); err != nil {
		return err
	}
	return report.Of(rule.LevelValid, nil, rule.Counted(problems, rule.LevelValid)).WriteText(e.stdout)
}
