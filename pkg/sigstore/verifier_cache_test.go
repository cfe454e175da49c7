// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package sigstore

import (
	"testing"

	"github.com/opencontainers/go-digest"

	"github.com/recap-oci/recap/pkg/sigstore/internal/evidence"
	"github.com/recap-oci/recap/pkg/trust"
)

// A hostile registry with many bundles doesn't fill the memory.
func TestCacheIsBounded(t *testing.T) {
	var cache examinedCache
	reads := 0
	open := func(i byte, d digest.Digest) *examined {
		return cache.open([32]byte{i}, d, func() (*evidence.Signed, *trust.Rejection) { reads++; return &evidence.Signed{}, nil })
	}
	for i := range byte(100) {
		if first := open(i, "a"); first != open(i, "a") {
			t.Fatalf("signature %d was read twice in a row", i)
		}
	}
	if len(cache.last) != maxExamined || reads != 100 {
		t.Errorf("got %d signatures after %d reads, want %d after 100", len(cache.last), reads, maxExamined)
	}
	if open(99, "a") == open(99, "b") {
		t.Error("what was found for one digest is taken for another")
	}
}
