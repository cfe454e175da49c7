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

// count writes a number with its noun: 1 file, 2 files.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
