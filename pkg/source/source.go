// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"io/fs"

	"github.com/recap-oci/recap/pkg/recap"
)

// Options are the choices of [Load].
type Options struct {
	// MaxFileSize is the most bytes that one file may have. Default:
	// recap.MaxFileSize.
	MaxFileSize int64

	// Originals is the directory from which source.path resolves: that of
	// pack.yaml. Nil: quotes and lines of an original aren't looked up.
	Originals fs.FS
}

// Source is a recap as it was read from its directory or file.
type Source struct {
	// Recap is the normalised recap with its file table, digests left empty.
	// Where problems were found it holds what could be understood.
	Recap *recap.Recap

	// Files holds the files of Recap.Files under the paths of that table; the
	// document is always index.md.
	Files fs.FS

	problems []recap.Problem
	refusal  *recap.Error // the first finding that makes the content unsafe to pack
}

// Load reads the recap at name in fsys, a directory that holds an index.md or a
// single .md file, and returns it with all its problems, ordered by place.
//
// Problems are what the author can mend, whatever their severity; [Source.Err]
// says whether any counts at a level. The error is about what stops reading at
// all: recap.NotFound with code no-document where there is no index.md, and
// recap.Local for input and output. Paths of problems begin with name.
func Load(fsys fs.FS, name string, opts Options) (*Source, []recap.Problem, error) {
	return nil, nil, recap.Errorf(recap.NotFound, "no-document", "%s: not read yet", name)
}
