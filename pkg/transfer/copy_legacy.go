// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package transfer

import (
	"context"
	"fmt"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/recap-oci/recap/pkg/artifact"
	"github.com/recap-oci/recap/pkg/recap"
)

// legacyTag returns the tag under which cosign before version 3 kept the
// signatures of root.
func legacyTag(root ocispec.Descriptor) string {
	return "sha256-" + root.Digest.Encoded() + ".sig"
}

// readLegacy finds the signatures of root in cosign's older form, where the
// source can look them up. Nothing refers to root there, but the tag does.
func (c *copier) readLegacy(ctx context.Context, root ocispec.Descriptor) error {
	src, ok := c.src.(interface {
		LegacySignatures(ctx context.Context, root ocispec.Descriptor) (ocispec.Descriptor, error)
	})
	if !ok {
		return nil
	}
	desc, err := src.LegacySignatures(ctx, root)
	if isNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("looking for signatures in cosign's older form: %w", err)
	}
	node, err := artifact.FetchNode(ctx, c.src, desc)
	if err != nil {
		return fmt.Errorf("reading signatures in cosign's older form: %w", err)
	}
	if node.Manifest != nil { // else it is something else under their tag
		c.legacy = node
	}
	return nil
}

// copyLegacy copies the signatures in cosign's older form. The tag of a
// destination that has others isn't moved: they would be lost.
func (c *copier) copyLegacy(ctx context.Context) error {
	if c.legacy == nil {
		return nil
	}
	tag, desc := legacyTag(c.graph.root.Descriptor), c.legacy.Descriptor
	c.result.Referrers++
	there, err := c.dst.Resolve(ctx, tag)
	switch {
	case err == nil && there.Digest == desc.Digest:
		return c.reused(desc)
	case err == nil:
		return recap.Errorf(recap.Stale, "legacy-signatures-differ", "the destination keeps other signatures in cosign's older form under the tag %s; copying would lose them, no tag was moved", tag).
			WithHint("sign it there once more with: recap sign DESTINATION; or delete that tag")
	case !isNotFound(err):
		return err
	}
	if err := each(ctx, distinct(c.legacy.Children()), c.blob); err != nil {
		return err
	}
	if err := pushTag(ctx, c.dst, c.legacy, tag); err != nil {
		return err
	}
	return c.done(EventDone, desc, &c.result.Copied)
}
