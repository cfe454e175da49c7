// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package artifact

import (
	"cmp"
	"context"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"

	"github.com/recap-oci/recap/pkg/recap"
)

// A graph of one pack of the largest size has this many manifests, and no graph
// that is walked may have more of them, or more than maxWalked objects in all:
// an index of 4 MiB could name thousands of others just as large.
const (
	maxWalkedNodes = recap.MaxMembers + 2
	maxWalked      = 1 << 20
)

// Walk visits every object of the graph at root: parents before their children,
// children in the order they are listed, each digest once. Manifests and indexes
// are fetched from src and parsed as [Parse] does, with n set; n is nil for
// blobs, which aren't fetched. Subjects aren't followed.
//
// Walk stops at the first error of fn and returns it. Its own are those of
// [FetchNode], [recap.Integrity] ambiguous-manifest when a digest is listed both
// as a manifest and as a blob, bad-size when it has two sizes, and [recap.Unsafe]
// too-large for a graph of more objects than any pack has.
func Walk(ctx context.Context, src content.Fetcher, root ocispec.Descriptor, fn func(desc ocispec.Descriptor, n *Node) error) error {
	w := &walk{src: src, fn: fn, seen: map[digest.Digest]visited{}}
	if err := checkNode(root); err != nil {
		return err
	}
	return w.visit(ctx, root)
}

type walk struct {
	src   content.Fetcher
	fn    func(ocispec.Descriptor, *Node) error
	seen  map[digest.Digest]visited
	nodes int
}

// visited is as what a digest was met first.
type visited struct {
	size     int64
	nodeType string // media type of a manifest or index; empty for a blob
}

func (w *walk) visit(ctx context.Context, desc ocispec.Descriptor) error {
	now := visited{size: desc.Size}
	if isNodeType(desc.MediaType) {
		now.nodeType = desc.MediaType
	}
	if before, ok := w.seen[desc.Digest]; ok {
		switch {
		case before.nodeType != now.nodeType:
			return ambiguous("%s is listed as %s and as %s", desc.Digest, cmp.Or(before.nodeType, "a blob"), cmp.Or(now.nodeType, "a blob"))
		case before.size != now.size:
			return recap.Errorf(recap.Integrity, "bad-size", "%s is listed with sizes %d and %d", desc.Digest, before.size, now.size)
		}
		return nil
	}
	w.seen[desc.Digest] = now
	if now.nodeType != "" {
		w.nodes++
	}
	if w.nodes > maxWalkedNodes || len(w.seen) > maxWalked {
		return recap.Errorf(recap.Unsafe, "too-large", "the graph has more than %d manifests or %d objects", maxWalkedNodes, maxWalked)
	}
	if now.nodeType == "" {
		return w.fn(desc, nil)
	}
	n, err := FetchNode(ctx, w.src, desc)
	if err != nil {
		return err
	}
	if err := w.fn(desc, n); err != nil {
		return err
	}
	for _, child := range n.Children() {
		if err := w.visit(ctx, child); err != nil {
			return err
		}
	}
	return nil
}
