// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package layout

import (
	"errors"
	"io/fs"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/recap-oci/recap/pkg/internal/durable"
	"github.com/recap-oci/recap/pkg/layout/internal/archive"
	"github.com/recap-oci/recap/pkg/layout/internal/blob"
	"github.com/recap-oci/recap/pkg/layout/internal/index"
	"github.com/recap-oci/recap/pkg/recap"
)

// openArchive opens s.path, which exists and is no directory.
func (s *Store) openArchive() error {
	s.archive = true
	a, x, err := s.loadArchive()
	if err != nil {
		return err
	}
	s.tar, s.current = a, x
	_, _ = durable.Reap(parentOf(s.path)) // best effort: a reader may lack the right, and what is left over does no harm
	return nil
}

// loadArchive reads the archive as it is by now.
func (s *Store) loadArchive() (_ *archive.Archive, _ *index.Index, err error) {
	// The path itself may be a link that the user made.
	target := s.path
	if resolved, err := evalLink(target); err == nil {
		target = resolved
	}
	file, info, err := blob.OpenRegular(target)
	if err != nil {
		return nil, nil, s.wrap(durable.Explain(err))
	}
	a, err := archive.Read(file, info)
	if err != nil {
		return nil, nil, s.wrap(durable.Explain(err))
	}
	defer func() {
		if err != nil {
			a.Close()
		}
	}()
	data, err := a.Read(ocispec.ImageLayoutFile, maxLayoutFileSize)
	if errors.Is(err, fs.ErrNotExist) {
		hint := "name an archive that recap, skopeo, docker save or the like wrote as an OCI archive"
		return nil, nil, recap.Errorf(recap.Integrity, "not-a-layout", "archive %q is not an image layout: it has no file oci-layout", s.path).WithHint("%s", hint)
	}
	if err != nil {
		return nil, nil, s.inFile(ocispec.ImageLayoutFile, err)
	}
	if err := s.parseLayoutFile(data); err != nil {
		return nil, nil, err
	}
	data, err = a.Read(ocispec.ImageIndexFile, MaxIndexSize)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, s.badIndex(errors.New("the file is missing"))
	}
	if err != nil {
		return nil, nil, s.inFile(ocispec.ImageIndexFile, err)
	}
	x, err := index.Parse(data)
	if err != nil {
		return nil, nil, s.badIndex(err)
	}
	return a, x, nil
}
