// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package trip

import (
	"bytes"
	"context"
	"io"
	"sync"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"
)

// Counted is a source that counts what is fetched from it, by digest.
type Counted struct {
	content.Fetcher

	mu      sync.Mutex
	fetched map[digest.Digest]int
}

// Count returns src with a count.
func Count(src content.Fetcher) *Counted {
	return &Counted{Fetcher: src, fetched: map[digest.Digest]int{}}
}

// Fetch counts and passes on.
func (c *Counted) Fetch(ctx context.Context, desc ocispec.Descriptor) (io.ReadCloser, error) {
	c.mu.Lock()
	c.fetched[desc.Digest]++
	c.mu.Unlock()
	return c.Fetcher.Fetch(ctx, desc)
}

// Of returns how often d was fetched.
func (c *Counted) Of(d digest.Digest) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.fetched[d]
}

// Total returns how often anything was fetched.
func (c *Counted) Total() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := 0
	for _, times := range c.fetched {
		n += times
	}
	return n
}

// Flipped is a source that serves one blob with one bit turned over.
type Flipped struct {
	content.Fetcher
	Desc ocispec.Descriptor
	At   int64 // the byte
}

// Fetch lies where it is asked for the one blob.
func (f *Flipped) Fetch(ctx context.Context, desc ocispec.Descriptor) (io.ReadCloser, error) {
	rc, err := f.Fetcher.Fetch(ctx, desc)
	if err != nil || desc.Digest != f.Desc.Digest {
		return rc, err
	}
	defer rc.Close()
	raw, err := io.ReadAll(rc)
	if err != nil {
		return nil, err
	}
	raw[f.At] ^= 1
	return io.NopCloser(bytes.NewReader(raw)), nil
}
