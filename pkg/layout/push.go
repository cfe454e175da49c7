// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package layout

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/errdef"

	"github.com/recap-oci/recap/pkg/internal/durable"
	"github.com/recap-oci/recap/pkg/layout/internal/blob"
	"github.com/recap-oci/recap/pkg/layout/internal/index"
	"github.com/recap-oci/recap/pkg/recap"
)

// Push stores content, which must be what desc describes: Integrity, code
// size-mismatch or digest-mismatch, when it isn't, and nothing is stored. When
// it returns nil the blob is durable.
//
// A blob that is there already is read and hashed. When it is good, content is
// left unread and the error is errdef.ErrAlreadyExists, as with oras's own
// stores: callers take it for success. When it is damaged, or isn't a regular
// file, it is moved to the quarantine of the layout and content takes its place.
//
// A manifest is parsed, strictly; one that has no single meaning is refused with
// Integrity, code bad-manifest, and one whose config, layers or members are not
// all there with NotFound, code child-missing (errdef.ErrNotFound), also when the
// manifest itself is there already. A subject may be absent. One with a subject is listed in index.json when
// Push returns. Others are listed by Tag, or else by Commit.
func (s *Store) Push(ctx context.Context, desc ocispec.Descriptor, content io.Reader) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := blob.CheckDescriptor(desc); err != nil {
		return s.wrap(err)
	}
	found, err := s.look(ctx, desc)
	if err != nil {
		return err
	}
	var exists error
	if found.good {
		exists = s.wrap(fmt.Errorf("blob %s: %w", desc.Digest, errdef.ErrAlreadyExists))
	}
	switch {
	case recap.IsManifest(desc.MediaType):
		if err := s.pushManifest(ctx, desc, content, found); err != nil {
			return err
		}
	case !found.good:
		if err := s.pushBlob(ctx, desc, content, found); err != nil {
			return err
		}
	}
	return exists
}

// PushReference stores a manifest and gives it a tag. Unlike Push, it is no
// error that the manifest is there already.
func (s *Store) PushReference(ctx context.Context, desc ocispec.Descriptor, content io.Reader, reference string) error {
	if err := s.checkTaggable(desc, reference); err != nil {
		return err
	}
	if err := s.Push(ctx, desc, content); err != nil && !errors.Is(err, errdef.ErrAlreadyExists) {
		return err
	}
	return s.Tag(ctx, desc, reference)
}

// pushManifest stores a manifest, unless it was found, and sees to it that it
// gets listed. One that was found may be unlisted: the process that wrote it may
// have died before it came to that.
func (s *Store) pushManifest(ctx context.Context, desc ocispec.Descriptor, content io.Reader, found finding) error {
	var raw []byte
	var err error
	if found.good {
		raw, err = s.readBlob(ctx, desc)
	} else {
		raw, err = io.ReadAll(io.LimitReader(content, desc.Size+1))
	}
	if err == nil {
		err = matches(desc, raw)
	}
	if err != nil {
		return s.wrap(fmt.Errorf("pushing %s: %w", desc.Digest, err))
	}
	n, err := parseNode(desc, raw)
	if err != nil {
		return s.wrap(err)
	}
	if err := s.hasChildren(ctx, n); err != nil {
		return err
	}
	if !found.good {
		if err := s.pushBlob(ctx, desc, bytes.NewReader(raw), found); err != nil {
			return err
		}
	}
	s.nodes.put(n)
	x, err := s.view()
	if err != nil {
		return err
	}
	if x.Lists(desc.Digest) {
		return nil
	}
	if n.subject != "" {
		return s.update(ctx, func(x *index.Index) (bool, error) { return x.Add(n.entry()), nil })
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, child := range n.members {
		delete(s.pending, child.Digest)
	}
	s.pending[desc.Digest] = n.entry()
	return nil
}

// hasChildren refuses a manifest before what it is made of is there, so that no
// crash, and no order of pushing, leaves a manifest of nothing.
func (s *Store) hasChildren(ctx context.Context, n *node) error {
	for _, list := range [][]ocispec.Descriptor{n.blobs, n.members} {
		for _, child := range list {
			if len(child.URLs) > 0 {
				continue // may be elsewhere
			}
			exists, err := s.Exists(ctx, child)
			if err != nil {
				return err
			}
			if !exists {
				return recap.Errorf(recap.NotFound, "child-missing", "layout %q: manifest %s needs %s, which is not there or damaged: %w",
					s.path, n.desc.Digest, child.Digest, errdef.ErrNotFound).
					WithHint("push or copy the whole artifact there again")
			}
		}
	}
	return nil
}

// pushBlob stores one blob, in place of what was found.
func (s *Store) pushBlob(ctx context.Context, desc ocispec.Descriptor, content io.Reader, found finding) error {
	dir, err := s.writable()
	if err != nil {
		return err
	}
	if err := s.writeBlob(ctx, dir, desc, content, found); err != nil {
		return s.wrap(fmt.Errorf("pushing %s: %w", desc.Digest, err))
	}
	s.damaged.remove(desc.Digest)
	return nil
}

func (s *Store) writeBlob(ctx context.Context, dir *blob.Directory, desc ocispec.Descriptor, content io.Reader, found finding) error {
	path := dir.File(blob.Name(desc.Digest))
	if err := durable.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	// In the root, not beside the blobs: tools that list those take every name
	// for a digest.
	file, err := durable.Create(dir.Root())
	if err != nil {
		return err
	}
	defer file.Abort()
	if err := blob.CopyVerified(ctx, file, content, desc); err != nil {
		return err
	}
	if found.damage != nil && !s.archive {
		if err := s.keepAside(dir, *found.damage); err != nil {
			return err
		}
	}
	err = file.Commit(path)
	if errors.Is(err, fs.ErrPermission) {
		// Windows refuses to replace a file that somebody reads. Whoever put it
		// there meanwhile has put the same there.
		if again, e := s.look(ctx, desc); e == nil && again.good {
			return nil
		}
	}
	return err
}

// finding is what lies in the place of a blob: nothing, the right content, or
// something else.
type finding struct {
	good   bool
	damage *Damage
}

// look finds out what lies in the place of a blob, by reading it.
func (s *Store) look(ctx context.Context, desc ocispec.Descriptor) (finding, error) {
	r, err := s.Fetch(ctx, desc)
	if err == nil {
		defer r.Close()
		_, err = blob.Copy(ctx, io.Discard, r)
	}
	switch {
	case err == nil:
		return finding{good: true}, nil
	case errors.Is(err, errdef.ErrNotFound):
		return finding{}, nil
	case errors.Is(err, recap.Integrity), errors.Is(err, blob.ErrIrregular):
		damage := &Damage{Path: blob.Name(desc.Digest), Digest: desc.Digest, Code: "unreadable", What: err.Error()}
		var known *recap.Error
		if errors.As(err, &known) {
			damage.Code = known.Code
		}
		return finding{damage: damage}, nil
	}
	return finding{}, err
}

// matches is Push's check of content that is in memory.
func matches(desc ocispec.Descriptor, raw []byte) error {
	return blob.CopyVerified(context.Background(), io.Discard, bytes.NewReader(raw), desc)
}

// readBlob reads a small blob, verified.
func (s *Store) readBlob(ctx context.Context, desc ocispec.Descriptor) ([]byte, error) {
	r, err := s.Fetch(ctx, desc)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	raw := make([]byte, desc.Size)
	if _, err := io.ReadFull(r, raw); err != nil {
		return nil, err
	}
	return raw, nil
}

// writable returns the directory that is written to: the layout's own, or the
// staging of an archive, which is made here.
func (s *Store) writable() (*blob.Directory, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, fmt.Errorf("layout %q: %w", s.path, fs.ErrClosed)
	}
	if s.dir == nil {
		if err := s.stage(); err != nil {
			return nil, err
		}
	}
	return s.dir, nil
}
