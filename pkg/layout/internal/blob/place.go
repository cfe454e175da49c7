// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package blob

import (
	"io"

	"github.com/opencontainers/go-digest"
)

// Place is where the blobs of a layout are. Errors of Stat and Open wrap
// fs.ErrNotExist when there is no such blob, and ErrIrregular when there is
// something that isn't a regular file.
type Place interface {
	Stat(d digest.Digest) (size int64, err error)
	Open(d digest.Digest) (content Content, size int64, err error)
	// Each calls fn with every file that is in the place of a blob, in any
	// order; name is its path in the layout.
	Each(fn func(name string, d digest.Digest) error) error
}

// Content is the content of a blob, as it lies on disk.
type Content interface {
	io.Reader
	io.Seeker
	io.Closer
}
