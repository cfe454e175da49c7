// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"io/fs"

	"github.com/recap-oci/recap/pkg/internal/words"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/rule"
)

// Options are the choices of [Load].
type Options struct {
	// MaxFileSize is the most bytes that one file may have. Default:
	// recap.MaxFileSize.
	MaxFileSize int64

	// Originals is the directory from which source.path resolves: that of
	// pack.yaml. Nil: quotes and lines of an original aren't looked up.
	Originals fs.FS

	// Names reports whether a pack declares the thing that ref names, by id or
	// name. What it knows isn't a reference to nothing (R302). Default: nothing.
	Names func(ref string) bool
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

// Err returns nil when nothing that was found counts at level. Otherwise it is
// a [recap.Unsafe] error, with a code such as symlink-in-source or too-large,
// where the content must not be packed at any level, and a [recap.Negative] one
// with code check-failed elsewhere.
func (s *Source) Err(level rule.Level) error {
	if s.refusal != nil {
		return s.refusal
	}
	if n := len(rule.Counted(s.problems, level)); n > 0 {
		return recap.Errorf(recap.Negative, "check-failed", "%s of %d count at level %s", words.Count(n, "problem"), len(s.problems), level).
			WithHint("mend what recap check lists")
	}
	return nil
}
