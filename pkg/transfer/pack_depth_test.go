// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package transfer_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/recap-oci/recap/pkg/artifact"
	"github.com/recap-oci/recap/pkg/recaptest"
	"github.com/recap-oci/recap/pkg/transfer"
)

// The wire stays full however many recaps a pack has: a cold push or pull of more
// of them takes more rounds only because a client begins with so many requests at
// once, never because one recap waits for another.
func TestPackDepth(t *testing.T) {
	for _, tt := range []struct {
		members    int
		push, pull int // rounds at most
		together   int // requests a round, on average and at least
	}{
		// Push: the tag and the list; POST and PUT of blobs; manifests; the root.
		// Pull: the root; manifests and the catalog's config; files and configs.
		{members: 2, push: 5, pull: 3, together: 3},
		{members: 32, push: 8, pull: 5, together: 20},
	} {
		t.Run(fmt.Sprintf("%d recaps", tt.members), func(t *testing.T) {
			reg := recaptest.NewRegistry(t, recaptest.RegistryOptions{HoldAnswers: true})
			var bundles []*artifact.Graph
			for i := range tt.members {
				slug := fmt.Sprintf("recap-%d", i)
				bundles = append(bundles, buildAs(t, slug, slug, contents{"index.md": "# " + slug, "a.txt": slug + " a"}))
			}
			check := func(verb string, rounds int) {
				t.Helper()
				requests, depth := len(reg.Journal()), reg.Depth()
				if depth > rounds || requests < tt.together*depth {
					t.Errorf("%s: %d requests in %d rounds, want at most %d and %d requests a round: %v", verb, requests, depth, rounds, tt.together, reg.Counts())
				}
			}
			push(t, packOf(t, "1.0.0", bundles...), open(t, reg, "team/pack"), "1.0.0")
			check("push", tt.push)
			reg.Reset()
			pinned := resolve(t, open(t, reg, "team/pack"), "1.0.0")
			mustPull(t, pinned, filepath.Join(t.TempDir(), "dir"), transfer.PullOptions{})
			check("pull", tt.pull)
		})
	}
}
