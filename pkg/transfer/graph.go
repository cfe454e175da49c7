// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package transfer

import (
	"context"
	"fmt"
	"slices"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"

	"github.com/recap-oci/recap/pkg/artifact"
	"github.com/recap-oci/recap/pkg/internal/tasks"
	"github.com/recap-oci/recap/pkg/recap"
)

// The limits of what one copy moves. They stop a chain of referrers, each about
// the one before, and indexes that list thousands of others.
const (
	maxDepth     = 8         // manifests above one another; signatures of attestations of a pack's children have four
	maxManifests = 50_000    // the largest pack, and several signatures for each member
	maxManifest  = 256 << 20 // bytes of all of them, which are held in memory
	maxObjects   = 1 << 20   // blobs included
)

// graph is what a copy moves: everything below a root, and everything that
// refers to any of its manifests.
type graph struct {
	root     *artifact.Node
	blobs    []ocispec.Descriptor
	children [][]*artifact.Node // manifests below others, level by level, parents first

	// referrers by how far they are from the root: those of the second round
	// refer to those of the first.
	referrers [][]*artifact.Node

	seen  map[digest.Digest]bool
	nodes int
	bytes int64
}

// readGraph reads the manifests of the graph at root, level by level and each
// level at once. Manifests are parsed strictly; blobs aren't fetched.
func readGraph(ctx context.Context, src content.ReadOnlyGraphStorage, root *artifact.Node) (*graph, error) {
	g := &graph{
		root: root, seen: map[digest.Digest]bool{root.Descriptor.Digest: true},
		nodes: 1, bytes: root.Descriptor.Size,
	}
	tops := []*artifact.Node{root}
	round, err := g.below(ctx, src, tops)
	for range maxDepth {
		if err != nil {
			return nil, err
		}
		if tops, err = g.referring(ctx, src, append(tops, round...)); err != nil {
			return nil, err
		}
		if len(tops) == 0 {
			return g, nil
		}
		g.referrers = append(g.referrers, tops)
		round, err = g.below(ctx, src, tops)
	}
	return nil, recap.Errorf(recap.Unsafe, "too-large", "signatures of signatures more than %d deep", maxDepth)
}

// below reads all manifests below level, notes the blobs, and returns them.
func (g *graph) below(ctx context.Context, src content.Fetcher, level []*artifact.Node) ([]*artifact.Node, error) {
	var all []*artifact.Node
	for depth := 0; len(level) > 0; depth++ {
		if depth == maxDepth {
			return nil, recap.Errorf(recap.Unsafe, "too-large", "indexes nested more than %d deep", maxDepth)
		}
		var next []ocispec.Descriptor
		for _, node := range level {
			for _, child := range node.Children() {
				if g.seen[child.Digest] {
					continue
				}
				g.seen[child.Digest] = true
				if recap.IsManifest(child.MediaType) {
					next = append(next, child)
				} else {
					g.blobs = append(g.blobs, child)
				}
			}
		}
		if len(g.seen) > maxObjects {
			return nil, recap.Errorf(recap.Unsafe, "too-large", "more than %d objects", maxObjects)
		}
		var err error
		if level, err = g.fetch(ctx, src, next); err != nil {
			return nil, err
		}
		if len(level) > 0 {
			g.children = append(g.children, level)
		}
		all = append(all, level...)
	}
	return all, nil
}

func (g *graph) fetch(ctx context.Context, src content.Fetcher, descs []ocispec.Descriptor) ([]*artifact.Node, error) {
	for _, desc := range descs {
		g.nodes++
		g.bytes += desc.Size
	}
	if g.nodes > maxManifests || g.bytes > maxManifest {
		return nil, recap.Errorf(recap.Unsafe, "too-large", "more than %d manifests, or %d bytes of them", maxManifests, int64(maxManifest))
	}
	nodes := make([]*artifact.Node, len(descs))
	group, ctx := tasks.WithContext(ctx)
	group.SetLimit(atOnce)
	for i, desc := range descs {
		group.Go(func() (err error) {
			nodes[i], err = artifact.FetchNode(ctx, src, desc)
			return err
		})
	}
	return nodes, group.Wait()
}

// referring reads what refers to nodes and wasn't read yet. What a source
// lists without its manifest saying so refers to nothing, and is left out.
func (g *graph) referring(ctx context.Context, src content.ReadOnlyGraphStorage, nodes []*artifact.Node) ([]*artifact.Node, error) {
	lists, err := listReferrers(ctx, src, nodes)
	if err != nil {
		return nil, err
	}
	var descs []ocispec.Descriptor
	about := map[digest.Digest]digest.Digest{}
	for i, node := range nodes {
		for _, desc := range lists[i] {
			if !g.seen[desc.Digest] {
				g.seen[desc.Digest] = true
				about[desc.Digest] = node.Descriptor.Digest
				descs = append(descs, desc)
			}
		}
	}
	found, err := g.fetch(ctx, src, descs)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(found, func(n *artifact.Node) bool {
		subject := n.Subject()
		return subject == nil || subject.Digest != about[n.Descriptor.Digest]
	}), nil
}

// listReferrers lists what refers to each of nodes, at once.
func listReferrers(ctx context.Context, src content.ReadOnlyGraphStorage, nodes []*artifact.Node) ([][]ocispec.Descriptor, error) {
	lists := make([][]ocispec.Descriptor, len(nodes))
	group, ctx := tasks.WithContext(ctx)
	group.SetLimit(atOnce)
	for i, node := range nodes {
		group.Go(func() (err error) {
			lists[i], err = allReferrers(ctx, src, node.Descriptor)
			return err
		})
	}
	return lists, group.Wait()
}

// allReferrers lists what refers to desc, no more than anybody would examine.
func allReferrers(ctx context.Context, src content.ReadOnlyGraphStorage, desc ocispec.Descriptor) ([]ocispec.Descriptor, error) {
	var all []ocispec.Descriptor
	err := referrers(ctx, src, desc, "", func(page []ocispec.Descriptor) error {
		all = append(all, page...)
		if len(all) > recap.MaxReferrers {
			return recap.Errorf(recap.Unsafe, "too-many-referrers", "it has more than %d referrers", recap.MaxReferrers)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("listing what refers to %s: %w", short(desc.Digest), err)
	}
	return distinct(all), nil
}
