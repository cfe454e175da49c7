// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package repository

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/target/internal/host"
	"github.com/recap-oci/recap/pkg/target/internal/printable"
)

// fetchBlob opens a blob.
func (r *Repository) fetchBlob(ctx context.Context, desc ocispec.Descriptor) (io.ReadCloser, error) {
	b := &blob{ctx: ctx, repo: r, desc: desc, what: "fetching " + printable.Digest(desc.Digest) + " from " + r.full()}
	if err := b.open(); err != nil {
		return nil, err
	}
	return b, nil
}

// blob is a registry's blob as a stream of exactly desc.Size bytes. When the
// connection breaks it asks for the rest. It can seek, so that it can be pushed
// elsewhere and sent again.
type blob struct {
	ctx  context.Context
	repo *Repository
	desc ocispec.Descriptor
	what string

	body    io.ReadCloser // nil: ask for the rest on the next Read
	offset  int64
	breaks  int   // since there was last enough progress
	mark    int64 // offset of the last break
	rewound bool  // the whole blob was sent where the rest was asked for
	whole   bool  // the registry does not know ranges
	err     error
}

// enoughProgress is how many bytes must have come between two breaks for the
// second not to count as a repetition. A connection that dies every few bytes
// would otherwise be taken up for ever.
const enoughProgress = 1 << 20

// Read implements io.Reader.
func (b *blob) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	for {
		if b.body == nil {
			if err := b.open(); err != nil {
				return 0, b.end(err)
			}
		}
		left := b.desc.Size - b.offset
		if left == 0 {
			return 0, b.end(b.finish())
		}
		if len(p) == 0 {
			return 0, nil
		}
		n, err := b.body.Read(p[:min(int64(len(p)), left)])
		b.offset += int64(n)
		// Once all is here, finish looks whether there is more.
		if err != nil && b.offset < b.desc.Size {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			if err := b.broken(err); err != nil {
				return n, b.end(err)
			}
		}
		if n > 0 {
			return n, nil
		}
	}
}

// finish makes sure that nothing follows the last byte, which also leaves the
// connection fit for the next request.
func (b *blob) finish() error {
	var probe [1]byte
	if n, _ := io.ReadFull(b.body, probe[:]); n > 0 {
		return recap.Errorf(recap.Integrity, "size-mismatch", "%s: it is longer than %d bytes", b.what, b.desc.Size)
	}
	return io.EOF
}

// end makes err the answer to every further Read.
func (b *blob) end(err error) error {
	b.drop()
	b.err = err
	return err
}

func (b *blob) drop() {
	if b.body != nil {
		_ = b.body.Close() // read only; nothing can be lost
		b.body = nil
	}
}

// broken decides what to do about a connection that broke: nil to go on.
func (b *blob) broken(err error) error {
	b.drop()
	if b.offset-b.mark >= enoughProgress {
		b.breaks = 0
	}
	b.breaks++
	b.mark = b.offset
	op := host.Operation{What: b.what, Method: http.MethodGet}
	fault := b.repo.host.Diagnose(b.ctx, op, err)
	if !fault.Again {
		return fault.Final(op, b.breaks)
	}
	return b.repo.host.Backoff(b.ctx, op, fault, b.breaks)
}

// open asks for the blob from offset on.
func (b *blob) open() error {
	op := host.Operation{
		What: b.what, Method: http.MethodGet, URL: b.repo.url("blobs", b.desc.Digest.String()),
		Scopes: b.repo.scopes(), Accept: []int{http.StatusOK}, Known: true,
	}
	if b.offset > 0 && b.offset < b.desc.Size && !b.whole {
		op.Header = http.Header{"Range": {fmt.Sprintf("bytes=%d-%d", b.offset, b.desc.Size-1)}}
		op.Accept = []int{http.StatusOK, http.StatusPartialContent, http.StatusRequestedRangeNotSatisfiable}
	}
	resp, err := b.repo.host.Do(b.ctx, op)
	if err != nil {
		return err
	}
	from := int64(0)
	switch resp.StatusCode {
	case http.StatusPartialContent:
		// Bytes from elsewhere in the blob are never joined to those we have.
		want := fmt.Sprintf("bytes %d-%d/", b.offset, b.desc.Size-1)
		if got := resp.Header.Get("Content-Range"); got != want+fmt.Sprint(b.desc.Size) && got != want+"*" {
			return b.openWhole(resp)
		}
		from = b.offset
	case http.StatusRequestedRangeNotSatisfiable:
		return b.openWhole(resp)
	}
	if resp.ContentLength >= 0 && resp.ContentLength != b.desc.Size-from {
		_ = resp.Body.Close()
		return wrongSize(b.what, from+resp.ContentLength, b.desc.Size)
	}
	b.body = resp.Body
	if from == b.offset {
		return nil
	}
	// The registry does not know ranges. To read it all again is fine once;
	// after that it would cost more than it brings.
	if b.rewound {
		b.drop()
		return recap.Errorf(recap.Unavailable, "connection", "%s: the connection keeps breaking, and the registry does not send the rest alone", b.what)
	}
	b.rewound = true
	if _, err := io.CopyN(io.Discard, b.body, b.offset); err != nil {
		return b.broken(err)
	}
	return nil
}

// openWhole asks for all of the blob, where the rest was asked for and something
// else came.
func (b *blob) openWhole(resp *host.Answer) error {
	_ = resp.Body.Close()
	b.whole = true
	return b.open()
}

// Seek implements io.Seeker. Nothing is asked for before the next Read.
func (b *blob) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += b.offset
	case io.SeekEnd:
		offset += b.desc.Size
	}
	if offset < 0 || offset > b.desc.Size {
		return 0, errors.New("seek outside of the blob")
	}
	if errors.Is(b.err, errClosed) {
		return 0, b.err
	}
	if offset != b.offset || b.err != nil {
		b.drop()
		b.offset, b.mark, b.err = offset, offset, nil
		b.rewound = false
	}
	return offset, nil
}

var errClosed = errors.New("read of a closed blob")

// Close implements io.Closer.
func (b *blob) Close() error {
	_ = b.end(errClosed)
	return nil
}
