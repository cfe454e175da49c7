// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"context"
	"errors"
	"fmt"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/registry"

	"github.com/recap-oci/recap/pkg/recap"
)

// maxListCalls bounds how often a lister may hand over referrers: a source
// that lists the same page for ever would never reach MaxReferrers. Twice the
// pages, because a registry has two places to list them, the API and a tag.
const maxListCalls = 2 * recap.MaxReferrerPages

// listReferrers returns what src lists as referring to root, each digest once,
// unverified. Not having been told is recap.Unavailable, whatever the cause,
// and more than recap.MaxReferrers is recap.Unsafe.
func listReferrers(ctx context.Context, src content.ReadOnlyGraphStorage, root ocispec.Descriptor) ([]ocispec.Descriptor, error) {
	lister, ok := src.(registry.ReferrerLister)
	if !ok {
		return nil, recap.Errorf(recap.Unavailable, "referrers-unavailable", "listing referrers of %s: %T can't list them", root.Digest, src)
	}
	var list []ocispec.Descriptor
	seen := make(map[digest.Digest]bool)
	calls := 0
	err := lister.Referrers(ctx, root, "", func(page []ocispec.Descriptor) error {
		if calls++; calls > maxListCalls {
			return tooManyReferrers(root, "more than %d pages of referrers", maxListCalls)
		}
		for _, desc := range page {
			if seen[desc.Digest] {
				continue
			}
			if seen[desc.Digest] = true; len(seen) > recap.MaxReferrers {
				return tooManyReferrers(root, "more than %d referrers", recap.MaxReferrers)
			}
			list = append(list, desc)
		}
		return nil
	})
	switch {
	case err == nil:
		return list, nil
	case ctx.Err() != nil:
		return nil, fmt.Errorf("listing referrers of %s: %w", root.Digest, err)
	case errors.Is(err, recap.Unsafe):
		return nil, err
	default:
		return nil, recap.Errorf(recap.Unavailable, "referrers-unavailable", "listing referrers of %s: %w", root.Digest, err).
			WithHint("whether it is signed could not be found out; try again")
	}
}

func tooManyReferrers(root ocispec.Descriptor, format string, args ...any) error {
	return recap.Errorf(recap.Unsafe, "too-many-referrers", "%s has %s", root.Digest, fmt.Sprintf(format, args...)).
		WithHint("delete signatures that nobody needs, or copy the artifact with those that count")
}
