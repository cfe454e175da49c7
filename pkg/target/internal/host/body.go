// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package host

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

// MaxHeld is up to which size a content that can't seek is held in memory so
// that it can be sent twice.
const MaxHeld = 1 << 20

// Body is a request's body that can be sent more than once.
type Body struct {
	desc   ocispec.Descriptor
	source io.Reader
	seeker io.Seeker // source again; nil when it gets one chance
	start  int64     // where seeker stood when we got it

	mu   sync.Mutex
	used bool
	part *bodyPart
	err  error // of the source, which no retry mends
}

// NewBody takes content, which desc describes, as a body's source, and reads it
// when it is small and can't seek.
func NewBody(desc ocispec.Descriptor, content io.Reader) (*Body, error) {
	b := &Body{desc: desc, source: content}
	if s, ok := content.(io.Seeker); ok {
		if start, err := s.Seek(0, io.SeekCurrent); err == nil { // a pipe has the method too
			b.seeker, b.start = s, start
			return b, nil
		}
	}
	if desc.Size <= MaxHeld {
		data, err := io.ReadAll(io.LimitReader(content, desc.Size+1))
		if err != nil {
			return nil, fmt.Errorf("reading what is to be pushed: %w", err)
		}
		held := bytes.NewReader(data)
		b.source, b.seeker = held, held
	}
	return b, nil
}

// Replays reports whether it can be sent again.
func (b *Body) Replays() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.seeker != nil || !b.used
}

// failure returns what was wrong with the source.
func (b *Body) failure() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.err == nil {
		return nil
	}
	return &sourceError{b.err}
}

// sourceError is an error of our own side in the middle of a request.
type sourceError struct{ err error }

func (e *sourceError) Error() string { return e.err.Error() }
func (e *sourceError) Unwrap() error { return e.err }

// attach makes b the body of req.
func (b *Body) attach(req *http.Request) error {
	body, err := b.open()
	if err != nil {
		return &sourceError{err}
	}
	req.ContentLength = b.desc.Size
	req.Body = body
	if b.desc.Size == 0 {
		req.Body = http.NoBody // else net/http sends it chunked
	}
	if b.seeker != nil {
		req.GetBody = func() (io.ReadCloser, error) {
			if b.desc.Size == 0 {
				return http.NoBody, nil
			}
			return b.open()
		}
	}
	return nil
}

// open starts the source from its beginning. A part that an earlier attempt is
// still reading gets no more bytes.
func (b *Body) open() (io.ReadCloser, error) {
	b.mu.Lock()
	previous, again := b.part, b.used
	b.mu.Unlock()
	if previous != nil {
		_ = previous.Close()
	}
	if again && b.seeker == nil {
		return nil, errors.New("the content can't be read twice")
	}
	if again {
		if _, err := b.seeker.Seek(b.start, io.SeekStart); err != nil {
			return nil, err
		}
	}
	part := &bodyPart{body: b, verifier: b.desc.Digest.Verifier()}
	b.mu.Lock()
	b.part, b.used = part, true
	b.mu.Unlock()
	return part, nil
}

// bodyPart is the source as one attempt reads it. It holds the source to the
// size and digest that were announced: the last bytes of anything else are
// never sent.
type bodyPart struct {
	body     *Body
	verifier digest.Verifier

	mu     sync.Mutex
	closed bool
	n      int64
}

func (p *bodyPart) Read(buf []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return 0, errors.New("read after close")
	}
	size := p.body.desc.Size
	if p.n == size {
		var probe [1]byte
		if n, err := io.ReadFull(p.body.source, probe[:]); n > 0 {
			return 0, p.fail(recap.Errorf(recap.Integrity, "size-mismatch", "content of %s is longer than %d bytes", p.body.desc.Digest, size))
		} else if err != io.EOF {
			return 0, p.fail(err)
		}
		return 0, io.EOF
	}
	if int64(len(buf)) > size-p.n {
		buf = buf[:size-p.n]
	}
	n, err := p.body.source.Read(buf)
	p.n += int64(n)
	_, _ = p.verifier.Write(buf[:n]) // a hash takes everything
	switch {
	case p.n == size && !p.verifier.Verified():
		return 0, p.fail(recap.Errorf(recap.Integrity, "digest-mismatch", "content of %s has another digest", p.body.desc.Digest))
	case err == io.EOF && p.n < size:
		return n, p.fail(recap.Errorf(recap.Integrity, "size-mismatch", "content of %s ends after %d of %d bytes", p.body.desc.Digest, p.n, size))
	case err != nil && err != io.EOF:
		return n, p.fail(err)
	}
	return n, nil
}

func (p *bodyPart) fail(err error) error {
	p.body.mu.Lock()
	defer p.body.mu.Unlock()
	p.body.err = fmt.Errorf("reading what is to be pushed: %w", err)
	return p.body.err
}

// Close waits for a Read under way and ends the part.
func (p *bodyPart) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	return nil
}
