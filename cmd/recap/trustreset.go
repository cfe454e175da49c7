// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/recap-oci/recap/pkg/ratchet"
	"github.com/recap-oci/recap/pkg/recap"
)

// trustResetResult is the answer of "recap trust reset".
type trustResetResult struct {
	Repository string `json:"repository"`
	Tag        string `json:"tag,omitempty"` // absent: the whole repository
	ratchet.Forgetting
}

func newTrustResetCmd(e *env) *cobra.Command {
	var (
		out  output
		lock string
	)
	cmd := &cobra.Command{
		Use:   "reset REF",
		Short: "Forget on purpose which version of REF was accepted",
		Long: `Forget which versions were accepted under the tag that REF names, or without a tag in
the whole repository, so that an older one will be accepted once more. What other tags
name is still remembered, and so is the content of each version: with a tag that spells a
version, 1.0.0 or v1.0.0, which are one, it is that content which is forgotten. A note of
it stays in the file.

Do it when the publisher says that they went back, not because an error named it.`,
		Example: `  recap trust reset registry.example.com/team/recaps:latest`,
		Args:    args(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := out.check(); err != nil {
				return err
			}
			ref, err := parseReference(args[0])
			if err != nil {
				return err
			}
			if ref.IsLayout() || ref.Digest != "" || len(ref.Tags) > 1 {
				return recap.Errorf(recap.Usage, "usage", "recap trust reset: %s is no HOST/REPO or HOST/REPO:TAG", ref).
					WithHint("what is remembered is remembered of those; of a layout, as --as says")
			}
			path, err := e.statePath()
			if err != nil && lock == "" {
				return err
			}
			if err != nil {
				path = ""
			}
			repository, err := e.history(ref.Name())
			if err != nil {
				return err
			}
			memory := ratchet.New(ratchet.Options{Path: path, LockPath: lock, Now: e.now})
			forgotten, err := memory.Reset(cmd.Context(), repository, ref.Tag())
			if err != nil {
				return err
			}
			return out.print(e.stdout, trustResetResult{repository, ref.Tag(), forgotten}, func(w io.Writer) {
				for _, r := range forgotten.Forgotten {
					fmt.Fprintf(w, "forgotten: %s %s%s\n", safe(r.Name), safe(r.Version), lost(r, forgotten.Held))
				}
				for _, r := range forgotten.Held {
					fmt.Fprintf(w, "still held: %s %s%s\n", safe(r.Name), safe(r.Version), kept(r))
				}
			})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&lock, "lock", "", "forget it in `FILE`, a recap.lock, too")
	out.register(flags)
	return cmd
}

// lost says what is no longer known of a release: a tag of it, its content, or
// all there was.
func lost(r ratchet.Release, held []ratchet.Release) string {
	tags := ""
	if len(r.Tags) > 0 {
		tags = " under " + safe(strings.Join(r.Tags, ", "))
	}
	i := slices.IndexFunc(held, func(h ratchet.Release) bool { return h.Name == r.Name && h.Version == r.Version })
	if i >= 0 && !held[i].AnyContent {
		return tags
	}
	return fmt.Sprintf("%s, and that its content is %s", tags, r.Digest)
}

// kept says what is still known of a release.
func kept(r ratchet.Release) string {
	text := ""
	if len(r.Tags) > 0 {
		text = " under " + safe(strings.Join(r.Tags, ", "))
	}
	if slices.ContainsFunc(r.Tags, func(tag string) bool { return strings.TrimPrefix(tag, "v") != r.Version }) {
		text += ", and nothing older"
	}
	if r.AnyContent {
		return text + ", whatever its content"
	}
	return fmt.Sprintf("%s, with the content %s", text, r.Digest)
}

// history is the name that what happens to a repository is remembered under:
// that of the original, where the user's policy calls it a mirror.
func (e *env) history(name string) (string, error) {
	policy, err := e.policy("")
	if err != nil || policy == nil {
		return name, err
	}
	rule, err := policy.RuleFor(name)
	if err != nil {
		return name, nil //nolint:nilerr // no rule: no mirror
	}
	return rule.Repository(name), nil
}
