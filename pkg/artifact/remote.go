// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package artifact

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"

	"github.com/recap-oci/recap/pkg/recap"
)

// remote reads content of a source and holds it against its descriptor. It can
// go back to the start by fetching once more, so that an upload can be replayed.
type remote struct {
	fetch func() (io.ReadCloser, error)
	desc  ocispec.Descriptor

	rc io.ReadCloser // nil after Close
	vr *VerifyReader
}

var _ io.ReadSeekCloser = (*remote)(nil)

func fetchFrom(ctx context.Context, src content.Fetcher, desc ocispec.Descriptor) (io.ReadCloser, error) {
	if member, ok := src.(*Graph); ok { // verifies, and seeks, itself
		return member.Fetch(ctx, desc)
	}
	r := &remote{fetch: func() (io.ReadCloser, error) { return src.Fetch(ctx, desc) }, desc: desc}
	if err := r.open(); err != nil {
		return nil, err
	}
	return r, nil
}

func (r *remote) open() error {
	rc, err := r.fetch()
	if err != nil {
		return fetchError(r.desc, err)
	}
	vr, err := NewVerifyReader(rc, r.desc)
	if err != nil {
		_ = rc.Close()
		return err
	}
	r.rc, r.vr = rc, vr
	return nil
}

// Read implements io.Reader.
func (r *remote) Read(p []byte) (int, error) {
	if r.rc == nil {
		return 0, fs.ErrClosed
	}
	n, err := r.vr.Read(p)
	var known *recap.Error
	if err == nil || errors.Is(err, io.EOF) || errors.As(err, &known) {
		return n, err
	}
	return n, fmt.Errorf("reading blob %s: %w", r.desc.Digest, err)
}

// Seek goes back to the start, or tells where the reader is.
func (r *remote) Seek(offset int64, whence int) (int64, error) {
	if r.rc == nil {
		return 0, fs.ErrClosed
	}
	at := r.desc.Size - r.vr.left
	switch {
	case offset == 0 && whence == io.SeekCurrent, offset == 0 && whence == io.SeekStart && at == 0:
		return at, nil
	case offset != 0 || whence != io.SeekStart:
		return at, fmt.Errorf("seeking in blob %s other than to its start: %w", r.desc.Digest, errors.ErrUnsupported)
	}
	_ = r.rc.Close()
	r.rc = nil
	return 0, r.open()
}

// Close implements io.Closer. Closing twice is no error.
func (r *remote) Close() error {
	if r.rc == nil {
		return nil
	}
	err := r.rc.Close()
	r.rc = nil
	return err
}
