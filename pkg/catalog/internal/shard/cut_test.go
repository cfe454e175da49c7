// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package shard

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/recap-oci/recap/pkg/recap"
)

func slugs(n int, name string) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("%s-%d", name, i)
	}
	return all
}

// shards returns the members of each shard.
func shards(slugs []string) map[string]bool {
	all := map[string]bool{}
	starts := append(Cut(slugs), len(slugs))
	for i := range len(starts) - 1 {
		all[fmt.Sprint(slugs[starts[i]:starts[i+1]])] = true
	}
	return all
}

func TestCutGolden(t *testing.T) {
	want := []int{0, 24, 48, 70, 140, 189, 218, 268, 295}
	if diff := cmp.Diff(want, Cut(slugs(300, "recap"))); diff != "" {
		t.Errorf("the format has changed (-want +got):\n%s", diff)
	}
}

func TestCut(t *testing.T) {
	for _, n := range []int{0, 1, 2, reach, 2 * reach, 1000, recap.MaxMembers} {
		for _, name := range []string{"a", "kubecon", "2024"} {
			starts := Cut(slugs(n, name))
			if n == 0 {
				if starts != nil {
					t.Errorf("nothing is cut at %v", starts)
				}
				continue
			}
			if starts[0] != 0 {
				t.Errorf("%d: the first is not the first", n)
			}
			for i := 1; i < len(starts); i++ {
				if size := starts[i] - starts[i-1]; size < reach || size > maxShard {
					t.Errorf("%d: a shard of %d", n, size)
				}
			}
			if 2*len(starts)+2 > recap.MaxLayers || n >= 1000 && len(starts) < n/(4*reach) {
				t.Errorf("%d members in %d shards", n, len(starts))
			}
		}
	}
}

// Slugs whose hashes never have a smallest among their neighbours can't make a
// shard of everything, and those that always have can't make one of each.
func TestCutAdverse(t *testing.T) {
	sortedBy := slugs(2000, "x")
	slices.SortFunc(sortedBy, func(a, b string) int {
		x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
		return bytes.Compare(x[:], y[:])
	})
	for _, all := range [][]string{sortedBy, make([]string, 2000)} {
		starts := append(Cut(all), len(all))
		for i := 1; i < len(starts); i++ {
			if size := starts[i] - starts[i-1]; size > maxShard {
				t.Errorf("a shard of %d", size)
			}
		}
	}
}

// What changes at one place changes the shards around it, at either end and in
// between.
func TestCutIsLocal(t *testing.T) {
	all := slugs(1000, "recap")
	before := shards(all)
	moved := func(after []string) (n int) {
		for s := range shards(after) {
			if !before[s] {
				n++
			}
		}
		return n
	}
	most, sum := 0, 0
	for at := range all {
		inserted := moved(slices.Insert(slices.Clone(all), at, "new"))
		removed := moved(slices.Delete(slices.Clone(all), at, at+1))
		most, sum = max(most, inserted, removed), sum+inserted+removed
	}
	if most > 3 || sum > 2*len(all)*3/2 {
		t.Errorf("one member moves %d shards, %.2f on average", most, float64(sum)/float64(2*len(all)))
	}
}
