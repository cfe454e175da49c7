// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"slices"
)

// match assigns signers to authorities, one to one, so that as many authorities
// as can be have a signer of their own: whoever is recognised by two authorities
// still vouches once, and leaves to others the authority that only they can be
// counted for. Of several such assignments it is one for the authorities that
// come first, whatever order the signatures were found in.
//
// may says which signers each authority recognises; the result, which signer it
// was assigned, "" for none.
func match(may [][]string) []string {
	assigned := make([]string, len(may))
	for i := range may {
		slices.Sort(may[i])
	}
	// An augmenting path gives authority i a signer, moving on those who have
	// one already; nobody loses theirs by it.
	var augment func(i int, tried map[string]bool) bool
	augment = func(i int, tried map[string]bool) bool {
		for _, signer := range may[i] {
			if tried[signer] {
				continue
			}
			tried[signer] = true
			if holder := slices.Index(assigned, signer); holder < 0 || augment(holder, tried) {
				assigned[i] = signer
				return true
			}
		}
		return false
	}
	for i := range may {
		augment(i, make(map[string]bool))
	}
	return assigned
}
