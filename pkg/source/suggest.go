// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"strings"

	"github.com/recap-oci/recap/pkg/recap"
)

// nearest returns the candidate that was probably meant by s, or nothing: one
// that differs in case, hyphens or underscores only, or else by at most a third
// of its letters.
func nearest(s string, candidates []string) string {
	best, least := "", len(s)/3+1
	for _, c := range candidates {
		if plain(c) == plain(s) {
			return c
		}
		if d := recap.EditDistance(plain(s), plain(c), least); d < least && d <= len(c)/3 {
			best, least = c, d
		}
	}
	return best
}

func plain(s string) string {
	return strings.NewReplacer("-", "", "_", "").Replace(strings.ToLower(s))
}
