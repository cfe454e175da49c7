// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

// Command crash pulls what a layout holds, or pushes a bundle or a pack into a
// layout. Built
// with the tag recapfailpoint it can be made to kill itself at any durable step.
package main

import (
	"context"
	"fmt"
	"os"
	"testing/fstest"

	"github.com/recap-oci/recap/pkg/artifact"
	"github.com/recap-oci/recap/pkg/layout"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/transfer"
	"github.com/recap-oci/recap/pkg/trust"
)

func main() {
	if len(os.Args) != 5 {
		fmt.Fprintln(os.Stderr, "usage: crash pull LAYOUT TAG DIR | crash push LAYOUT TAG TEXT | crash pack LAYOUT TAG TEXT")
		os.Exit(2)
	}
	run := map[string]func(context.Context, string, string, string) error{"pull": pull, "push": push, "pack": pack}[os.Args[1]]
	if err := run(context.Background(), os.Args[2], os.Args[3], os.Args[4]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func pull(ctx context.Context, path, tag, dir string) error {
	// The working directory is the destination if it is called ".".
	store, err := layout.Open(path, layout.Options{})
	if err != nil {
		return err
	}
	pinned, err := transfer.Resolve(ctx, store, tag)
	if err != nil {
		return err
	}
	_, err = transfer.Pull(ctx, pinned, trust.UnverifiedUnsafe(pinned.Root()), store, dir, transfer.PullOptions{Repository: "crash"})
	return err
}

func push(ctx context.Context, path, tag, text string) error {
	g, err := bundle(ctx, "crash", text)
	if err != nil {
		return err
	}
	return store(ctx, g, path, tag)
}

// pack pushes a pack of a bundle that changes with text and one that doesn't.
func pack(ctx context.Context, path, tag, text string) error {
	changes, err := bundle(ctx, "changes", text)
	if err != nil {
		return err
	}
	stays, err := bundle(ctx, "stays", "# Stays\n")
	if err != nil {
		return err
	}
	views := []artifact.View{{Path: "llms.txt", MediaType: "text/markdown", Raw: []byte(text)}}
	g, err := artifact.BuildPack(ctx, &recap.Pack{Name: "crash", Version: tag}, []artifact.Member{changes.Member(), stays.Member()}, views, artifact.PackOptions{})
	if err != nil {
		return err
	}
	return store(ctx, g, path, tag)
}

func bundle(ctx context.Context, slug, text string) (*artifact.Graph, error) {
	r := &recap.Recap{
		Title: "Crash", Slug: slug, Facts: recap.Facts{APIVersion: recap.APIVersion, Event: recap.Event{Name: "Crash"}},
		Files: []recap.File{
			{Path: "index.md", MediaType: recap.MediaTypeDocument, Role: recap.RoleDocument},
			{Path: "data/a.csv", MediaType: "text/csv", Role: recap.RoleDataset},
		},
	}
	files := fstest.MapFS{"index.md": {Data: []byte(text)}, "data/a.csv": {Data: []byte("x\n1\n")}}
	return artifact.BuildBundle(ctx, r, files, artifact.BuildOptions{})
}

func store(ctx context.Context, g *artifact.Graph, path, tag string) error {
	store, err := layout.Create(path, layout.Options{})
	if err != nil {
		return err
	}
	_, err = transfer.Push(ctx, g, store, []string{tag, "latest"}, transfer.Unsigned{}, transfer.PushOptions{})
	return err
}
