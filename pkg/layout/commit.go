// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package layout

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/recap-oci/recap/pkg/internal/durable"
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
	s.dir = &directory{root: root}
	return nil
}

// discardStaging removes what stage made, as far as nothing else is in it. s.mu
// is held.
func (s *Store) discardStaging() error {
	var err error
	if s.archive && s.dir != nil {
		err = durable.Explain(os.RemoveAll(s.dir.root))
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
		defer base.close()
	}
	if err := s.replaceArchive(ctx, path, base, x); err != nil {
		if old, _, e := s.loadArchive(); e == nil && s.tar == nil {
			s.tar = old // closed to be replaced, and still there
		} else if e == nil {
			old.close()
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
func (s *Store) rebase() (*archive, *index, error) {
	base, x, err := s.loadArchive()
	if errors.Is(err, fs.ErrNotExist) {
		base, x, err = nil, emptyIndex(), nil
	}
	if err != nil {
		return nil, nil, err
	}
	x = x.clone()
	for _, c := range s.changes {
		if _, err := c(x); err != nil {
			if base != nil {
				base.close()
			}
			return nil, nil, err
		}
	}
	return base, x, nil
}

func (s *Store) replaceArchive(ctx context.Context, path string, base *archive, x *index) error {
	file, err := durable.Create(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer file.Abort()
	if err := s.writeMembers(ctx, tar.NewWriter(file), base, x); err != nil {
		return durable.Explain(err)
	}
	if base != nil {
		base.close() // Windows doesn't replace what is open
	}
	if s.tar != nil {
		s.tar.close()
		s.tar = nil
	}
	return file.Commit(path)
}

// writeMembers writes oci-layout, index.json and then every blob in order of
// digest. What is in a header is the same for everyone, always.
func (s *Store) writeMembers(ctx context.Context, tw *tar.Writer, base *archive, x *index) error {
	data, err := x.marshal()
	if err != nil {
		return err
	}
	for _, f := range []struct {
		name string
		data []byte
	}{{ocispec.ImageLayoutFile, []byte(layoutFileContent)}, {ocispec.ImageIndexFile, data}} {
		if err := tw.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: f.name, Size: int64(len(f.data)), Mode: 0o644}); err != nil {
			return err
		}
		if _, err := tw.Write(f.data); err != nil {
			return err
		}
	}
	places := []place{s.dir}
	if base != nil {
		places = append(places, base)
	}
	blobs, err := blobsOf(places)
	if err != nil {
		return err
	}
	written := make(map[string]bool)
	for _, b := range blobs {
		for _, dir := range []string{ocispec.ImageBlobsDir + "/", blobDir(b.digest.Algorithm()) + "/"} {
			if !written[dir] {
				written[dir] = true
				if err := tw.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: dir, Mode: 0o755}); err != nil {
					return err
				}
			}
		}
		if err := writeMember(ctx, tw, b); err != nil {
			return err
		}
	}
	return tw.Close()
}

// placed is a blob and where it is taken from.
type placed struct {
	digest digest.Digest
	place  place
}

// blobsOf lists the blobs of all places, each from the first that has it.
func blobsOf(places []place) ([]placed, error) {
	var blobs []placed
	seen := make(map[digest.Digest]bool)
	for _, p := range places {
		err := p.each(func(_ string, d digest.Digest) error {
			if checkDigest(d) == nil && !seen[d] {
				seen[d] = true
				blobs = append(blobs, placed{d, p})
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	slices.SortFunc(blobs, func(a, b placed) int { return strings.Compare(string(a.digest), string(b.digest)) })
	return blobs, nil
}

// writeMember copies one blob, verified: a damaged one isn't carried over as if
// it were good.
func writeMember(ctx context.Context, tw *tar.Writer, b placed) error {
	content, size, err := b.place.open(b.digest)
	if err != nil {
		return err
	}
	defer content.Close()
	name := blobName(b.digest)
	if err := tw.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Size: size, Mode: 0o644}); err != nil {
		return err
	}
	if err := copyVerified(ctx, tw, io.LimitReader(content, size), ocispec.Descriptor{Digest: b.digest, Size: size}); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
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
