// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package layout

import (
	"context"
	"errors"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/errdef"

	"github.com/recap-oci/recap/pkg/layout/internal/blob"
	"github.com/recap-oci/recap/pkg/recap"
)

// maxNested is how deep indexes may lie in each other for one to count as whole.
const maxNested = 64

// Whole reports, of each of roots, whether it is there and everything that it
// leads to, down to the last layer. Like [Store.Exists], it reads no content but
// manifests. What several lead to, or one in many ways, is looked at once; more than
// a million blobs are Unsafe, code too-many-manifests.
func (s *Store) Whole(ctx context.Context, roots []ocispec.Descriptor) ([]bool, error) {
	w := &wholeness{store: s, known: make(map[statement]bool)}
	whole := make([]bool, len(roots))
	for i, root := range roots {
		var err error
		if whole[i], err = w.of(ctx, root, 0); err != nil {
			return nil, err
		}
	}
	return whole, nil
}

// statement is what a descriptor says of a blob: of one, two may differ.
type statement struct {
	digest    digest.Digest
	size      int64
	mediaType string
}

// wholeness is what one question has found out.
type wholeness struct {
	store *Store
	known map[statement]bool
}

func (w *wholeness) of(ctx context.Context, desc ocispec.Descriptor, depth int) (bool, error) {
	id := statement{desc.Digest, desc.Size, desc.MediaType}
	if whole, ok := w.known[id]; ok {
		return whole, nil
	}
	if err := ctx.Err(); err != nil {
		return false, err
	}
	if len(w.known) >= maxWalk*20 {
		return false, recap.Errorf(recap.Unsafe, "too-many-manifests", "layout %q: more than %d blobs to look for", w.store.path, maxWalk*20).
			WithHint("split the layout: copy what you need into another one")
	}
	whole, err := w.look(ctx, desc, depth)
	if errors.Is(err, errdef.ErrNotFound) || errors.Is(err, recap.Integrity) || errors.Is(err, blob.ErrIrregular) {
		whole, err = false, nil
	}
	if err != nil {
		return false, err
	}
	w.known[id] = whole
	return whole, nil
}

func (w *wholeness) look(ctx context.Context, desc ocispec.Descriptor, depth int) (bool, error) {
	exists, err := w.store.Exists(ctx, desc)
	if err != nil {
		return false, err
	}
	if !exists {
		return len(desc.URLs) > 0, nil // may be elsewhere
	}
	if !recap.IsManifest(desc.MediaType) {
		return true, nil
	}
	if depth > maxNested {
		return false, nil
	}
	n, err := w.store.node(ctx, desc)
	if err != nil {
		return false, err
	}
	for _, children := range [][]ocispec.Descriptor{n.blobs, n.members} {
		for _, child := range children {
			if whole, err := w.of(ctx, child, depth+1); err != nil || !whole {
				return false, err
			}
		}
	}
	return true, nil
}
