// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/target"
	"github.com/recap-oci/recap/pkg/transfer"
)

// listResult is the answer of "recap list".
type listResult struct {
	Repository string `json:"repository"`
	transfer.ListResult
}

// membersResult is the answer of "recap list" for a pack.
type membersResult struct {
	Reference string `json:"reference"` // with the digest of the pack
	transfer.MemberList
}

func newListCmd(e *env) *cobra.Command {
	var (
		registry registryFlags
		out      output
		digests  bool
	)
	cmd := &cobra.Command{
		Use:        "list REPO|PACK",
		Aliases:    []string{"ls"},
		Short:      "List the tags of a repository or layout, or the recaps of a pack",
		SuggestFor: []string{"tags", "members"},
		Long: `List the tags of a repository or layout, newest version first; or, of a reference with
a tag or digest that names a pack, its recaps in reading order. That is one request,
and nothing is verified: what is listed is what the registry says. With --digests, a tag
is listed too of which it can't be read what it names; the exit code is then 6 or 8.`,
		Example: `  recap list registry.example.com/team/recaps
  recap list registry.example.com/team/recaps:1.2.0`,
		Args: args(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			if err := out.check(); err != nil {
				return err
			}
			ref, err := parseReference(args[0])
			if err != nil {
				return err
			}
			if ref.Digest != "" || len(ref.Tags) > 0 {
				return e.listMembers(ctx, args[0], &registry, &out, digests)
			}
			return e.listTags(ctx, ref, &registry, &out, digests)
		},
	}
	flags := cmd.Flags()
	flags.BoolVar(&digests, "digests", false, "show what each tag names, one request a tag, and the digest of each recap")
	registry.register(flags, "")
	out.register(flags)
	return cmd
}

func (e *env) listTags(ctx context.Context, ref target.Reference, registry *registryFlags, out *output, digests bool) error {
	client, err := registry.client(e, ref.Host)
	if err != nil {
		return err
	}
	src, err := client.Open(ctx, ref)
	if err != nil {
		return err
	}
	defer src.Close()
	result, err := transfer.List(ctx, src, transfer.ListOptions{Digests: digests})
	if errors.Is(err, recap.NotFound) && !ref.IsLayout() {
		return hinted(err, "check the name; some registries also say so of what you may not see: recap login %s", ref.Host)
	}
	if err != nil && len(result.Tags) == 0 {
		return err
	}
	if err := out.print(e.stdout, listResult{ref.Name(), result}, func(w io.Writer) { printTags(w, result.Tags) }); err != nil {
		return err
	}
	return err // of a tag that can't be read, when all are said
}

func printTags(w io.Writer, tags []transfer.TagEntry) {
	for _, t := range tags {
		about := string(t.Digest)
		if t.Unreadable != "" {
			about = "can't be read: " + t.Unreadable
		}
		fmt.Fprintln(w, safe(join("  ", t.Tag, about)))
	}
}

func (e *env) listMembers(ctx context.Context, arg string, registry *registryFlags, out *output, digests bool) error {
	p, err := e.pin(ctx, arg, registry)
	if err != nil {
		return err
	}
	defer p.close()
	list, err := transfer.ListMembers(p.Pinned)
	if err != nil {
		return err
	}
	return out.print(e.stdout, membersResult{p.exact(), list}, func(w io.Writer) {
		for _, m := range list.Members {
			if !digests {
				m.Digest = ""
			}
			printMember(w, m.Slug, m.Title, m.Version, m.Event, string(m.Digest))
		}
	})
}
