// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package layout

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/recap-oci/recap/pkg/internal/durable"
	"github.com/recap-oci/recap/pkg/layout/internal/archive"
	"github.com/recap-oci/recap/pkg/layout/internal/blob"
	"github.com/recap-oci/recap/pkg/layout/internal/index"
)

// stage makes the directory beside an archive that pushes go to. s.mu is held.
func (s *Store) stage() error {
	parent := parentOf(s.path)
	existing := firstExisting(parent)
	for dir := parent; dir != existing; dir = filepath.Dir(dir) {
		s.made = append(s.made, dir) // deepest first
	}
	if err := durable.MkdirAll(parent, 0o755); err != nil {
		return s.wrap(err)
	}
	root, err := durable.MkdirTemp(parent, 0o700)
	if err != nil {
		return s.wrap(err)
	}
	s.dir = blob.At(root)
	return nil
}

// discardStaging removes what stage made, as far as nothing else is in it. s.mu
// is held.
func (s *Store) discardStaging() error {
	var err error
	if s.archive && s.dir != nil {
		err = durable.Explain(os.RemoveAll(s.dir.Root()))
		s.dir = nil
	}
	for _, dir := range s.made {
		_ = os.Remove(dir) // not empty once the archive is in it
	}
	s.made = nil
	return err
}

// writeArchive writes the archive anew: the file as it is by now, with the
// changes made through this store.
func (s *Store) writeArchive(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return fmt.Errorf("layout %q: %w", s.path, fs.ErrClosed)
	}
	if s.tar != nil && s.dir == nil && len(s.changes) == 0 {
		return nil
	}
	if s.dir == nil {
		if err := s.stage(); err != nil {
			return err
		}
	}
	path := s.path
	if resolved, err := evalLink(path); err == nil {
		path = resolved // replace the file, not the user's link to it
	}
	lockCtx, cancel := context.WithTimeout(ctx, s.opts.LockTimeout)
	defer cancel()
	release, err := durable.Lock(lockCtx, filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+lockFile))
	if err != nil {
		return fmt.Errorf("writing layout %q: %w", s.path, err)
	}
	defer func() { _ = release() }() // an error here means only that the lock file stays
	base, x, err := s.rebase()
	if err != nil {
		return err
	}
	if base != nil {
		defer base.Close()
	}
	if err := s.replaceArchive(ctx, path, base, x); err != nil {
		if old, _, e := s.loadArchive(); e == nil && s.tar == nil {
			s.tar = old // closed to be replaced, and still there
		} else if e == nil {
			old.Close()
		}
		return fmt.Errorf("writing layout %q: %w", s.path, err)
	}
	s.tar, s.current, err = s.loadArchive()
	if err != nil {
		return err
	}
	s.changes, s.made = nil, nil
	return s.discardStaging()
}

// rebase reads the archive again, which another process may have replaced since,
// and applies the changes to its index. The archive is nil when there is none.
func (s *Store) rebase() (*archive.Archive, *index.Index, error) {
	base, x, err := s.loadArchive()
	if errors.Is(err, fs.ErrNotExist) {
		base, x, err = nil, index.New(), nil
	}
	if err != nil {
		return nil, nil, err
	}
	x = x.Clone()
	for _, c := range s.changes {
		if _, err := c(x); err != nil {
			if base != nil {
				base.Close()
			}
			return nil, nil, err
		}
	}
	return base, x, nil
}

func (s *Store) replaceArchive(ctx context.Context, path string, base *archive.Archive, x *index.Index) error {
	file, err := durable.Create(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer file.Abort()
	data, err := x.Marshal()
	if err != nil {
		return durable.Explain(err)
	}
	files := []archive.File{{Name: ocispec.ImageLayoutFile, Data: []byte(layoutFileContent)}, {Name: ocispec.ImageIndexFile, Data: data}}
	places := []blob.Place{s.dir}
	if base != nil {
		places = append(places, base)
	}
	if err := archive.Write(ctx, file, files, places...); err != nil {
		return durable.Explain(err)
	}
	if base != nil {
		base.Close() // Windows doesn't replace what is open
	}
	if s.tar != nil {
		s.tar.Close()
		s.tar = nil
	}
	return file.Commit(path)
}

func parentOf(path string) string { return filepath.Dir(filepath.Clean(path)) }

// evalLink returns where a symbolic link leads, and an error for what is none.
func evalLink(path string) (string, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return "", err
	}
	if info.Mode()&fs.ModeSymlink == 0 {
		return "", fs.ErrInvalid
	}
	return filepath.EvalSymlinks(path)
}
