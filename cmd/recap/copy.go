// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/opencontainers/go-digest"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/recap-oci/recap/pkg/policy"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/target"
	"github.com/recap-oci/recap/pkg/transfer"
	"github.com/recap-oci/recap/pkg/trust/material"
)

// copyResult is the answer of "recap copy".
type copyResult struct {
	Source      string `json:"source"`      // with the digest it was resolved to
	Destination string `json:"destination"` // with the same digest
	transfer.CopyResult
	Trust digest.Digest `json:"trust,omitempty"` // of the trust material that --with-trust added
}

func newCopyCmd(e *env) *cobra.Command {
	var (
		from, to registryFlags
		out      output
		bar      progress
		carried  carriedTrust
	)
	cmd := &cobra.Command{
		Use:        "copy SRC DST",
		Aliases:    []string{"cp"},
		Short:      "Copy between registries, layouts and archives, signatures included",
		SuggestFor: []string{"mirror", "save", "load"},
		Long: `Copy what SRC names to DST with everything below it and every signature and
attestation beside it, those in cosign's older form under their tag included. It
fails if one of them is missing at the end.

Copying is not using: nothing is verified, and nothing needs to be trusted. DST
without a tag gets those of SRC.

--with-trust adds to a layout what you trust, for a place without network: your policy,
and the trusted root unless keys are all that you trust. It counts there only after
recap trust import.`,
		Example: `  recap copy registry.example.com/team/recaps:v1 oci-layout://recaps.tar:v1
  recap copy registry.example.com/team/recaps:v1 oci-layout://recaps.tar:v1 --with-trust`,
		Args: args(2, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			if err := out.check(); err != nil {
				return err
			}
			ref, err := parseReference(args[1])
			if err != nil {
				return err
			}
			if err := carried.check(ref); err != nil {
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
			trusted, err := carried.push(ctx, e, src, dst)
			if err != nil {
				return err
			}
			bar.start(e, "copying")
			result, err := e.copy(ctx, src, dst, ref, tags, transfer.CopyOptions{OnEvent: bar.event})
			bar.stop()
			src.noteMoved(ctx, e, err)
			if err != nil {
				return err
			}
			answer := copyResult{src.exact(), ref.WithDigest(result.Digest).String(), result, trusted}
			return out.print(e.stdout, answer, func(w io.Writer) {
				fmt.Fprintf(w, "copied %s (%s, %s beside; %s sent, %s reused); not verified: copying is not using\n", ref,
					count(result.Manifests, "manifest"), count(result.Referrers, "signature"), size(result.Copied.Bytes), size(result.Reused.Bytes))
				fmt.Fprintln(w, answer.Destination)
				if trusted != "" {
					fmt.Fprintf(w, "what you trust is beside it; there: recap trust import %s --digest %s\n", ref.Path, trusted)
				}
			})
		},
	}
	flags := cmd.Flags()
	carried.register(flags)
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

// carriedTrust is what the user trusts, to go with a copy.
type carriedTrust struct {
	with   bool
	policy string
	root   rootFlags
}

func (c *carriedTrust) register(flags *pflag.FlagSet) {
	flags.BoolVar(&c.with, "with-trust", false, "add your policy to the layout, and the trusted root that it takes")
	flags.StringVar(&c.policy, "policy", "", "the policy in `FILE` instead of yours")
	c.root.register(flags)
}

func (c *carriedTrust) check(ref target.Reference) error {
	switch {
	case !c.with && (c.policy != "" || c.root.path != ""):
		return recap.Errorf(recap.Usage, "usage", "--policy and --trusted-root without --with-trust: copying verifies nothing").
			WithHint("add --with-trust to send them along, or recap verify what was copied")
	case c.with && !ref.IsLayout():
		return recap.Errorf(recap.Usage, "usage", "--with-trust: %s is no layout", ref).
			WithHint("trust material goes with a layout: %sPATH:TAG", target.LayoutScheme)
	}
	return nil
}

// needsRoot reports whether a trusted root goes along: one that somebody names, or one
// without which something is not verified. Keys alone are all that it takes.
func (c *carriedTrust) needsRoot(believed *policy.Policy) bool {
	return believed == nil || c.root.path != "" || believed.TrustedRoot != (policy.TrustedRoot{}) || believed.NeedsTrustedRoot()
}

// push adds to dst what is trusted and returns its digest. It says so where that isn't
// about src: at the other end it would be found out too late.
func (c *carriedTrust) push(ctx context.Context, e *env, src *pinned, dst *target.Target) (digest.Digest, error) {
	if !c.with {
		return "", nil
	}
	believed, err := e.policy(c.policy)
	if err != nil {
		return "", err
	}
	var trusted material.Material
	name := ""
	if c.needsRoot(believed) {
		name = recap.TrustedRoot
		if trusted.TrustedRoot, err = c.root.open(e, believed).JSON(ctx); err != nil {
			return "", err
		}
	}
	if believed != nil {
		if _, _, err := believed.Match(src.ref.Name()); errors.Is(err, policy.ErrNoRule) && !src.ref.IsLayout() {
			e.warn("%s has no rule for %s: whoever trusts what goes along is refused there; recap policy init %s, then copy again", believed.Source, src.ref.Name(), shellWord(src.ref.String()))
		}
		if trusted.Policy, err = believed.Export(name); err != nil {
			return "", err
		}
	}
	desc, err := material.Push(ctx, dst, trusted)
	return desc.Digest, err
}
