// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

// Package input says why a file that a person wrote can't be read, in the same
// words and with the same codes whichever verb wants it.
package input

import (
	"errors"
	"io/fs"

	"github.com/recap-oci/recap/pkg/recap"
)

// Unread words err, which came of reading name: recap.NotFound with code not-found,
// and recap.Local with code unreadable or io.
func Unread(name string, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return recap.Errorf(recap.NotFound, "not-found", "reading %q: %w", name, err)
	case errors.Is(err, fs.ErrPermission):
		return recap.Errorf(recap.Local, "unreadable", "reading %q: %w", name, err).WithHint("make it readable, or remove it")
	}
	return recap.Errorf(recap.Local, "io", "reading %q: %w", name, err)
}
