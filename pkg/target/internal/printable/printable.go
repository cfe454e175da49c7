// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

// Package printable makes what others say, a registry or whoever typed a
// reference, fit for one line on a terminal.
package printable

import (
	_ "crypto/sha512" // a digest may be one
	"strings"
	"unicode/utf8"

	"github.com/opencontainers/go-digest"

	"github.com/recap-oci/recap/pkg/recap"
)

// Quote returns s in double quotes, escaped, and short enough for one line.
func Quote(s string) string { return `"` + recap.Printable(shorten(s, 200)) + `"` }

// Line returns text from elsewhere as one line, escaped, and short enough to
// stand in an error.
func Line(s string) string {
	return recap.Printable(shorten(strings.Join(strings.Fields(s), " "), 500))
}

// Digest returns enough of a digest to find it by.
func Digest(d digest.Digest) string {
	if d.Validate() != nil {
		return Quote(d.String())
	}
	return d.String()[:len(d.Algorithm())+1+12]
}

// shorten cuts s to at most n bytes at a rune boundary and marks the cut.
func shorten(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}
