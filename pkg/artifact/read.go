// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package artifact

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/errdef"

	"github.com/recap-oci/recap/pkg/recap"
)

// ReadBlob fetches the content of desc, at most limit bytes of it, and returns
// it once size and digest are found to match: the one way to read a small blob
// whole. limit is also what a caller is willing to hold in memory. Bytes that
// don't match are asked for once more, as a cache on the way may have spoilt
// them; no more than once, as it may also be the source.
//
// Errors: [recap.Unsafe] too-large when desc is larger than limit;
// [recap.Integrity] bad-digest and bad-size for a descriptor that can't be true,
// digest-mismatch and size-mismatch for content that isn't what it describes;
// [recap.NotFound] when src has no such content; else the error of src.
func ReadBlob(ctx context.Context, src content.Fetcher, desc ocispec.Descriptor, limit int64) ([]byte, error) {
	if err := checkDescriptor("blob", desc); err != nil {
		return nil, err
	}
	if desc.Size > limit {
		return nil, recap.Errorf(recap.Unsafe, "too-large", "blob %s of %s has %d bytes, more than the %d allowed", desc.Digest, printable(desc.MediaType), desc.Size, limit)
	}
	rc, err := src.Fetch(ctx, desc)
	if err != nil {
		return nil, fetchError(desc, err)
	}
	data, err := readVerified(rc, desc)
	if !errors.Is(err, recap.Integrity) {
		return data, err
	}
	if rc, again := src.Fetch(ctx, desc); again == nil {
		if data, again := readVerified(rc, desc); again == nil {
			return data, nil
		}
	}
	return nil, err
}

// readVerified reads all of rc, the content of desc, and closes it.
func readVerified(rc io.ReadCloser, desc ocispec.Descriptor) ([]byte, error) {
	defer rc.Close()
	vr, err := NewVerifyReader(rc, desc)
	if err != nil {
		return nil, err
	}
	buf := bytes.NewBuffer(make([]byte, 0, desc.Size+bytes.MinRead))
	if _, err := buf.ReadFrom(vr); err != nil {
		var known *recap.Error
		if !errors.As(err, &known) {
			err = fmt.Errorf("reading blob %s: %w", desc.Digest, err)
		}
		return nil, err
	}
	return buf.Bytes(), nil
}

// fetchError gives an error of a storage that isn't recap's own its kind.
func fetchError(desc ocispec.Descriptor, err error) error {
	var known *recap.Error
	if !errors.As(err, &known) && errors.Is(err, errdef.ErrNotFound) {
		return recap.Errorf(recap.NotFound, "not-found", "blob %s: %w", desc.Digest, err)
	}
	return err
}

// VerifyReader reads content and compares it with its descriptor on the way. It
// hands out the last byte only once the whole is found to match, so whoever
// copies from it and meets no error has the content described, and whoever
// takes exactly Size bytes, as an upload does, has too.
//
// oras's content.VerifyReader tells a caller who remembers to ask, afterwards.
type VerifyReader struct {
	r    io.Reader
	desc ocispec.Descriptor
	hash hash.Hash
	left int64
	err  error
}

// NewVerifyReader returns a reader of r, which is to yield the content of desc.
// It refuses a descriptor with a digest other than SHA-256 or a size that can't be.
func NewVerifyReader(r io.Reader, desc ocispec.Descriptor) (*VerifyReader, error) {
	if err := checkDigest("blob", desc.Digest); err != nil {
		return nil, err
	}
	if desc.Size < 0 || desc.Size > maxBlobSize {
		return nil, recap.Errorf(recap.Integrity, "bad-size", "blob %s has size %d", desc.Digest, desc.Size)
	}
	return &VerifyReader{r: r, desc: desc, hash: sha256.New(), left: desc.Size}, nil
}

// Read implements io.Reader. Its error is io.EOF after the verified content,
// [recap.Integrity] size-mismatch or digest-mismatch, or that of the underlying
// reader; it stays the same from then on.
func (v *VerifyReader) Read(p []byte) (int, error) {
	if v.err != nil {
		return 0, v.err
	}
	if v.left == 0 { // empty content: else the end was judged with the last byte
		if v.err = v.judge(nil); v.err == nil {
			v.err = io.EOF
		}
		return 0, v.err
	}
	if int64(len(p)) > v.left {
		p = p[:v.left]
	}
	n, err := v.r.Read(p)
	v.hash.Write(p[:n])
	v.left -= int64(n)
	switch {
	case v.left == 0:
		if v.err = v.judge(err); v.err != nil {
			return 0, v.err
		}
		v.err = io.EOF
		return n, nil
	case err == io.EOF: // not errors.Is: an error that wraps EOF is a broken connection, not the end
		v.err = recap.Errorf(recap.Integrity, "size-mismatch", "blob %s ends after %d of %d bytes: %w",
			v.desc.Digest, v.desc.Size-v.left, v.desc.Size, io.ErrUnexpectedEOF)
	default:
		v.err = err
	}
	return n, v.err
}

// judge looks for more content than described and compares the digest. err is
// what came with the last byte.
func (v *VerifyReader) judge(err error) error {
	if err == nil {
		var more [1]byte
		if _, err = io.ReadFull(v.r, more[:]); err == nil {
			return recap.Errorf(recap.Integrity, "size-mismatch", "blob %s has more than %d bytes", v.desc.Digest, v.desc.Size)
		}
	}
	if err != io.EOF { // as above
		return err
	}
	if got := digest.NewDigest(digest.SHA256, v.hash); got != v.desc.Digest {
		return recap.Errorf(recap.Integrity, "digest-mismatch", "blob %s holds the bytes of %s", v.desc.Digest, got)
	}
	return nil
}
