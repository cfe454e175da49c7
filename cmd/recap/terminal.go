// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"

	"github.com/recap-oci/recap/pkg/recap"
)

// What comes from a registry, an artifact, a certificate or a directory is
// printed through these two, never raw.
func safe(s string) string     { return recap.Printable(s) }
func safeText(s string) string { return recap.PrintableText(s) }

// safeLines is safeText for messages. What follows the first line is indented:
// it may be somebody else's, and mustn't pass for another message of recap's.
func safeLines(s string) string { return strings.ReplaceAll(safeText(s), "\n", "\n  ") }

// shellWord returns s as a shell reads it back: in a command to type, what others
// chose is one word, whatever is in it.
func shellWord(s string) string {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-"
	if s != "" && strings.Trim(s, plain) == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// count writes a number with its noun: 1 file, 2 files.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
