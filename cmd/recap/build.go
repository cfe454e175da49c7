// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/recap-oci/recap/pkg/artifact"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/source"
	"github.com/recap-oci/recap/pkg/target"
	"github.com/recap-oci/recap/pkg/transfer"
)

func newBuildCmd(e *env) *cobra.Command {
	var (
		out   output
		bar   progress
		build buildFlags
		to    string
	)
	cmd := &cobra.Command{
		Use:   "build PATH",
		Short: "Build a recap into an OCI layout, no registry needed",
		Long: `Build the recap at PATH into the OCI image layout LAYOUT[:TAG], a directory or
a .tar. The tag is the recap's slug unless another is given. The same input
gives the same digest on every machine.`,
		Example: `  recap build ./my-recap -o out`,
		Args:    args(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			if err := out.check(); err != nil {
				return err
			}
			if to == "" {
				return recap.Errorf(recap.Usage, "usage", "recap build: --output is missing").WithHint("recap build %s -o out", args[0])
			}
			ref, err := layoutReference(to)
			if err != nil {
				return err
			}
			graph, err := build.graph(ctx, e, args[0])
			if err != nil {
				return err
			}
			if len(ref.Tags) == 0 {
				ref = ref.WithTag(graph.Recap().Slug)
			}
			dst, err := e.create(ctx, ref, &registryFlags{})
			if err != nil {
				return err
			}
			defer dst.Close()
			bar.start(e, "building")
			result, err := transfer.Push(ctx, graph, dst, ref.Tags, transfer.Unsigned{}, transfer.PushOptions{OnEvent: bar.event})
			bar.stop()
			if err != nil {
				return err
			}
			return out.print(e.stdout, pushResult{ref.WithDigest(result.Digest).String(), result}, func(w io.Writer) {
				printPush(w, "built", ref, result)
			})
		},
	}
	flags := cmd.Flags()
	flags.StringVarP(&to, "output", "o", "", "`LAYOUT[:TAG]` to build into")
	build.register(flags)
	out.register(flags)
	bar.register(flags)
	return cmd
}

// layoutReference reads a layout's place with or without its scheme.
func layoutReference(s string) (target.Reference, error) {
	ref, err := target.ParseReference(s)
	if err == nil && ref.IsLayout() {
		return ref, nil
	}
	return target.ParseReference(target.LayoutScheme + s)
}

// buildFlags say how a source directory becomes a graph.
type buildFlags struct {
	maxFileSize byteSize
	draft       bool
	version     string // of push
}

func (f *buildFlags) register(flags *pflag.FlagSet) {
	f.maxFileSize = recap.MaxFileSize
	flags.Var(&f.maxFileSize, "max-file-size", "refuse files of more than `BYTES`; 500M and 4G will do")
	flags.BoolVar(&f.draft, "draft", false, "accept a recap that says draft: true")
}

// graph loads, validates and builds the recap at path. Problems are printed
// one a line, all of them.
func (f *buildFlags) graph(ctx context.Context, e *env, path string) (*artifact.Graph, error) {
	src, problems, err := loadSource(path, source.Options{MaxFileSize: int64(f.maxFileSize)})
	if err != nil {
		return nil, err
	}
	if err := src.Err(recap.LevelValid); err != nil {
		_ = source.NewReport(recap.LevelValid, nil, source.Counted(problems, recap.LevelValid)).WriteText(e.stderr)
		return nil, err
	}
	if src.Recap.Draft && !f.draft {
		return nil, recap.Errorf(recap.Negative, "draft", "%s says draft: true", path).WithHint("add --draft if it is to go out all the same")
	}
	opts := artifact.BuildOptions{MaxFileSize: int64(f.maxFileSize), Version: f.version}
	if opts.SourceDateEpoch, err = e.sourceDateEpoch(); err != nil {
		return nil, err
	}
	return artifact.BuildBundle(ctx, src.Recap, src.Files, opts)
}

// openSource opens the directory that path is, or lies in, so that no link
// inside can lead out of it, and returns path's name within.
func openSource(path string) (*os.Root, string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, "", sourceError(path, err)
	}
	dir, name := path, "."
	if !info.IsDir() {
		dir, name = filepath.Dir(path), filepath.Base(path)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, "", sourceError(dir, err)
	}
	return root, name, nil
}

func sourceError(path string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return recap.Errorf(recap.NotFound, "no-source", "there is no %s", path).WithHint("recap init %s writes a new recap there", path)
	}
	var failed *fs.PathError
	if errors.As(err, &failed) {
		err = failed.Err
	}
	return recap.Errorf(recap.Local, "no-source", "reading %s: %w", path, err)
}

// sourceDateEpoch reads the variable that reproducible builds agree on, for
// recaps without a date.
// https://reproducible-builds.org/specs/source-date-epoch/
func (e *env) sourceDateEpoch() (*time.Time, error) {
	value := e.get("SOURCE_DATE_EPOCH")
	if value == "" {
		return nil, nil
	}
	seconds, err := strconv.ParseInt(value, 10, 64)
	if err != nil || seconds < 0 {
		return nil, recap.Errorf(recap.Usage, "usage", "SOURCE_DATE_EPOCH %q is not a number of seconds", value)
	}
	t := time.Unix(seconds, 0).UTC()
	return &t, nil
}
