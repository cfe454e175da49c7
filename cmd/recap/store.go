// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/spf13/cobra"

	"github.com/recap-oci/recap/pkg/layout"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/target"
)

func newStoreCmd(e *env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "store COMMAND",
		Short: "Check and tidy what pulls keep, or a layout",
		Long: `Look after the local store, recap/store in the cache directory ($XDG_CACHE_HOME), which
keeps what was pulled from registries so that it is fetched once; or after the image
layout at PATH.`,
		Args: subcommands,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newStoreCheckCmd(e), newStorePruneCmd(e))
	return cmd
}

// storeWait is how long the store is waited for while others write to it.
const storeWait = 10 * time.Second

// storePlace is where a store is that a verb looks after.
type storePlace struct {
	path  string
	local bool // the user's own, of which nothing is the only copy
}

// storeAt returns the place that args, of at most one, name.
func (e *env) storeAt(args []string) (storePlace, error) {
	if len(args) == 0 {
		dir, err := e.cacheDir()
		return storePlace{filepath.Join(dir, "store"), true}, err
	}
	path := args[0]
	if strings.HasPrefix(path, target.LayoutScheme) {
		ref, err := target.ParseReference(path)
		if err != nil {
			return storePlace{}, err
		}
		if len(ref.Tags) > 0 || ref.Digest != "" {
			return storePlace{}, recap.Errorf(recap.Usage, "usage", "%s names something in a layout, not the layout", ref).WithHint("leave out what comes after %s", ref.Path)
		}
		path = ref.Path
	}
	return storePlace{path: path}, nil
}

func (p storePlace) options(onDamage func(layout.Damage)) layout.Options {
	return layout.Options{LockTimeout: storeWait, Cache: p.local, OnDamage: onDamage}
}

// absent reports whether nothing was kept yet, which is no error: there is no
// store, or the first pull has just begun to make it.
func (p storePlace) absent() bool {
	for _, name := range []string{ocispec.ImageLayoutFile, ocispec.ImageIndexFile} {
		if _, err := os.Lstat(filepath.Join(p.path, name)); !errors.Is(err, fs.ErrNotExist) {
			return false
		}
	}
	return p.local
}

// storeCheckResult is the answer of "recap store check".
type storeCheckResult struct {
	Store  string          `json:"store"`
	Sound  bool            `json:"sound"` // nothing is damaged, or not any more
	Damage []layout.Damage `json:"damage"`
}

func newStoreCheckCmd(e *env) *cobra.Command {
	var (
		out    output
		repair bool
	)
	cmd := &cobra.Command{
		Use:   "check [PATH]",
		Short: "Read everything and say what is damaged",
		Long: `Read every blob of the local store, or of the layout at PATH, and compare it with its
digest, and see that all is there that something leads to. Exit 6 when it isn't.

With --repair what is damaged is moved to .recap-quarantine in the store and nothing is
deleted; files that are no blobs are named, and stay. It brings nothing back: what the local
store lacks the next pull fetches again; to a layout, push or copy it again.`,
		Args: args(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := out.check(); err != nil {
				return err
			}
			place, err := e.storeAt(args)
			if err != nil {
				return err
			}
			result := storeCheckResult{Store: place.path, Damage: []layout.Damage{}}
			if !place.absent() {
				found, err := place.check(cmd.Context(), repair)
				if err != nil {
					return err
				}
				result.Damage = append(result.Damage, found...)
			}
			left := result.left()
			result.Sound = len(left) == 0
			if err := out.print(e.stdout, result, func(w io.Writer) { printStoreCheck(w, result) }); err != nil {
				return err
			}
			if len(left) > 0 {
				return place.damaged(left, repair)
			}
			return nil
		},
	}
	flags := cmd.Flags()
	flags.BoolVar(&repair, "repair", false, "move what is damaged out of the way")
	out.register(flags)
	return cmd
}

// check finds what is damaged, and with repair moves it away.
func (p storePlace) check(ctx context.Context, repair bool) ([]layout.Damage, error) {
	var found []layout.Damage
	if repair && p.local { // what keeps it from being opened, first
		store, err := layout.CreateContext(ctx, p.path, p.options(func(d layout.Damage) {
			d.Mended = true
			found = append(found, d)
		}))
		if err != nil {
			return nil, err
		}
		if err := store.Close(); err != nil {
			return nil, err
		}
	}
	store, err := layout.Open(p.path, p.options(nil))
	var known *recap.Error
	if p.local && errors.As(err, &known) && known.Kind != recap.Local {
		return []layout.Damage{{Path: ".", Code: known.Code, What: err.Error()}}, nil
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = store.Close() }()
	look := store.Check
	if repair {
		look = store.Repair
	}
	more, err := look(ctx)
	return append(found, more...), err
}

// left is what is damaged still.
func (r storeCheckResult) left() []layout.Damage {
	return slices.DeleteFunc(slices.Clone(r.Damage), func(d layout.Damage) bool { return d.Mended || d.Harmless() })
}

// damaged says what can be done about what is left: a repair moves away what is
// there, and brings nothing back that is missing.
func (p storePlace) damaged(left []layout.Damage, repaired bool) error {
	noun, moves := "missing file", false
	for _, d := range left {
		if d.Code != "missing" {
			noun = "damaged file"
		}
		switch d.Code {
		case "digest-mismatch", "not-a-regular-file", "unreadable", "bad-entry":
			moves = !repaired
		}
	}
	err := recap.Errorf(recap.Integrity, "damaged", "%s: %s", p.path, count(len(left), noun))
	example := shellWord(target.LayoutScheme + p.path + ":TAG")
	info, statErr := os.Stat(p.path)
	refs := p.neededBy(left)
	switch again := pushAgain(refs); {
	case p.local && noun == "missing file":
		return err.WithHint("the next pull fetches again what is missing; or recap store check --repair takes off the list what lacks it")
	case p.local:
		return err.WithHint("recap store check --repair moves what is damaged away; the next pull fetches it again")
	case statErr == nil && !info.IsDir():
		return err.WithHint("an archive is only written as a whole: make it again, or copy what is good: recap copy %s oci-layout://NEW.tar:TAG", example)
	case moves:
		return err.WithHint("recap store check --repair %s moves what is damaged away; then %s", shellWord(p.path), again)
	case len(refs) == 0:
		return err.WithHint("%s, or give it up: recap store prune %s --untagged --yes", again, shellWord(p.path))
	case len(refs) == 1:
		example = refs[0]
		fallthrough
	default:
		return err.WithHint("%s, or give it up: recap delete %s, then recap store prune %s --untagged --yes", again, example, shellWord(p.path))
	}
}

// neededBy returns references to what is damaged, each once, as far as that is known.
func (p storePlace) neededBy(damage []layout.Damage) []string {
	var refs []string
	for _, d := range damage {
		if ref := shellWord(target.LayoutScheme + p.path + ":" + d.Tag); d.Tag != "" && !slices.Contains(refs, ref) {
			refs = append(refs, ref)
		}
	}
	return refs
}

// pushAgain says what brings back what is missing from a layout.
func pushAgain(refs []string) string {
	const most = 5
	switch {
	case len(refs) == 0:
		return "push or copy there again what needs it"
	case len(refs) > most:
		return fmt.Sprintf("push or copy again %s and %d more", strings.Join(refs[:most], ", "), len(refs)-most)
	}
	return "push or copy again " + strings.Join(refs, ", ")
}

func printStoreCheck(w io.Writer, r storeCheckResult) {
	for _, d := range r.Damage {
		fmt.Fprintf(w, "%s  %s  %s\n", safe(d.Code), safe(d.Path), safe(d.What))
		switch {
		case d.MovedTo == "":
		case d.Code == "bad-entry":
			fmt.Fprintf(w, "  as it was: %s\n", safe(d.MovedTo))
		default:
			fmt.Fprintf(w, "  moved to %s\n", safe(d.MovedTo))
		}
	}
	if r.Sound {
		fmt.Fprintf(w, "%s: sound\n", safe(r.Store))
	}
}
