// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/target"
	"github.com/recap-oci/recap/pkg/transfer"
)

func newBuildCmd(e *env) *cobra.Command {
	var (
		registry registryFlags // of a pack's members by reference
		out      output
		bar      progress
		build    buildFlags
		to       string
	)
	cmd := &cobra.Command{
		Use:   "build PATH",
		Short: "Build a recap or a pack into an OCI layout, no registry needed",
		Long: `Build the recap at PATH, or the pack of a directory with a pack.yaml, into the OCI
image layout LAYOUT[:TAG], a directory or a .tar. The tag is the recap's slug, or
the pack's version, unless another is given. The same input gives the same digest
on every machine.`,
		Example: `  recap build ./my-recap -o out
  recap build ./my-pack -o pack.tar --frozen`,
		Args: args(1, 1),
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
			made, err := build.product(ctx, e, args[0], &registry)
			if err != nil {
				return err
			}
			defer made.close()
			if len(ref.Tags) == 0 {
				ref = ref.WithTag(cmp.Or(made.version, made.name))
			}
			dst, err := e.create(ctx, ref, &registry)
			if err != nil {
				return err
			}
			defer dst.Close()
			bar.start(e, "building")
			result, err := transfer.Push(ctx, made.graph, dst, ref.Tags, transfer.Unsigned{}, transfer.PushOptions{OnEvent: bar.event})
			bar.stop()
			if err != nil {
				return err
			}
			if err := made.keepLock(e); err != nil {
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
	build.registerPack(flags)
	registry.register(flags, "")
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
		absent := recap.Errorf(recap.NotFound, "no-source", "there is no %s", path)
		switch ref, err := target.ParseReference(path); {
		case err == nil && (len(ref.Tags) > 0 || ref.Digest != ""):
			return absent.WithHint("a directory or post of yours is wanted, and that is a reference: recap inspect %s shows what it names", shellWord(path))
		case isMarkdown(path):
			return absent.WithHint("name a post that exists, or a new directory, in which recap init DIR writes a recap")
		case strings.HasPrefix(path, target.LayoutScheme):
			return absent.WithHint("a directory or post of yours is wanted, and that is a layout: recap list %s shows its tags", shellWord(path))
		}
		return absent.WithHint("recap init %s writes a new recap there", shellWord(path))
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
