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
	"strings"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/recap-oci/recap/pkg/internal/durable"
	"github.com/recap-oci/recap/pkg/recap"
)

// lockFile is there only while a process changes index.json.
const lockFile = ".recap-lock"

// directory is a layout, or the staging of an archive, in a directory.
type directory struct{ root string }

func (d *directory) file(name string) string { return filepath.Join(d.root, filepath.FromSlash(name)) }

func (d *directory) stat(dgst digest.Digest) (int64, error) {
	info, err := os.Lstat(d.file(blobName(dgst)))
	if err != nil {
		return 0, err
	}
	if !info.Mode().IsRegular() {
		return 0, irregular(d.file(blobName(dgst)), info.Mode())
	}
	return info.Size(), nil
}

func (d *directory) open(dgst digest.Digest) (blob, int64, error) {
	file, info, err := openRegular(d.file(blobName(dgst)))
	if err != nil {
		return nil, 0, err
	}
	return file, info.Size(), nil
}

func (d *directory) each(fn func(name string, dgst digest.Digest) error) error {
	for _, algorithm := range algorithms {
		dir := ocispec.ImageBlobsDir + "/" + string(algorithm)
		entries, err := os.ReadDir(d.file(dir))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return durable.Explain(err)
		}
		for _, e := range entries {
			if err := fn(dir+"/"+e.Name(), digest.NewDigestFromEncoded(algorithm, e.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

// openDirectory opens a directory that must be a layout.
func (s *Store) openDirectory() error {
	dir := &directory{root: s.path}
	if err := s.checkLayoutFile(dir); err != nil {
		return err
	}
	s.dir = dir
	if _, err := s.readIndex(); err != nil {
		return err
	}
	if err := s.checkBlobDirectories(dir); err != nil {
		return err
	}
	_, _ = durable.Reap(s.path) // best effort: a reader may lack the right, and what is left over does no harm
	return nil
}

// createDirectory opens a directory that is a layout or becomes one. The file
// oci-layout is written last, so that where it is, the rest is too.
func (s *Store) createDirectory(ctx context.Context) error {
	dir := &directory{root: s.path}
	if _, err := os.Lstat(dir.file(ocispec.ImageLayoutFile)); err == nil {
		return s.openDirectory()
	}
	if err := durable.MkdirAll(s.path, 0o755); err != nil {
		return fmt.Errorf("making layout %q: %w", s.path, err)
	}
	ctx, cancel := context.WithTimeout(ctx, s.opts.LockTimeout)
	defer cancel()
	release, err := durable.Lock(ctx, dir.file(lockFile))
	if err != nil {
		return fmt.Errorf("making layout %q: %w", s.path, err)
	}
	defer func() { _ = release() }() // an error here means only that the lock file stays
	if _, err := os.Lstat(dir.file(ocispec.ImageLayoutFile)); err == nil {
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

func (s *Store) writeEmptyLayout(dir *directory) error {
	if err := durable.MkdirAll(dir.file(blobDir(digest.SHA256)), 0o755); err != nil {
		return err
	}
	_, err := os.Lstat(dir.file(ocispec.ImageIndexFile))
	if errors.Is(err, fs.ErrNotExist) {
		data, merr := emptyIndex().marshal()
		if merr != nil {
			return merr
		}
		err = durable.WriteFile(dir.file(ocispec.ImageIndexFile), data, 0o644)
	}
	if err != nil {
		return durable.Explain(err)
	}
	return durable.WriteFile(dir.file(ocispec.ImageLayoutFile), []byte(layoutFileContent), 0o644)
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
		case name == ocispec.ImageBlobsDir, name == ocispec.ImageIndexFile, name == quarantine, strings.HasPrefix(name, lockFile),
			strings.HasPrefix(name, durable.TempPrefix):
		default:
			return recap.Errorf(recap.Local, "not-a-layout", "directory %q is not an image layout and holds other things: %q", s.path, name).
				WithHint("name a new directory, or an empty one, or a layout")
		}
	}
	return nil
}

// checkBlobDirectories refuses links in the place of the directories that hold
// blobs: what is read through them lies outside the layout.
func (s *Store) checkBlobDirectories(dir *directory) error {
	for _, name := range blobDirectories() {
		if err := s.checkBlobDirectory(dir, name); err != nil {
			return err
		}
	}
	return nil
}

// blobDirectories are the directories that blobs are in, the outer one first.
func blobDirectories() []string {
	names := []string{ocispec.ImageBlobsDir}
	for _, algorithm := range algorithms {
		names = append(names, blobDir(algorithm))
	}
	return names
}

func (s *Store) checkBlobDirectory(dir *directory, name string) error {
	info, err := os.Lstat(dir.file(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return durable.Explain(err)
	}
	if !info.IsDir() {
		return recap.Errorf(recap.Unsafe, "not-a-directory", "layout %q: %s is %s, not a directory", s.path, name, describe(info.Mode())).
			WithHint("move it away and put the directory itself there")
	}
	return nil
}
