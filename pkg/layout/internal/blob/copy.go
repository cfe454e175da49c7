// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package blob

import (
	"context"
	"io"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/recap-oci/recap/pkg/recap"
)

// copyBuffer is what a copy of any size holds in memory.
const copyBuffer = 128 << 10

// CopyVerified copies exactly what desc describes, or returns an error: Integrity,
// code size-mismatch or digest-mismatch.
func CopyVerified(ctx context.Context, dst io.Writer, src io.Reader, desc ocispec.Descriptor) error {
	verifier := desc.Digest.Algorithm().Hash()
	// One byte more than there should be, to notice it.
	n, err := Copy(ctx, io.MultiWriter(dst, verifier), io.LimitReader(src, desc.Size+1))
	if err != nil {
		return err
	}
	if n != desc.Size {
		more := ""
		if n > desc.Size {
			more = "at least "
		}
		return recap.Errorf(recap.Integrity, "size-mismatch", "the content has %s%d bytes, not %d", more, n, desc.Size).
			WithHint("the source changed or was cut off: try again")
	}
	if got := digest.NewDigest(desc.Digest.Algorithm(), verifier); got != desc.Digest {
		return recap.Errorf(recap.Integrity, "digest-mismatch", "the content has the digest %s", got).
			WithHint("the source changed or is damaged: try again")
	}
	return nil
}

// Copy copies src until its end or that of ctx, through a small buffer.
func Copy(ctx context.Context, dst io.Writer, src io.Reader) (int64, error) {
	return io.CopyBuffer(onlyWriter{dst}, &contextReader{ctx: ctx, r: src}, make([]byte, copyBuffer))
}

// contextReader makes a copy end with its context.
type contextReader struct {
	ctx context.Context // lives as long as one copy
	r   io.Reader
}

func (c *contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}

// onlyWriter hides other methods, so that CopyBuffer uses its buffer.
type onlyWriter struct{ io.Writer }
