// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package blob

import (
	"errors"
	"io/fs"
	"os"
	"path"

	"github.com/opencontainers/go-digest"

	"github.com/recap-oci/recap/pkg/internal/durable"
)

// Held is the directory of a layout while files are taken out of it. What was looked
// at there is what goes: somebody who puts a link in the place of a directory between
// the two leads nobody out of the layout.
type Held struct{ root *os.Root }

// Hold opens the directory. Close ends it.
func (d *Directory) Hold() (*Held, error) {
	root, err := os.OpenRoot(d.root)
	if err != nil {
		return nil, durable.Explain(err)
	}
	return &Held{root}, nil
}

// Close lets go of the directory.
func (h *Held) Close() { _ = h.root.Close() } // nothing was written through it

// Check refuses links in the place of the directories that hold blobs, as
// [Directory.Check] does.
func (h *Held) Check() error { return checkAll(h.root.Name(), h.root.Lstat) }

// Each calls fn with every file in the place of a blob; name is its path in the layout.
func (h *Held) Each(fn func(name string, d digest.Digest, info fs.FileInfo) error) error {
	for _, algorithm := range algorithms {
		if err := h.eachOf(algorithm, fn); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

func (h *Held) eachOf(algorithm digest.Algorithm, fn func(name string, d digest.Digest, info fs.FileInfo) error) error {
	dir, err := h.root.OpenRoot(Dir(algorithm))
	if err != nil {
		return h.explain(err)
	}
	defer dir.Close()
	entries, err := fs.ReadDir(dir.FS(), ".")
	if err != nil {
		return durable.Explain(err)
	}
	for _, e := range entries {
		info, err := dir.Lstat(e.Name())
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return durable.Explain(err)
		}
		if err := fn(path.Join(Dir(algorithm), e.Name()), digest.NewDigestFromEncoded(algorithm, e.Name()), info); err != nil {
			return err
		}
	}
	return nil
}

// Lstat tells of a file of the layout.
func (h *Held) Lstat(name string) (fs.FileInfo, error) { return h.root.Lstat(name) }

// Remove removes a file of the layout, or of what is in the quarantine whatever it is.
// It is durable after Sync of its directory.
func (h *Held) Remove(name string) error {
	if path.Dir(name) == Quarantine {
		return durable.Explain(h.root.RemoveAll(name)) // there may be directories
	}
	return h.explain(durable.RemoveIn(h.root, name))
}

// explain says of an error whether somebody has put a link there, which is what keeps
// an os.Root from going on.
func (h *Held) explain(err error) error {
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if led := h.Check(); led != nil {
		return led
	}
	return durable.Explain(err)
}

// Sync flushes a directory of the layout.
func (h *Held) Sync(dir string) error { return durable.SyncIn(h.root, dir) }
