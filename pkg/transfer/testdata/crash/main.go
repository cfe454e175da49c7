// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

// Command crash pulls a bundle from a layout, or pushes one into a layout. Built
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
		fmt.Fprintln(os.Stderr, "usage: crash pull LAYOUT TAG DIR | crash push LAYOUT TAG TEXT")
		os.Exit(2)
	}
	run := map[string]func(context.Context, string, string, string) error{"pull": pull, "push": push}[os.Args[1]]
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
	r := &recap.Recap{
		Title: "Crash", Slug: "crash", Facts: recap.Facts{APIVersion: recap.APIVersion, Event: recap.Event{Name: "Crash"}},
		Files: []recap.File{
			{Path: "index.md", MediaType: recap.MediaTypeDocument, Role: recap.RoleDocument},
			{Path: "data/a.csv", MediaType: "text/csv", Role: recap.RoleDataset},
		},
	}
	files := fstest.MapFS{"index.md": {Data: []byte(text)}, "data/a.csv": {Data: []byte("x\n1\n")}}
	g, err := artifact.BuildBundle(ctx, r, files, artifact.BuildOptions{})
	if err != nil {
		return err
	}
	store, err := layout.Create(path, layout.Options{})
	if err != nil {
		return err
	}
	_, err = transfer.Push(ctx, g, store, []string{tag, "latest"}, transfer.Unsigned{}, transfer.PushOptions{})
	return err
}
