// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package trustroot

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/recap-oci/recap/pkg/internal/durable"
)

// maxTUFCache bounds what is kept of a repository.
const maxTUFCache = 32 << 20

// tufCache keeps what was fetched from one TUF repository in one file. It is a
// convenience: what can't be read counts as absent, what can't be written isn't
// kept, and everything in it is verified again from the anchor on. Its name
// depends on repository and anchor, so that neither is taken for another.
type tufCache struct {
	path string // empty: nothing is kept
}

func tufCacheOf(dir, mirror string, anchor []byte) tufCache {
	if dir == "" {
		return tufCache{}
	}
	h := sha256.New()
	h.Write([]byte(mirror + "\n"))
	h.Write(anchor)
	return tufCache{path: filepath.Join(dir, hex.EncodeToString(h.Sum(nil)[:16])+".json")}
}

// keptFiles is what is kept. Files is nil if there is nothing.
type keptFiles struct {
	Fetched time.Time         `json:"fetched"`
	Files   map[string][]byte `json:"files"`
}

func (c tufCache) read() keptFiles {
	if c.path == "" {
		return keptFiles{}
	}
	f, err := os.Open(c.path)
	if err != nil {
		return keptFiles{}
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, maxTUFCache+1))
	var kept keptFiles
	if err != nil || len(raw) > maxTUFCache || json.Unmarshal(raw, &kept) != nil {
		return keptFiles{}
	}
	return kept
}

func (c tufCache) write(kept keptFiles) {
	if c.path == "" {
		return
	}
	raw, err := json.Marshal(kept)
	if err != nil || durable.MkdirAll(filepath.Dir(c.path), 0o700) != nil {
		return
	}
	_ = durable.WriteFile(c.path, raw, 0o600) // the next run asks again
}

// lock keeps other processes from asking the same repository at the same time,
// where that is possible.
func (c tufCache) lock(ctx context.Context) (release func()) {
	if c.path == "" || durable.MkdirAll(filepath.Dir(c.path), 0o700) != nil {
		return func() {}
	}
	unlock, err := durable.Lock(ctx, c.path+".lock")
	if err != nil {
		return func() {}
	}
	return func() { _ = unlock() }
}
