// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"

	"github.com/recap-oci/recap/pkg/recap"
)

// What comes from a registry, an artifact, a certificate or a directory is
// printed through these two, never raw.
func safe(s string) string     { return recap.Printable(s) }
func safeText(s string) string { return recap.PrintableText(s) }

// size writes a number of bytes for people: 12 B, 3.4 KiB, 1.2 GiB.
func size(n int64) string {
	if n < 1024 {
		return fmt.Sprintf("%d B", n)
	}
	f, units := float64(n)/1024, "KMGTPE"
	for f >= 1023.95 && len(units) > 1 {
		f, units = f/1024, units[1:]
	}
	return fmt.Sprintf("%.1f %ciB", f, units[0])
}

// count writes a number with its noun: 1 file, 2 files.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
