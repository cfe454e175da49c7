// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/recap-oci/recap/pkg/recap"
)

// A member of very many lines doesn't make the shards of others larger than may
// be read back.
func TestPackSplitsLargeShards(t *testing.T) {
	line := make([]byte, maxShardSize/2+1)
	all := []derived{{slug: "a", chunkLines: line}, {slug: "b", chunkLines: line}, {slug: "c"}, {slug: "d", chunkLines: line[:10]}, {slug: "e", chunkLines: append(line, line...)}}
	views, err := pack(nil, chunksDirectory, recap.MediaTypeChunks, all, func(d derived) []byte { return d.chunkLines })
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, v := range views {
		paths = append(paths, v.Path)
	}
	if diff := cmp.Diff([]string{"chunks/a.jsonl.zst", "chunks/b.jsonl.zst", "chunks/e.jsonl.zst"}, paths); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
