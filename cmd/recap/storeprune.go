// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/spf13/cobra"

	"github.com/recap-oci/recap/pkg/layout"
	"github.com/recap-oci/recap/pkg/recap"
)

// storePruneResult is the answer of "recap store prune".
type storePruneResult struct {
	Store  string     `json:"store"`
	DryRun bool       `json:"dryRun,omitempty"`
	Before *time.Time `json:"before,omitempty"` // what was in use since is spared; absent: nothing is
	layout.Pruned

	local bool
}

func newStorePruneCmd(e *env) *cobra.Command {
	var (
		out      output
		older    = age(30 * 24 * time.Hour)
		untagged bool
		yes      bool
	)
	cmd := &cobra.Command{
		Use:        "prune [PATH]",
		Short:      "Give back the space of what nobody needs",
		SuggestFor: []string{"gc", "clean"},
		Long: `Find what nobody needs any more, and with --yes remove it. Without, nothing is changed.

Of the local store that is what no pull used for 30 days; it is fetched again when
it is wanted. Of the layout at PATH it is what neither a tag nor a signature of
something tagged leads to; manifests that are listed without a tag stay, unless
--untagged is given. What is newer than --older-than stays in any case.

Pulls and pushes that run meanwhile are waited for, and wait.`,
		Example: `  recap store prune
  recap store prune --yes --older-than 7d
  recap store prune recaps --yes --older-than 0`,
		Args: args(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := out.check(); err != nil {
				return err
			}
			place, err := e.storeAt(args)
			if err != nil {
				return err
			}
			opts := layout.PruneOptions{Untagged: untagged || place.local, DryRun: !yes}
			result := storePruneResult{Store: place.path, DryRun: !yes, local: place.local}
			if older > 0 {
				opts.Before = e.now().Add(-time.Duration(older)).UTC()
				result.Before = &opts.Before
			}
			result.Pruned, err = place.prune(cmd.Context(), opts)
			if err != nil {
				return err
			}
			return out.print(e.stdout, result, func(w io.Writer) { printStorePrune(w, result) })
		},
	}
	flags := cmd.Flags()
	flags.Var(&older, "older-than", "spare what was in use within this `TIME`: 30d, 12h; 0 spares nothing")
	flags.BoolVar(&untagged, "untagged", false, "of a layout, remove manifests without a tag too, with all that only they need")
	flags.BoolVarP(&yes, "yes", "y", false, "remove it; without, only say what would be")
	out.register(flags)
	return cmd
}

func (p storePlace) prune(ctx context.Context, opts layout.PruneOptions) (layout.Pruned, error) {
	nothing := layout.Pruned{Unlisted: []digest.Digest{}, Removed: []layout.Removed{}}
	if p.absent() {
		return nothing, nil
	}
	store, err := layout.Open(p.path, p.options(nil))
	if p.local && errors.Is(err, recap.NotFound) { // a pull is making it, or the next will
		return nothing, nil
	}
	if err == nil {
		defer func() { _ = store.Close() }()
		var pruned layout.Pruned
		if pruned, err = store.Prune(ctx, opts); err == nil {
			return pruned, nil
		}
	}
	if p.local {
		err = rehinted(err, recap.Integrity, "recap store check --repair mends the local store")
	}
	return layout.Pruned{}, err
}

func printStorePrune(w io.Writer, r storePruneResult) {
	verb := "removed"
	if r.DryRun {
		verb = "would remove"
	}
	fmt.Fprintf(w, "%s: %s %s (%s)", safe(r.Store), verb, count(r.Freed.Files, "file"), size(r.Freed.Bytes))
	if n := len(r.Unlisted); n > 0 {
		fmt.Fprintf(w, ", with %s", count(n, "untagged manifest"))
	}
	fmt.Fprintf(w, "; %s (%s) kept\n", count(r.Kept.Files, "needed file"), size(r.Kept.Bytes))
	if r.Spared.Files > 0 {
		fmt.Fprintf(w, "too new to go: %s (%s)\n", count(r.Spared.Files, "unneeded file"), size(r.Spared.Bytes))
	}
	if r.DryRun && r.Freed.Files+len(r.Unlisted) > 0 {
		fmt.Fprintln(w, "nothing was changed; --yes removes them")
	}
}

// age is a time span as people type it: 30d, 12h, 90m.
type age time.Duration

const dayLong = 24 * time.Hour

// Set implements pflag.Value.
func (a *age) Set(s string) error {
	var d time.Duration
	var err error
	if days, ok := strings.CutSuffix(s, "d"); ok {
		var n uint64
		n, err = strconv.ParseUint(days, 10, 31)
		if err == nil && n > uint64(math.MaxInt64/dayLong) {
			err = strconv.ErrRange
		}
		d = time.Duration(n) * dayLong // at most 2^31
	} else {
		d, err = time.ParseDuration(s)
	}
	if err != nil || d < 0 {
		return fmt.Errorf("%q is no time span; write days or hours: 30d, 12h", s)
	}
	*a = age(d)
	return nil
}

// String implements pflag.Value.
func (a *age) String() string {
	d := time.Duration(*a)
	if d > 0 && d%dayLong == 0 {
		return strconv.FormatInt(int64(d/dayLong), 10) + "d"
	}
	return d.String()
}

// Type implements pflag.Value.
func (a *age) Type() string { return "time" }
