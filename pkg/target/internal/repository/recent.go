// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package repository

import (
	"slices"
	"sync"

	"github.com/opencontainers/go-digest"
)

// What recent holds at most: bytes, and manifests, which it goes through one by one.
const (
	maxRecent      = 8 << 20
	maxRecentItems = 100
)

// recent holds the manifests that last went by, so that a tag costs one
// request. The oldest go first.
type recent struct {
	mu    sync.Mutex
	items []recentItem
	size  int
}

type recentItem struct {
	digest    digest.Digest
	mediaType string
	data      []byte
}

func (r *recent) add(d digest.Digest, mediaType string, data []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.items = slices.DeleteFunc(r.items, func(it recentItem) bool {
		if it.digest == d {
			r.size -= len(it.data)
			return true
		}
		return false
	})
	r.items = append(r.items, recentItem{d, mediaType, data})
	r.size += len(data)
	for r.size > maxRecent || len(r.items) > maxRecentItems {
		r.size -= len(r.items[0].data)
		r.items = r.items[1:]
	}
}

func (r *recent) get(d digest.Digest, mediaType string) ([]byte, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, it := range r.items {
		if it.digest == d && it.mediaType == mediaType {
			return it.data, true
		}
	}
	return nil, false
}
