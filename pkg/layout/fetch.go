// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package layout

import (
	"context"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"sync"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/errdef"

	"github.com/recap-oci/recap/pkg/internal/durable"
	"github.com/recap-oci/recap/pkg/layout/internal/blob"
	"github.com/recap-oci/recap/pkg/recap"
)

// Fetch returns the content that desc describes. It is hashed while it is read:
// if it isn't what desc says, the read that would return the last of it returns
// an Integrity error, code digest-mismatch, instead, so that who reads desc.Size
// bytes has verified content. The reader is an io.Seeker for starting again
// (Seek(0, io.SeekStart)) and telling the position, and nothing else.
//
// A blob that is absent is errdef.ErrNotFound; one of another size than desc
// says, Integrity, code size-mismatch; something that isn't a regular file,
// Unsafe, code not-a-regular-file.
func (s *Store) Fetch(ctx context.Context, desc ocispec.Descriptor) (io.ReadCloser, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := blob.CheckDescriptor(desc); err != nil {
		return nil, s.wrap(err)
	}
	places, err := s.places()
	if err != nil {
		return nil, err
	}
	var found error // why it isn't the one that was found first
	for _, p := range places {
		content, size, err := p.Open(desc.Digest)
		if err == nil && size != desc.Size {
			content.Close()
			err = sizeMismatch(desc, size)
		}
		if err == nil {
			r := &verifiedReader{store: s, desc: desc, content: content, hash: desc.Digest.Algorithm().Hash()}
			if desc.Size == 0 {
				err = r.verify()
			}
			if err == nil {
				s.used(desc.Digest)
				return r, nil
			}
			content.Close()
		}
		err = s.spoilt(desc.Digest, err)
		if found == nil && !errors.Is(err, fs.ErrNotExist) {
			found = err
		}
	}
	if found != nil {
		return nil, s.wrap(durable.Explain(found))
	}
	return nil, s.noBlob(desc.Digest)
}

// Exists reports whether the layout has a regular file of the right size for
// desc. It reads no content, so damage that keeps the size is found by Fetch and
// Check, and from then on, for this store, Exists is false until Push has
// replaced the blob.
func (s *Store) Exists(ctx context.Context, desc ocispec.Descriptor) (bool, error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	if err := blob.CheckDescriptor(desc); err != nil {
		return false, s.wrap(err)
	}
	if s.damaged.has(desc.Digest) {
		return false, nil
	}
	places, err := s.places()
	if err != nil {
		return false, err
	}
	for _, p := range places {
		size, err := p.Stat(desc.Digest)
		switch {
		case err == nil && size == desc.Size:
			s.used(desc.Digest)
			return true, nil
		case err == nil, errors.Is(err, fs.ErrNotExist), errors.Is(err, blob.ErrIrregular):
		default:
			return false, s.wrap(durable.Explain(err))
		}
	}
	return false, nil
}

// size returns the size of the blob as it lies there.
func (s *Store) size(d digest.Digest) (int64, error) {
	places, err := s.places()
	if err != nil {
		return 0, err
	}
	for _, p := range places {
		size, err := p.Stat(d)
		if err == nil {
			return size, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return 0, s.wrap(durable.Explain(err))
		}
	}
	return 0, s.noBlob(d)
}

// noBlob says that a blob isn't there, and is errdef.ErrNotFound.
func (s *Store) noBlob(d digest.Digest) error {
	return recap.Errorf(recap.NotFound, "not-found", "layout %q: no blob %s: %w", s.path, d, errdef.ErrNotFound).
		WithHint("push or copy the artifact there again: what is present is kept")
}

func (s *Store) wrap(err error) error { return fmt.Errorf("layout %q: %w", s.path, err) }

func sizeMismatch(desc ocispec.Descriptor, size int64) error {
	return recap.Errorf(recap.Integrity, "size-mismatch", "blob %s has %d bytes, not %d", desc.Digest, size, desc.Size).
		WithHint("recap store check --repair moves away what is damaged in a layout; then push or copy the artifact there again")
}

// verifiedReader hashes what it returns and holds back what completes content
// of the wrong digest.
type verifiedReader struct {
	store   *Store
	desc    ocispec.Descriptor
	content blob.Content
	hash    hash.Hash
	read    int64
	err     error // sticky
}

func (r *verifiedReader) Read(p []byte) (int, error) {
	if r.err != nil {
		return 0, r.err
	}
	if r.read == r.desc.Size {
		return 0, io.EOF
	}
	if rest := r.desc.Size - r.read; int64(len(p)) > rest {
		p = p[:rest]
	}
	n, err := r.content.Read(p)
	r.hash.Write(p[:n])
	r.read += int64(n)
	switch {
	case r.read == r.desc.Size:
		if r.err = r.verify(); r.err != nil {
			return 0, r.store.wrap(r.err)
		}
		return n, nil
	case errors.Is(err, io.EOF):
		// Truncated since it was opened.
		r.store.damaged.add(r.desc.Digest)
		r.err = r.store.wrap(sizeMismatch(r.desc, r.read))
		return n, r.err
	case err != nil:
		r.err = r.store.wrap(fmt.Errorf("reading blob %s: %w", r.desc.Digest, durable.Explain(r.store.spoilt(r.desc.Digest, err))))
		return n, r.err
	}
	return n, nil
}

func (r *verifiedReader) verify() error {
	got := digest.NewDigest(r.desc.Digest.Algorithm(), r.hash)
	if got == r.desc.Digest {
		return nil
	}
	r.store.damaged.add(r.desc.Digest)
	return recap.Errorf(recap.Integrity, "digest-mismatch", "blob %s is damaged: its content has the digest %s", r.desc.Digest, got).
		WithHint("recap store check --repair %s moves it away; then push or copy the artifact there again", r.store.path)
}

func (r *verifiedReader) Seek(offset int64, whence int) (int64, error) {
	switch {
	case offset == 0 && whence == io.SeekCurrent:
		return r.read, nil
	case offset == 0 && whence == io.SeekStart:
		if _, err := r.content.Seek(0, io.SeekStart); err != nil {
			return r.read, durable.Explain(err)
		}
		r.hash.Reset()
		r.read, r.err = 0, nil
		return 0, nil
	}
	return r.read, fmt.Errorf("blob %s: seeking elsewhere than to the start: %w", r.desc.Digest, errors.ErrUnsupported)
}

func (r *verifiedReader) Close() error { return r.content.Close() }

// damaged remembers blobs whose content was seen to be wrong.
type damaged struct{ set sync.Map }

func (d *damaged) add(dgst digest.Digest)    { d.set.Store(dgst, true) }
func (d *damaged) remove(dgst digest.Digest) { d.set.Delete(dgst) }
func (d *damaged) has(dgst digest.Digest) bool {
	_, ok := d.set.Load(dgst)
	return ok
}
