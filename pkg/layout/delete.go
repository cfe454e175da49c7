// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package layout

import (
	"context"
	"errors"
	"io/fs"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/recap-oci/recap/pkg/layout/internal/blob"
	"github.com/recap-oci/recap/pkg/layout/internal/index"
)

// Delete takes every tag of desc, and desc itself, off index.json, and then
// removes its blob, unless an index that stays listed contains it. Other tags,
// desc's config and layers, its members and its referrers stay: what nothing
// needs any more is for a prune to find. errdef.ErrNotFound when neither entry
// nor blob is there. Where index.json has an entry that can't be read, and that might
// contain desc, the blob stays.
//
// From an archive nothing is removed before Commit, and blobs that were in it
// stay in it; only the entries go.
func (s *Store) Delete(ctx context.Context, desc ocispec.Descriptor) error {
	if err := blob.CheckDescriptor(desc); err != nil {
		return s.wrap(err)
	}
	wasListed := false
	err := s.update(ctx, func(x *index.Index) (bool, error) {
		removed := x.Remove(desc.Digest)
		wasListed = wasListed || removed
		return removed, nil
	})
	if err != nil {
		return err
	}
	s.mu.Lock()
	delete(s.pending, desc.Digest)
	dir := s.dir
	s.mu.Unlock()
	if s.archive {
		if _, err := s.size(desc.Digest); err != nil && !wasListed {
			return err
		}
		return nil
	}
	needed, err := s.isMember(ctx, desc.Digest)
	if err != nil || needed {
		return err
	}
	// The entry went first: a crash here leaves a blob that nothing names.
	err = removeBlob(dir, desc.Digest)
	if errors.Is(err, fs.ErrNotExist) {
		if wasListed {
			return nil
		}
		return s.noBlob(desc.Digest)
	}
	if err != nil {
		return s.wrap(err)
	}
	s.damaged.remove(desc.Digest)
	return nil
}

func removeBlob(dir *blob.Directory, d digest.Digest) error {
	held, err := dir.Hold()
	if err != nil {
		return err
	}
	defer held.Close()
	if err := held.Remove(blob.Name(d)); err != nil {
		return err
	}
	return held.Sync(blob.Dir(d.Algorithm()))
}

// isMember reports whether an index of the layout contains d.
func (s *Store) isMember(ctx context.Context, d digest.Digest) (bool, error) {
	x, err := s.view()
	if err != nil || len(x.Bad()) > 0 {
		return true, err
	}
	err = s.walk(ctx, func(n *node) error {
		for _, member := range n.members {
			if member.Digest == d {
				return errEnough
			}
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		return true, nil
	}
	return false, err
}

// errEnough ends a walk early.
var errEnough = errors.New("enough")
