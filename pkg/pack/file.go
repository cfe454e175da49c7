// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package pack

import (
	"errors"
	"io/fs"
	"path"

	"github.com/opencontainers/go-digest"

	"github.com/recap-oci/recap/pkg/recap"
)

// FileName is what a directory has that is a pack. Beside it lies, once it was
// built, a [lock.FileName].
const FileName = "pack.yaml"

// Is reports whether fsys is the directory of a pack: one with a pack.yaml, and
// not, by an index.md, that of a recap.
func Is(fsys fs.FS) bool { return isPack(fsys, ".") }

// isPack is [Is] of a directory in fsys.
func isPack(fsys fs.FS, dir string) bool {
	_, err := fs.Lstat(fsys, path.Join(dir, FileName))
	_, none := fs.Lstat(fsys, path.Join(dir, recap.DocumentPath))
	return err == nil && errors.Is(none, fs.ErrNotExist)
}

// File is a pack.yaml as it was read.
type File struct {
	Pack    *recap.Pack // all but Members; Version is empty where it states none
	Members []Entry     // as listed
	Checks  Checks
	Digest  digest.Digest // of the file
}

// Entry is one item of the members of a pack.yaml.
type Entry struct {
	Text string // as written
	Kind EntryKind
	Path string // of a path or glob, without ./; of a reference without oci://
	Line int    // of pack.yaml
	Col  int
}

// EntryKind says what an entry names.
type EntryKind string

// The kinds of entries.
const (
	EntryPath      EntryKind = "path"
	EntryGlob      EntryKind = "glob"
	EntryReference EntryKind = "reference"
)

// Checks is what a pack demands of its members.
type Checks struct {
	RequireLicense bool
	RequireAlt     bool
	MaxBytes       int64 // 0: no limit
}
