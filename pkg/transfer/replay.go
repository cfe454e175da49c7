// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package transfer

import (
	"context"
	"errors"
	"io"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"

	"github.com/recap-oci/recap/pkg/artifact"
)

// replay reads a blob of a source, verified, and can be read again from the
// start: a target that has to send a request once more seeks back, and the blob
// is fetched again. So a stream of any size is copied without being kept.
type replay struct {
	ctx  context.Context // io.Reader has no place for one
	src  content.Fetcher
	desc ocispec.Descriptor

	body     io.ReadCloser
	verified io.Reader
}

var _ io.ReadSeekCloser = (*replay)(nil)

func newReplay(ctx context.Context, src content.Fetcher, desc ocispec.Descriptor) *replay {
	return &replay{ctx: ctx, src: src, desc: desc}
}

func (r *replay) Read(p []byte) (int, error) {
	if r.verified == nil {
		body, err := r.src.Fetch(r.ctx, r.desc)
		if err != nil {
			return 0, notFound(err, r.desc.Digest.String())
		}
		verified, err := artifact.NewVerifyReader(body, r.desc)
		if err != nil {
			return 0, errors.Join(err, body.Close())
		}
		r.body, r.verified = body, verified
	}
	return r.verified.Read(p)
}

// Seek goes back to the start, which is all that sending again needs.
func (r *replay) Seek(offset int64, whence int) (int64, error) {
	if offset != 0 || whence != io.SeekStart {
		return 0, errors.New("a blob can only be read again from its start")
	}
	return 0, r.Close()
}

// Close gives up what is open. Reading after it starts again.
func (r *replay) Close() error {
	body := r.body
	r.body, r.verified = nil, nil
	if body == nil {
		return nil
	}
	return body.Close()
}
