// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package folder

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/recap-oci/recap/pkg/recap"
)

// FileState says what became of a file since it was pulled.
type FileState string

// The states of a file.
const (
	FileUnchanged FileState = "unchanged"
	FileModified  FileState = "modified" // other bytes, or no regular file any more
	FileMissing   FileState = "missing"
	FileAdded     FileState = "added" // no pull wrote it; directories end in a slash
)

// Change is one path and its state.
type Change struct {
	Path  string    `json:"path"`
	State FileState `json:"state"`
}

// maxAdded bounds how many added files a comparison lists: who points at a
// directory that is no pull wants to be told so, not to wait for a list.
const maxAdded = 1000

// compare looks at everything below root and tells how it differs from files,
// in byte order of path, unchanged files included. What recap itself keeps in
// .recap is no difference. Links are not followed: a link is never the file
// that was pulled.
func compare(ctx context.Context, root *os.Root, files []File) ([]Change, error) {
	want := make(map[string]File, len(files))
	dirs := map[string]bool{".": true}
	for _, f := range files {
		want[f.Path] = f
		for dir := path.Dir(f.Path); !dirs[dir]; dir = path.Dir(dir) {
			dirs[dir] = true
		}
	}
	var changes []Change
	added := 0
	seen := map[string]bool{}
	err := fs.WalkDir(root.FS(), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		f, wanted := want[name]
		switch {
		case wanted:
			seen[name] = true
			state, err := fileState(root, f, entry)
			if err != nil {
				return err
			}
			changes = append(changes, Change{name, state})
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		case isState(name, entry):
			if name == stagingPath {
				return fs.SkipDir
			}
			return nil
		case entry.IsDir() && dirs[name]:
			return nil
		}
		if entry.IsDir() {
			name += "/"
		}
		changes = append(changes, Change{name, FileAdded})
		if added++; added == maxAdded {
			return fs.SkipAll
		}
		if entry.IsDir() {
			return fs.SkipDir
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if added < maxAdded {
		for _, f := range files {
			if !seen[f.Path] {
				changes = append(changes, Change{f.Path, FileMissing})
			}
		}
	}
	slices.SortFunc(changes, func(a, b Change) int { return strings.Compare(a.Path, b.Path) })
	return changes, nil
}

// isState reports whether recap put name there.
func isState(name string, entry fs.DirEntry) bool {
	switch name {
	case recap.StateDirectory, stagingPath:
		return entry.IsDir()
	case receiptPath, journalPath, lockPath, receiptPath + unfinished, journalPath + unfinished:
		return entry.Type().IsRegular()
	}
	return false
}

func fileState(root *os.Root, f File, entry fs.DirEntry) (FileState, error) {
	if !entry.Type().IsRegular() {
		return FileModified, nil
	}
	same, err := sameFile(root, f)
	switch {
	case errors.Is(err, fs.ErrNotExist): // it was removed since the directory was read
		return FileMissing, nil
	case err != nil:
		return "", err
	case !same:
		return FileModified, nil
	}
	return FileUnchanged, nil
}

// sameFile reports whether the regular file at f.Path has the bytes that f
// says.
func sameFile(root *os.Root, f File) (bool, error) {
	file, err := root.Open(f.Path)
	if err != nil {
		return false, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil || !info.Mode().IsRegular() || info.Size() != f.Size {
		return false, err
	}
	if f.Digest.Validate() != nil {
		return false, nil
	}
	verifier := f.Digest.Verifier()
	if _, err := io.Copy(verifier, io.LimitReader(file, f.Size+1)); err != nil {
		return false, err
	}
	return verifier.Verified(), nil
}

// unmodified reports whether changes has nothing but unchanged files.
func unmodified(changes []Change) bool {
	return !slices.ContainsFunc(changes, func(c Change) bool { return c.State != FileUnchanged })
}

// maxNamed is how many files an error names.
const maxNamed = 5

// named lists the changes that aren't "unchanged" for an error: quoted, and no
// more of them than a person reads.
func named(changes []Change) string {
	var b strings.Builder
	n := 0
	for _, c := range changes {
		if c.State == FileUnchanged {
			continue
		}
		if n++; n > maxNamed {
			continue
		}
		if b.Len() > 0 {
			b.WriteString(", ")
		}
		b.WriteString(recap.Quoted(c.Path) + " " + string(c.State))
	}
	return b.String() + more(n)
}
