// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package layout

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/recap-oci/recap/pkg/internal/canonical"
	"github.com/recap-oci/recap/pkg/internal/durable"
	"github.com/recap-oci/recap/pkg/layout/internal/blob"
	"github.com/recap-oci/recap/pkg/layout/internal/index"
	"github.com/recap-oci/recap/pkg/recap"
)

// MaxIndexSize is the largest index.json that is read or written, in bytes.
const MaxIndexSize = index.MaxSize

// maxLayoutFileSize bounds the file oci-layout, which holds one version.
const maxLayoutFileSize = 4 << 10

const layoutFileContent = `{"imageLayoutVersion":"` + ocispec.ImageLayoutVersion + `"}`

// cachedIndex is an index as it was read, for as long as the file is the same.
type cachedIndex struct {
	index *index.Index
	info  fs.FileInfo
	read  time.Time
}

// settled is how old a file must have been when it was read for its time to
// tell whether it changed since: file systems count time in steps.
const settled = 2 * time.Second

// view returns the index as it is now.
func (s *Store) view() (*index.Index, error) {
	if _, err := s.places(); err != nil { // closed
		return nil, err
	}
	s.mu.RLock()
	current, cached := s.current, s.cache
	s.mu.RUnlock()
	if s.archive {
		return current, nil
	}
	if cached.index != nil && cached.read.Sub(cached.info.ModTime()) > settled {
		if info, err := os.Lstat(s.dir.File(ocispec.ImageIndexFile)); err == nil && sameFile(cached.info, info) {
			return cached.index, nil
		}
	}
	return s.readIndex()
}

// readIndex reads index.json of a directory.
func (s *Store) readIndex() (*index.Index, error) {
	now := time.Now()
	file, info, err := blob.OpenRegular(s.dir.File(ocispec.ImageIndexFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, s.badIndex(errors.New("the file is missing"))
	}
	if err != nil {
		return nil, s.inFile(ocispec.ImageIndexFile, err)
	}
	defer file.Close()
	data, err := blob.ReadBounded(file, info.Size(), MaxIndexSize)
	if err != nil {
		return nil, s.inFile(ocispec.ImageIndexFile, err)
	}
	x, err := index.Parse(data)
	if err != nil {
		return nil, s.badIndex(err)
	}
	s.mu.Lock()
	s.cache = cachedIndex{index: x, info: info, read: now}
	s.mu.Unlock()
	return x, nil
}

func sameFile(a, b fs.FileInfo) bool {
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}

// badEntry is about what only an entry that can't be read would tell. One over a
// limit is refused as what it names would be.
func (s *Store) badEntry(err error) error {
	kind, code := recap.Integrity, "bad-entry"
	var known *recap.Error
	if errors.As(err, &known) && known.Kind == recap.Unsafe {
		kind, code = known.Kind, known.Code
	}
	return recap.Errorf(kind, code, "layout %q: an entry of index.json can't be read: %w", s.path, err).
		WithHint("%s", s.withoutBad())
}

// withoutBad says how to be rid of entries that can't be read.
func (s *Store) withoutBad() string {
	if s.archive {
		return fmt.Sprintf("copy what is good into another one: recap copy oci-layout://%s:TAG oci-layout://NEW.tar:TAG", s.path)
	}
	return fmt.Sprintf("recap store check --repair %s takes it off the list and keeps a copy of index.json; then push or copy there again", s.path)
}

// badIndex names the file and what can be done. It is never repaired: tags that
// only it knew would be lost.
func (s *Store) badIndex(err error) error {
	var known *recap.Error
	if errors.As(err, &known) && known.Kind == recap.Unsafe {
		return s.inFile(ocispec.ImageIndexFile, err)
	}
	code := "bad-index"
	if known != nil {
		code = known.Code
	}
	return recap.Errorf(recap.Integrity, code, "layout %q: index.json: %w", s.path, err).
		WithHint("nothing was changed: put back a good index.json from a copy, or push into a new layout")
}

func (s *Store) inFile(name string, err error) error {
	return fmt.Errorf("layout %q: %s: %w", s.path, name, durable.Explain(err))
}

// checkLayoutFile refuses what isn't an image layout of the version known.
func (s *Store) checkLayoutFile(dir *blob.Directory) error {
	file, info, err := blob.OpenRegular(dir.File(ocispec.ImageLayoutFile))
	if errors.Is(err, fs.ErrNotExist) {
		return recap.Errorf(recap.NotFound, "not-a-layout", "directory %q is not an image layout: it has no file oci-layout", s.path).
			WithHint("check the path; recap build PATH -o %s makes one in a new or empty directory", s.path)
	}
	if err != nil {
		return durable.Explain(err)
	}
	defer file.Close()
	data, err := blob.ReadBounded(file, info.Size(), maxLayoutFileSize)
	if err != nil {
		return s.inFile(ocispec.ImageLayoutFile, err)
	}
	return s.parseLayoutFile(data)
}

func (s *Store) parseLayoutFile(data []byte) error {
	var layout ocispec.ImageLayout
	if err := canonical.Unmarshal(data, &layout); err != nil {
		return recap.Errorf(recap.Integrity, "bad-layout", "layout %q: oci-layout: %w", s.path, err).
			WithHint(`the file should hold %s`, layoutFileContent)
	}
	if layout.Version != ocispec.ImageLayoutVersion {
		return recap.Errorf(recap.Integrity, "bad-layout", "layout %q: oci-layout: version %.50q is not %s", s.path, layout.Version, ocispec.ImageLayoutVersion).
			WithHint("write it anew with a tool that writes version %s", ocispec.ImageLayoutVersion)
	}
	return nil
}
