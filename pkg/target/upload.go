// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package target

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/recap-oci/recap/pkg/recap"
)

// maxHeld is up to which size a content that can't seek is held in memory so
// that it can be sent twice.
const maxHeld = 1 << 20

// upload is a request's body that can be sent more than once.
type upload struct {
	desc   ocispec.Descriptor
	source io.Reader
	seeker io.Seeker // source again; nil when it gets one chance
	start  int64     // where seeker stood when we got it

	mu   sync.Mutex
	used bool
	part *uploadPart
	err  error // of the source, which no retry mends
}

// newUpload takes content as its source, and reads it when it is small and
// can't seek.
func newUpload(desc ocispec.Descriptor, content io.Reader) (*upload, error) {
	u := &upload{desc: desc, source: content}
	if s, ok := content.(io.Seeker); ok {
		if start, err := s.Seek(0, io.SeekCurrent); err == nil { // a pipe has the method too
			u.seeker, u.start = s, start
			return u, nil
		}
	}
	if desc.Size <= maxHeld {
		data, err := io.ReadAll(io.LimitReader(content, desc.Size+1))
		if err != nil {
			return nil, fmt.Errorf("reading what is to be pushed: %w", err)
		}
		held := bytes.NewReader(data)
		u.source, u.seeker = held, held
	}
	return u, nil
}

// replays reports whether it can be sent again.
func (u *upload) replays() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.seeker != nil || !u.used
}

// failure returns what was wrong with the source.
func (u *upload) failure() error {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.err == nil {
		return nil
	}
	return &sourceError{u.err}
}

// sourceError is an error of our own side in the middle of a request.
type sourceError struct{ err error }

func (e *sourceError) Error() string { return e.err.Error() }
func (e *sourceError) Unwrap() error { return e.err }

// attach makes u the body of req.
func (u *upload) attach(req *http.Request) error {
	body, err := u.open()
	if err != nil {
		return &sourceError{err}
	}
	req.ContentLength = u.desc.Size
	req.Body = body
	if u.desc.Size == 0 {
		req.Body = http.NoBody // else net/http sends it chunked
	}
	if u.seeker != nil {
		req.GetBody = func() (io.ReadCloser, error) {
			if u.desc.Size == 0 {
				return http.NoBody, nil
			}
			return u.open()
		}
	}
	return nil
}

// open starts the source from its beginning. A part that an earlier attempt is
// still reading gets no more bytes.
func (u *upload) open() (io.ReadCloser, error) {
	u.mu.Lock()
	previous, again := u.part, u.used
	u.mu.Unlock()
	if previous != nil {
		_ = previous.Close()
	}
	if again && u.seeker == nil {
		return nil, errors.New("the content can't be read twice")
	}
	if again {
		if _, err := u.seeker.Seek(u.start, io.SeekStart); err != nil {
			return nil, err
		}
	}
	part := &uploadPart{upload: u, verifier: u.desc.Digest.Verifier()}
	u.mu.Lock()
	u.part, u.used = part, true
	u.mu.Unlock()
	return part, nil
}

// uploadPart is the source as one attempt reads it. It holds the source to the
// size and digest that were announced: the last bytes of anything else are
// never sent.
type uploadPart struct {
	upload   *upload
	verifier digest.Verifier

	mu     sync.Mutex
	closed bool
	n      int64
}

func (p *uploadPart) Read(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return 0, errors.New("read after close")
	}
	size := p.upload.desc.Size
	if p.n == size {
		var probe [1]byte
		if n, err := io.ReadFull(p.upload.source, probe[:]); n > 0 {
			return 0, p.fail(recap.Errorf(recap.Integrity, "size-mismatch", "content of %s is longer than %d bytes", p.upload.desc.Digest, size))
		} else if err != io.EOF {
			return 0, p.fail(err)
		}
		return 0, io.EOF
	}
	if int64(len(b)) > size-p.n {
		b = b[:size-p.n]
	}
	n, err := p.upload.source.Read(b)
	p.n += int64(n)
	_, _ = p.verifier.Write(b[:n]) // a hash takes everything
	switch {
	case p.n == size && !p.verifier.Verified():
		return 0, p.fail(recap.Errorf(recap.Integrity, "digest-mismatch", "content of %s has another digest", p.upload.desc.Digest))
	case err == io.EOF && p.n < size:
		return n, p.fail(recap.Errorf(recap.Integrity, "size-mismatch", "content of %s ends after %d of %d bytes", p.upload.desc.Digest, p.n, size))
	case err != nil && err != io.EOF:
		return n, p.fail(err)
	}
	return n, nil
}

func (p *uploadPart) fail(err error) error {
	p.upload.mu.Lock()
	defer p.upload.mu.Unlock()
	p.upload.err = fmt.Errorf("reading what is to be pushed: %w", err)
	return p.upload.err
}

// Close waits for a Read under way and ends the part.
func (p *uploadPart) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	return nil
}
