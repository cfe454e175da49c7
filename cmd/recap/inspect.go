// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/opencontainers/go-digest"
	"github.com/spf13/cobra"

	"github.com/recap-oci/recap/pkg/artifact"
	"github.com/recap-oci/recap/pkg/transfer"
)

// inspectResult is the answer of "recap inspect".
type inspectResult struct {
	Reference string `json:"reference"` // with the digest it was resolved to
	transfer.Inspection
}

func newInspectCmd(e *env) *cobra.Command {
	var (
		registry registryFlags
		out      output
	)
	cmd := &cobra.Command{
		Use:        "inspect REF",
		Short:      "Show what an artifact consists of and what refers to it",
		SuggestFor: []string{"describe", "manifest"},
		Long: `Show the manifest that REF names, its config and layers with their sizes, and the
signatures and attestations beside it. Nothing is verified but digests, and no
content is fetched.`,
		Args: args(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			if out.format == "tree" {
				out.format = "text"
			}
			if err := out.check(); err != nil {
				return err
			}
			p, err := e.pin(ctx, args[0], &registry)
			if err != nil {
				return err
			}
			defer p.close()
			in, err := transfer.Inspect(ctx, p, p.Root())
			if err != nil {
				return err
			}
			return out.print(e.stdout, inspectResult{p.exact(), in}, func(w io.Writer) { printInspection(w, p.exact(), in) })
		},
	}
	registry.register(cmd.Flags(), "")
	out.register(cmd.Flags(), "tree")
	return cmd
}

func printInspection(w io.Writer, exact string, in transfer.Inspection) {
	fmt.Fprintf(w, "%s\n%s, %s", safe(exact), safe(string(in.Kind)), size(in.Size))
	if in.Root.Manifests == nil {
		fmt.Fprint(w, " in all")
	} else {
		fmt.Fprint(w, " of manifests")
	}
	if in.Root.ArtifactType != "" {
		fmt.Fprintf(w, ", %s", safe(in.Root.ArtifactType))
	}
	if in.Compat != "" {
		fmt.Fprintf(w, ", written as an %s", safe(string(in.Compat)))
	}
	fmt.Fprintln(w)
	for _, key := range slices.Sorted(maps.Keys(in.Root.Annotations)) {
		fmt.Fprintf(w, "  %s: %s\n", safe(key), safe(in.Root.Annotations[key]))
	}
	if in.Root.Config != nil {
		printNode(w, "config", *in.Root.Config)
	}
	for _, n := range in.Root.Layers {
		printNode(w, "layer", n)
	}
	for _, n := range in.Root.Manifests {
		n.Title = n.Annotations[artifact.AnnotationSlug]
		printNode(w, "manifest", n)
	}
	for _, n := range in.Root.Referrers {
		n.Title = n.PredicateType
		if n.Unreadable != "" {
			n.Title = "can't be read: " + n.Unreadable
		}
		printNode(w, "referrer", n)
	}
}

func printNode(w io.Writer, kind string, n transfer.InspectedNode) {
	mediaType := n.ArtifactType
	if mediaType == "" {
		mediaType = n.MediaType
	}
	fmt.Fprintf(w, "%-8s  %s  %10s  %s  %s\n", kind, short(n.Digest), size(n.Size), safe(mediaType), safe(n.Title))
}

// short returns the part of a digest by which people tell a few apart.
func short(d digest.Digest) string {
	const shown = len("sha256:") + 12
	return safe(string(d[:min(len(d), shown)]))
}
