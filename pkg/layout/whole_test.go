// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package layout_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// Indexes that each list the next one twice lead to one layer in 2^40 ways.
func TestWholeInManyWays(t *testing.T) {
	path := filepath.Join(t.TempDir(), "l")
	s := create(t, path)
	layer := newBlob("text/plain", "layer")
	root := newManifest(t, nil, "m", layer)
	push(t, s, emptyConfig, layer, root)
	for range 40 {
		root = newIndex(t, root, root)
		push(t, s, root)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // instead of hanging
	defer cancel()
	for _, want := range []bool{true, false} {
		got, err := s.Whole(ctx, []ocispec.Descriptor{emptyConfig.Descriptor, root.Descriptor})
		if err != nil || !slices.Equal(got, []bool{true, want}) {
			t.Errorf("with its layer there (%v): got %v, %v", want, got, err)
		}
		if want {
			if err := os.Remove(blobPath(path, layer.Digest)); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// What is nested deeper than anything that was meant counts as incomplete.
func TestWholeOfADeepIndex(t *testing.T) {
	s := create(t, filepath.Join(t.TempDir(), "l"))
	root := newManifest(t, nil, "m")
	push(t, s, emptyConfig, root)
	for range 70 {
		root = newIndex(t, root)
		push(t, s, root)
	}
	if got, err := s.Whole(t.Context(), []ocispec.Descriptor{root.Descriptor}); err != nil || got[0] {
		t.Errorf("got %v, %v", got, err)
	}
}
