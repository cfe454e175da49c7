// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/recap-oci/recap/pkg/target"
	"github.com/recap-oci/recap/pkg/transfer"
)

// copyResult is the answer of "recap copy".
type copyResult struct {
	Source      string `json:"source"`      // with the digest it was resolved to
	Destination string `json:"destination"` // with the same digest
	transfer.CopyResult
}

func newCopyCmd(e *env) *cobra.Command {
	var (
		from, to registryFlags
		out      output
		bar      progress
	)
	cmd := &cobra.Command{
		Use:        "copy SRC DST",
		Aliases:    []string{"cp"},
		Short:      "Copy between registries, layouts and archives, signatures included",
		SuggestFor: []string{"mirror", "save", "load"},
		Long: `Copy what SRC names to DST with everything below it and every signature and
attestation beside it. It fails if one of them is missing at the end.

Copying is not using: nothing is verified, and nothing needs to be trusted. DST
without a tag gets those of SRC.`,
		Example: `  recap copy registry.example.com/team/recaps:v1 oci-layout://recaps.tar:v1`,
		Args:    args(2, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			if err := out.check(); err != nil {
				return err
			}
			ref, err := parseReference(args[1])
			if err != nil {
				return err
			}
			src, err := e.pin(ctx, args[0], &from)
			if err != nil {
				return err
			}
			defer src.close()
			tags := ref.Tags
			if len(tags) == 0 {
				tags = src.ref.Tags
			}
			dst, err := e.create(ctx, ref, &to)
			if err != nil {
				return err
			}
			defer dst.Close()
			bar.start(e, "copying")
			result, err := e.copy(ctx, src, dst, ref, tags, transfer.CopyOptions{OnEvent: bar.event})
			bar.stop()
			if err != nil {
				return err
			}
			answer := copyResult{src.exact(), ref.WithDigest(result.Digest).String(), result}
			return out.print(e.stdout, answer, func(w io.Writer) {
				fmt.Fprintf(w, "copied %s (%s, %s beside; %s sent, %s reused); not verified: copying is not using\n", ref,
					count(result.Manifests, "manifest"), count(result.Referrers, "signature"), size(result.Copied.Bytes), size(result.Reused.Bytes))
				fmt.Fprintln(w, answer.Destination)
			})
		},
	}
	flags := cmd.Flags()
	from.register(flags, "from-")
	to.register(flags, "to-")
	out.register(flags)
	bar.register(flags)
	return cmd
}

// copy moves blobs within one registry instead of through this machine.
func (e *env) copy(ctx context.Context, src *pinned, dst *target.Target, ref target.Reference, tags []string, opts transfer.CopyOptions) (transfer.CopyResult, error) {
	if !ref.IsLayout() && src.ref.Host == ref.Host {
		opts.MountFrom = src.ref.Repository
	}
	return transfer.Copy(ctx, src, src.Root(), dst, tags, opts)
}
