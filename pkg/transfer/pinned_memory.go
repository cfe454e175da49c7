// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package transfer

import (
	"bytes"
	"context"
	"io"
	"sync"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"

	"github.com/recap-oci/recap/pkg/artifact"
	"github.com/recap-oci/recap/pkg/recap"
)

// maxRemembered bounds what a [Pinned] keeps in memory: the largest manifest
// and the largest config, which are what admitting and pulling a pack both read.
const maxRemembered = 8 << 20 // bytes

// memory keeps manifests and configs of recap's own that were fetched, as long
// as they are no more than maxRemembered in all. What comes after is fetched
// each time, as it would be without.
type memory struct {
	mu    sync.Mutex
	kept  map[blobKey][]byte
	spent int64 // bytes kept or being fetched
}

// blobKey is what a source looks content up by. The media type belongs to it: a
// registry keeps manifests and blobs in two places.
type blobKey struct {
	mediaType string
	digest    digest.Digest
	size      int64
}

func keyOf(desc ocispec.Descriptor) blobKey {
	return blobKey{mediaType: desc.MediaType, digest: desc.Digest, size: desc.Size}
}

// keep remembers raw, the content of desc, if there is room.
func (m *memory) keep(desc ocispec.Descriptor, raw []byte) {
	if m.reserve(desc) {
		m.put(desc, raw)
	}
}

// fetch returns the content of desc from memory or from src.
func (m *memory) fetch(ctx context.Context, src content.Fetcher, desc ocispec.Descriptor) (io.ReadCloser, error) {
	if raw, ok := m.get(desc); ok {
		return io.NopCloser(bytes.NewReader(raw)), nil
	}
	if !memorable(desc.MediaType) || !m.reserve(desc) {
		return src.Fetch(ctx, desc)
	}
	raw, err := artifact.ReadBlob(ctx, src, desc, maxRemembered)
	if err != nil {
		m.release(desc)
		return nil, err
	}
	m.put(desc, raw)
	return io.NopCloser(bytes.NewReader(raw)), nil
}

// memorable reports whether content of mediaType is read more than once.
func memorable(mediaType string) bool {
	return recap.IsManifest(mediaType) || mediaType == recap.MediaTypeConfig || mediaType == recap.MediaTypePackConfig
}

func (m *memory) get(desc ocispec.Descriptor) ([]byte, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	raw, ok := m.kept[keyOf(desc)]
	return raw, ok
}

// reserve takes room for desc before it is fetched, so that any number of
// fetches at once stay below the bound together.
func (m *memory) reserve(desc ocispec.Descriptor) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if desc.Size < 0 || desc.Size > maxRemembered-m.spent {
		return false
	}
	m.spent += desc.Size
	return true
}

func (m *memory) release(desc ocispec.Descriptor) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.spent -= desc.Size
}

func (m *memory) put(desc ocispec.Descriptor, raw []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, twice := m.kept[keyOf(desc)]; twice { // fetched by two at once
		m.spent -= desc.Size
		return
	}
	if m.kept == nil {
		m.kept = map[blobKey][]byte{}
	}
	m.kept[keyOf(desc)] = raw
}
