// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package layout

import (
	"context"
	"fmt"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/recap-oci/recap/pkg/layout/internal/index"
)

// Repair is [Store.Check], and moves what has the name of a blob and isn't what that
// says to the quarantine: a directory in the layout, .recap-quarantine, from which
// only [Store.Prune] removes. Files among the blobs whose names are no digests are
// somebody else's, and stay. Entries of index.json that can't be read go from it; in
// the quarantine is a copy of the file that has them. Of a cache, index.json then no
// longer lists untagged manifests of which something is missing, so that nobody takes
// them for whole. Each Damage says where it was moved or copied to, and whether all is
// well now; what a tag still needs has to be pushed again.
//
// It waits while others write to the layout (code busy), and refuses an archive
// (code is-an-archive): nothing is removed from one.
func (s *Store) Repair(ctx context.Context) ([]Damage, error) {
	release, err := s.alone(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	found, err := s.Check(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.clearAway(ctx, found); err != nil {
		return found, err
	}
	if s.opts.Cache {
		if err := s.unlistBroken(ctx); err != nil {
			return found, err
		}
	}
	again := &checker{store: s, bad: make(map[digest.Digest]bool)}
	if err := again.files(); err != nil {
		return found, err
	}
	if err := again.graph(ctx); err != nil {
		return found, err
	}
	left := make(map[string]bool)
	for _, damage := range again.found {
		left[damage.Path] = true
	}
	for i, damage := range found {
		found[i].Mended = !left[damage.Path] && damage.Code != "unexpected-file"
	}
	return found, nil
}

// clearAway moves what is damaged to the quarantine, and notes where.
func (s *Store) clearAway(ctx context.Context, found []Damage) error {
	held, err := s.dir.Hold()
	if err != nil {
		return s.wrap(err)
	}
	defer held.Close()
	copied := "" // of index.json
	for i, damage := range found {
		switch damage.Code {
		case "digest-mismatch", "not-a-regular-file", "unreadable":
			if damage.Digest == "" {
				continue // no blob
			}
			to, err := held.SetAside(damage.Path)
			if err != nil {
				return fmt.Errorf("layout %q: moving %s to the quarantine: %w", s.path, damage.Path, err)
			}
			found[i].MovedTo = to
		case "bad-entry":
			if copied == "" {
				if copied, err = s.dropBad(ctx); err != nil {
					return s.wrap(err)
				}
			}
			found[i].MovedTo = copied
		}
	}
	return nil
}

// unlistBroken takes untagged manifests off index.json that lack something.
func (s *Store) unlistBroken(ctx context.Context) error {
	x, err := s.view()
	if err != nil {
		return err
	}
	var untagged []ocispec.Descriptor
	for _, e := range x.Entries() {
		if e.Name() == "" {
			untagged = append(untagged, e.Descriptor)
		}
	}
	whole, err := s.Whole(ctx, untagged)
	if err != nil {
		return err
	}
	broken := make(map[digest.Digest]bool)
	for i, desc := range untagged {
		broken[desc.Digest] = !whole[i]
	}
	return s.update(ctx, func(x *index.Index) (bool, error) { return x.Unlist(broken), nil })
}
