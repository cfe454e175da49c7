// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/target"
	"github.com/recap-oci/recap/pkg/transfer"
)

// pushResult is the answer of "recap push" and "recap build".
type pushResult struct {
	Reference string `json:"reference"` // with the digest that was pushed
	transfer.PushResult
}

func newPushCmd(e *env) *cobra.Command {
	var (
		registry registryFlags
		out      output
		bar      progress
		build    buildFlags
		seal     sealFlags
		opts     transfer.PushOptions
	)
	cmd := &cobra.Command{
		Use:        "push PATH REF",
		Short:      "Build a recap or a pack and push it, signed, tags last",
		SuggestFor: []string{"publish", "upload"},
		Long: `Build the recap at PATH, or the pack of a directory with a pack.yaml, and push it to
REF, HOST/REPOSITORY:TAG[,TAG…]. A pack without a tag gets its version.

Content goes up by digest first; then it is signed and the signature is read
back; only then do the tags move. So a tag never names what is incomplete or,
with --sign, unsigned.

--sign alone signs with your identity: in CI that of the workflow. --attest provenance
states what the CI environment says of the run, --attest sbom what the recap
consists of; --attest TYPE=FILE states what is in a file.

--version is what the recap says of itself, so that its readers are not served an
older one later; a tag that is a version must be the same. Of a pack it overrides
pack.yaml. A version is published once: other content under it is refused.

--compat image writes the types down as those of an image, for registries that
refuse types which they don't know: another digest, and read the same.

--skip-unchanged publishes and signs nothing where the tags name the same content
already, of a pack its members and what pack.yaml says: the line for a pipeline that
runs at every commit.`,
		Example: `  recap push ./my-recap registry.example.com/team/recaps:v1,latest --sign --key recap.key
  recap push ./my-recap registry.example.com/team/recaps:1.2.0,latest --version 1.2.0 --sign --attest provenance
  recap push ./my-pack registry.example.com/team/pack --frozen --sign --attest provenance --skip-unchanged`,
		Args: args(2, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			if err := out.check(); err != nil {
				return err
			}
			if _, err := target.ParseReference(args[0]); err == nil && isSource(args[1]) {
				return recap.Errorf(recap.Usage, "usage", "the arguments look swapped").WithHint("recap push %s %s", args[1], args[0])
			}
			ref, err := parseReference(args[1])
			if err != nil {
				return err
			}
			if err := build.checkVersion(ref); err != nil {
				return err
			}
			if err := seal.check(); err != nil {
				return err
			}
			made, err := build.product(ctx, e, args[0], &registry)
			if err != nil {
				return err
			}
			defer made.close()
			if ref, err = made.tag(ref); err != nil {
				return err
			}
			seal.dryRun = opts.DryRun
			sealer, err := seal.sealer(ctx, e, made)
			if err != nil {
				return err
			}
			dst, err := e.create(ctx, ref, &registry)
			if err != nil {
				return err
			}
			defer dst.Close()
			bar.start(e, "pushing")
			opts.OnEvent, opts.MountFrom = bar.event, made.mountFrom(ref)
			result, err := transfer.Push(ctx, made.graph, dst, ref.Tags, sealer, opts)
			bar.stop()
			if err != nil {
				return err
			}
			if !opts.DryRun {
				if err := made.keepLock(e); err != nil {
					return err
				}
			}
			if !seal.sign && !opts.DryRun && !result.Skipped {
				e.warn("pushed unsigned: whoever pulls it will be refused, unless they ask for it unverified; sign it with: recap sign %s, or with --key recap.key",
					ref.WithDigest(result.Digest))
			}
			return out.print(e.stdout, pushResult{ref.WithDigest(result.Digest).String(), result}, func(w io.Writer) {
				printPush(w, "pushed", ref, result)
			})
		},
	}
	flags := cmd.Flags()
	flags.BoolVar(&opts.DryRun, "dry-run", false, "say what would be pushed and change nothing")
	flags.BoolVar(&opts.SkipUnchanged, "skip-unchanged", false, "publish nothing where the tags name this content already")
	seal.register(flags)
	build.register(flags)
	build.registerPack(flags)
	flags.StringVar(&build.version, "version", "", "`VERSION` that the recap states: 1.2.3; without a tag it is the tag, too")
	registry.register(flags, "")
	out.register(flags)
	bar.register(flags)
	return cmd
}

// checkVersion refuses, before anything is built, a reference that no push can
// be meant for and a version that is none.
func (f *buildFlags) checkVersion(ref target.Reference) error {
	if ref.Digest != "" {
		return recap.Errorf(recap.Usage, "no-tag", "%s: a push finds the digest out itself", ref).WithHint("push to %s:TAG", ref.Name())
	}
	if f.version == "" {
		return nil
	}
	f.version = strings.TrimPrefix(f.version, "v")
	if err := recap.CheckVersion(f.version); err != nil {
		return err
	}
	return agree(ref, f.version)
}

// tag returns ref with the version as its tag if it has none.
func (p *product) tag(ref target.Reference) (target.Reference, error) {
	switch {
	case len(ref.Tags) > 0 && p.version != "":
		return ref, agree(ref, p.version)
	case len(ref.Tags) > 0:
		return ref, nil
	case p.version != "":
		return ref.WithTag(p.version), nil
	}
	return ref, recap.Errorf(recap.Usage, "no-tag", "%s: a push needs a tag", ref).WithHint("push to %s:TAG, or add --version VERSION, which is then the tag", ref.Name())
}

// agree refuses a tag that is another version than what is pushed: a slip.
func agree(ref target.Reference, version string) error {
	for _, tag := range ref.Tags {
		if tagged := strings.TrimPrefix(tag, "v"); recap.IsVersion(tagged) && tagged != version {
			return recap.Errorf(recap.Usage, "version-differs", "the tag is %s and the version %s", tag, version).
				WithHint("drop one of them, or make them equal")
		}
	}
	return nil
}

// printPush writes the one line that says what a push did, and the digest it
// is known by from now on.
func printPush(w io.Writer, verb string, ref target.Reference, r transfer.PushResult) {
	sent := "sent"
	switch {
	case r.DryRun:
		verb, sent = "would push", "to send"
	case r.Unchanged:
		verb = "unchanged"
	}
	signed := ""
	if r.Seal != nil {
		signed = ", " + voucher(*r.Seal)
	}
	fmt.Fprintf(w, "%s %s (%s, %s %s, %s reused%s)\n", verb, ref, size(r.Size), count(r.Uploaded.Count, "blob"), sent, count(r.Reused.Count, "blob"), signed)
	fmt.Fprintf(w, "%s\n", ref.WithDigest(r.Digest))
}
