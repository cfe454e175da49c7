// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/recap-oci/recap/pkg/recap"
)

// What comes from a registry, an artifact, a certificate or a directory is
// printed through these two, never raw. [screen] is the net below.
func safe(s string) string     { return recap.Printable(cut(s)) }
func safeText(s string) string { return recap.PrintableText(s) }

// safeLines is safeText for messages. What follows the first line is indented:
// it may be somebody else's, and mustn't pass for another message of recap's.
func safeLines(s string) string {
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		lines[i] = safeText(cut(line))
	}
	return strings.Join(lines, "\n  ")
}

// maxLine is how much of one field goes to a person: more than any path or
// reference has. A title of megabytes would push everything else out of sight.
const maxLine = 4096

// cut shortens a field that nobody would read to its end, and says so.
func cut(s string) string {
	if len(s) <= maxLine {
		return s
	}
	n := maxLine
	for n > maxLine-utf8.UTFMax && !utf8.RuneStart(s[n]) {
		n--
	}
	return fmt.Sprintf("%s… (%d bytes)", s[:n], len(s))
}

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
