// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package repository

import (
	"fmt"
	"testing"

	"github.com/opencontainers/go-digest"
)

func TestRecentForgetsTheOldest(t *testing.T) {
	const mediaType = "application/vnd.oci.image.index.v1+json"
	name := func(i int) digest.Digest { return digest.FromString(fmt.Sprint(i)) }
	for _, tc := range []struct {
		name   string
		size   int // of each
		stay   int // how many are held
		pushed int
	}{
		{"many", 1, maxRecentItems, maxRecentItems + 50},
		{"large", maxRecent / 4, 4, 9},
		{"too large", maxRecent + 1, 0, 3},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var r recent
			for i := range tc.pushed {
				r.add(name(i), mediaType, make([]byte, tc.size))
				r.add(name(i), mediaType, make([]byte, tc.size)) // again: it isn't another
			}
			for i := range tc.pushed {
				_, got := r.get(name(i), mediaType)
				if want := i >= tc.pushed-tc.stay; got != want {
					t.Errorf("number %d of %d is held: %v, want %v", i, tc.pushed, got, want)
				}
			}
			if want := tc.stay * tc.size; r.size != want {
				t.Errorf("%d bytes are held, want %d", r.size, want)
			}
		})
	}
}
