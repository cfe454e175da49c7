// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package shard

import (
	"crypto/sha256"
	"encoding/binary"
)

// A member begins a shard when the hash of its slug is smaller than those of the
// reach members before and after it, and when the shard before it would have more
// than maxShard members, which chance makes rare. So a shard has more than reach
// members, 33 on average, but for the first and the last; 5,000 members have
// fewer than 300 shards of either kind.
const (
	reach    = 16
	maxShard = 8 * reach
)

// Cut returns the number of each member that begins a shard; the first does.
func Cut(slugs []string) []int {
	hashes := make([]uint64, len(slugs))
	for i, slug := range slugs {
		sum := sha256.Sum256([]byte(slug))
		hashes[i] = binary.BigEndian.Uint64(sum[:])
	}
	var starts []int
	for i, h := range hashes {
		if i == 0 || i-starts[len(starts)-1] >= maxShard || smallest(hashes, i, h) {
			starts = append(starts, i)
		}
	}
	return starts
}

// smallest reports whether h is smaller than all around i. The first members have
// too few before them to tell.
func smallest(hashes []uint64, i int, h uint64) bool {
	if i < reach {
		return false
	}
	for j := i - reach; j <= min(i+reach, len(hashes)-1); j++ {
		if j != i && hashes[j] <= h {
			return false
		}
	}
	return true
}
