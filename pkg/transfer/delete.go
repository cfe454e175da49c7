// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package transfer

import (
	"context"
	"errors"
	"fmt"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/errdef"

	"github.com/recap-oci/recap/pkg/recap"
)

// DeleteOptions are the options of [Delete].
type DeleteOptions struct {
	// DryRun finds out what would be deleted, and deletes nothing.
	DryRun bool
}

// DeleteResult says what was deleted, or with DryRun would be.
type DeleteResult struct {
	Digest    digest.Digest   `json:"digest"`
	Untagged  []string        `json:"untagged,omitempty"`
	Deleted   bool            `json:"deleted"`             // the manifest, and with it every tag that named it
	Referrers []digest.Digest `json:"referrers,omitempty"` // its signatures and attestations, deleted with it
	DryRun    bool            `json:"dryRun,omitempty"`
}

// Delete removes a tag, or a manifest with its signatures.
//
// A reference that is a tag is taken away and what it names stays, for it may
// have other tags. A digest is deleted with every tag that names it and
// everything that refers to it, the manifest first: it is never there without
// its signatures. Blobs stay until the registry collects them, or the layout is
// pruned.
//
// Errors: [recap.NotFound] without such a reference, [recap.Denied] or
// [recap.Usage] delete-unsupported when dst doesn't let anybody delete.
func Delete(ctx context.Context, dst oras.GraphTarget, reference string, opts DeleteOptions) (DeleteResult, error) {
	desc, err := dst.Resolve(ctx, reference)
	if err != nil {
		return DeleteResult{}, notFound(err, reference)
	}
	result := DeleteResult{Digest: desc.Digest, DryRun: opts.DryRun}
	if _, err := digest.Parse(reference); err != nil {
		if !opts.DryRun {
			if err := untag(ctx, dst, reference); err != nil {
				return DeleteResult{Digest: desc.Digest}, err
			}
		}
		result.Untagged = []string{reference}
	} else if err := deleteManifest(ctx, dst, desc, &result); err != nil {
		return result, fmt.Errorf("deleting %s: %w", short(desc.Digest), err)
	}
	if opts.DryRun {
		return result, nil
	}
	return result, commit(ctx, dst)
}

func untag(ctx context.Context, dst oras.GraphTarget, tag string) error {
	if err := checkTag(tag); err != nil {
		return err
	}
	u, ok := dst.(content.Untagger)
	if !ok {
		return unsupported("deleting a tag alone")
	}
	if err := u.Untag(ctx, tag); err != nil {
		if errors.Is(err, errdef.ErrUnsupported) {
			return unsupported("deleting a tag alone")
		}
		return err
	}
	return nil
}

func deleteManifest(ctx context.Context, dst oras.GraphTarget, desc ocispec.Descriptor, result *DeleteResult) error {
	d, ok := dst.(content.Deleter)
	if !ok {
		return unsupported("deleting")
	}
	refs, err := allReferrers(ctx, dst, desc)
	if err != nil {
		return err
	}
	if result.DryRun {
		result.Deleted = true
		for _, ref := range refs {
			result.Referrers = append(result.Referrers, ref.Digest)
		}
		return nil
	}
	if err := d.Delete(ctx, desc); err != nil {
		return err
	}
	result.Deleted = true
	for _, ref := range refs {
		// Some stores delete what refers to a manifest along with it.
		if err := d.Delete(ctx, ref); err != nil && !isNotFound(err) {
			return fmt.Errorf("it is gone, its signature %s isn't: %w", short(ref.Digest), err)
		}
		result.Referrers = append(result.Referrers, ref.Digest)
	}
	return nil
}

func unsupported(what string) error {
	return recap.Errorf(recap.Usage, "delete-unsupported", "%s is not possible there", what).
		WithHint("a digest (@sha256:…) deletes a manifest with all its tags, where the registry allows it")
}
