// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package layout

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/recap-oci/recap/pkg/internal/durable"
	"github.com/recap-oci/recap/pkg/layout/internal/blob"
	"github.com/recap-oci/recap/pkg/layout/internal/index"
	"github.com/recap-oci/recap/pkg/recap"
)

// lockFile is there only while a process changes index.json.
const lockFile = ".recap-lock"

// openDirectory opens a directory that must be a layout.
func (s *Store) openDirectory() error {
	dir := blob.At(s.path)
	if err := s.checkLayoutFile(dir); err != nil {
		return err
	}
	s.dir = dir
	if _, err := s.readIndex(); err != nil {
		return err
	}
	if err := dir.Check(); err != nil {
		return err
	}
	_, _ = durable.Reap(s.path) // best effort: a reader may lack the right, and what is left over does no harm
	return nil
}

// createDirectory opens a directory that is a layout or becomes one. The file
// oci-layout is written last, so that where it is, the rest is too.
func (s *Store) createDirectory(ctx context.Context) error {
	dir := blob.At(s.path)
	if _, err := os.Lstat(dir.File(ocispec.ImageLayoutFile)); err == nil {
		return s.openDirectory()
	}
	if err := durable.MkdirAll(s.path, 0o755); err != nil {
		return fmt.Errorf("making layout %q: %w", s.path, err)
	}
	ctx, cancel := context.WithTimeout(ctx, s.opts.LockTimeout)
	defer cancel()
	release, err := durable.Lock(ctx, dir.File(lockFile))
	if err != nil {
		return fmt.Errorf("making layout %q: %w", s.path, err)
	}
	defer func() { _ = release() }() // an error here means only that the lock file stays
	if _, err := os.Lstat(dir.File(ocispec.ImageLayoutFile)); err == nil {
		return s.openDirectory() // another process was quicker
	}
	if err := s.refuseOthersDirectory(); err != nil {
		return err
	}
	if err := s.writeEmptyLayout(dir); err != nil {
		return fmt.Errorf("making layout %q: %w", s.path, err)
	}
	return s.openDirectory()
}

func (s *Store) writeEmptyLayout(dir *blob.Directory) error {
	if err := durable.MkdirAll(dir.File(blob.Dir(digest.SHA256)), 0o755); err != nil {
		return err
	}
	_, err := os.Lstat(dir.File(ocispec.ImageIndexFile))
	if errors.Is(err, fs.ErrNotExist) {
		data, merr := index.New().Marshal()
		if merr != nil {
			return merr
		}
		err = durable.WriteFile(dir.File(ocispec.ImageIndexFile), data, 0o644)
	}
	if err != nil {
		return durable.Explain(err)
	}
	return durable.WriteFile(dir.File(ocispec.ImageLayoutFile), []byte(layoutFileContent), 0o644)
}

// refuseOthersDirectory refuses a directory with anything in it that isn't the
// beginning of a layout, which a process may have left that was killed.
func (s *Store) refuseOthersDirectory() error {
	entries, err := os.ReadDir(s.path)
	if err != nil {
		return durable.Explain(err)
	}
	for _, e := range entries {
		switch name := e.Name(); {
		case name == ocispec.ImageBlobsDir, name == ocispec.ImageIndexFile, name == blob.Quarantine, strings.HasPrefix(name, lockFile),
			strings.HasPrefix(name, durable.TempPrefix):
		default:
			return recap.Errorf(recap.Local, "not-a-layout", "directory %q is not an image layout and holds other things: %q", s.path, name).
				WithHint("name a new directory, or an empty one, or a layout")
		}
	}
	return nil
}
