// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package draft

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/recap-oci/recap/pkg/internal/durable"
	"github.com/recap-oci/recap/pkg/internal/input"
	"github.com/recap-oci/recap/pkg/recap"
)

// Rewrite replaces the text of the file at path by what change makes of it, and
// reports whether that is another text. The file is its old or its new text
// whatever happens meanwhile, and keeps its permissions. A link is not
// followed.
//
// Errors are change's own, recap.NotFound, recap.Unsafe for what is no regular
// file or is larger than a document may be, and recap.Local.
func Rewrite(path string, change func(old []byte) ([]byte, error)) (changed bool, err error) {
	info, err := os.Lstat(path)
	if err != nil {
		return false, input.Unread(path, err)
	}
	if !info.Mode().IsRegular() {
		return false, recap.Errorf(recap.Unsafe, "not-a-regular-file", "%q is not a regular file", path)
	}
	old, err := readText(path)
	if err != nil {
		return false, err
	}
	text, err := change(old)
	if err != nil || bytes.Equal(old, text) {
		return false, err
	}
	return true, durable.RewriteFile(path, text, info.Mode().Perm())
}

func readText(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, input.Unread(path, err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, recap.MaxDocumentSize+1))
	if err != nil {
		return nil, input.Unread(path, err)
	}
	if len(text) > recap.MaxDocumentSize {
		return nil, recap.Errorf(recap.Unsafe, "too-large", "%q has more than %d bytes", path, recap.MaxDocumentSize)
	}
	return text, nil
}

// Create writes a new recap's files into dir, which must be absent or empty:
// recap.Local with code exists otherwise.
func Create(dir string, files map[string][]byte) error {
	_, _ = durable.Reap(dir) // of a run that was killed; best effort
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return input.Unread(dir, err)
	}
	if len(entries) > 0 {
		return recap.Errorf(recap.Local, "exists", "%q is not empty", dir).
			WithHint("name a new directory, or a post of yours: recap init POST.md")
	}
	return Add(dir, files)
}

// Add writes files into dir, none of which may be there: recap.Local with code
// exists otherwise. After an error there is none of them.
func Add(dir string, files map[string][]byte) error {
	names := slices.Sorted(maps.Keys(files))
	for _, name := range names {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if _, err := os.Lstat(path); err == nil {
			return recap.Errorf(recap.Local, "exists", "%q is there already", path).WithHint("edit it; recap check %s says what is wrong with it", dir)
		} else if !errors.Is(err, fs.ErrNotExist) {
			return input.Unread(path, err)
		}
	}
	// What makes of the whole what it is comes last, so that what was begun and not
	// finished isn't taken for finished.
	slices.SortStableFunc(names, func(a, b string) int { return strings.Count(b, "/") - strings.Count(a, "/") })
	for i, name := range names {
		path := filepath.Join(dir, filepath.FromSlash(name))
		err := durable.MkdirAll(filepath.Dir(path), 0o755)
		if err == nil {
			err = durable.WriteFile(path, files[name], 0o644)
		}
		if err != nil {
			for _, written := range names[:i+1] {
				_ = os.Remove(filepath.Join(dir, filepath.FromSlash(written))) // none was there before
			}
			return err
		}
	}
	return nil
}
