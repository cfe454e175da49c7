// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package transfer

import (
	"context"
	"errors"
	"sync"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/errdef"
	"oras.land/oras-go/v2/registry"

	"github.com/recap-oci/recap/pkg/artifact"
	"github.com/recap-oci/recap/pkg/internal/tasks"
	"github.com/recap-oci/recap/pkg/recap"
)

// held is what is known of a destination before anything is sent to it.
type held struct {
	tags   map[string]digest.Digest // what the tags that exist name
	listed []string                 // the tags that exist, where it was waited for their list
	bases  map[thing]bool           // what the roots found there list, themselves included
	roots  []*artifact.Node

	// whole reports, of each, whether all is there that it leads to; nil: it is.
	whole func([]ocispec.Descriptor) []bool
}

// thing is what a base lists: a manifest, with all that it leads to, or a blob, which
// leads nowhere. Anybody can name a manifest as a layer: that it is there then says
// nothing of what it leads to.
type thing struct {
	digest   digest.Digest
	manifest bool
}

func thingOf(desc ocispec.Descriptor) thing {
	return thing{desc.Digest, recap.IsManifest(desc.MediaType)}
}

// wholer is a destination that can tell whether all is there that a manifest leads
// to: a layout, from which anything may get lost. A registry's word is taken.
type wholer interface {
	Whole(ctx context.Context, roots []ocispec.Descriptor) ([]bool, error)
}

func (h *held) add(n *artifact.Node) {
	h.roots = append(h.roots, n)
	h.list(n)
}

// list takes note that everything n lists is there, or what of it is.
func (h *held) list(n *artifact.Node) {
	all, children := true, n.Children()
	var whole []bool
	if h.whole != nil {
		whole = h.whole(children)
	}
	for i, child := range children {
		if h.whole == nil || h.bases[thingOf(child)] || whole[i] {
			h.bases[thingOf(child)] = true
		} else {
			all = false
		}
	}
	if all {
		h.bases[thingOf(n.Descriptor)] = true
	}
}

// look asks dst, all at once, what each of tags names and which tags there
// are. Where none of tags exists, one more request reads what the highest
// version lists. Anything but "not found" about a tag is an error; the highest
// version is only a hint, so that nothing it meets with is one.
func look(ctx context.Context, dst oras.GraphTarget, tags []string) (*held, error) {
	h := &held{tags: map[string]digest.Digest{}, bases: map[thing]bool{}}
	if w, ok := dst.(wholer); ok {
		h.whole = func(roots []ocispec.Descriptor) []bool {
			whole, err := w.Whole(ctx, roots)
			if err != nil {
				return make([]bool, len(roots)) // sent again
			}
			return whole
		}
	}
	listing := startListing(ctx, dst)
	defer listing.stop()

	var mu sync.Mutex
	group, gctx := tasks.WithContext(ctx)
	group.SetLimit(atOnce)
	for _, tag := range tags {
		group.Go(func() error {
			desc, raw, err := readReference(gctx, dst, tag)
			if isNotFound(err) {
				return nil
			}
			if err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			h.tags[tag] = desc.Digest
			// Something else than ours under the tag: it may be moved,
			// and there is nothing to learn from it.
			if node, err := artifact.Parse(desc, raw); err == nil {
				h.add(node)
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	if len(h.tags) > 0 {
		return h, nil
	}
	h.listed = listing.wait()
	if tag := highestVersion(h.listed); tag != "" {
		if node, err := fetchReference(ctx, dst, tag); err == nil {
			h.add(node)
		}
	}
	return h, ctx.Err()
}

// deepen reads, all at once, the earlier version of each manifest below root
// that is new: what a changed member and the catalog have kept lies there too.
// An earlier version that can't be read only means that more is sent.
func (h *held) deepen(ctx context.Context, dst content.Fetcher, root *artifact.Node) error {
	if root.Index == nil {
		return nil
	}
	earlier := map[string][]ocispec.Descriptor{}
	for _, base := range h.roots {
		if base.Index == nil {
			continue
		}
		for _, child := range base.Children() {
			earlier[partName(child)] = append(earlier[partName(child)], child)
		}
	}
	var wanted []ocispec.Descriptor
	for _, child := range root.Children() {
		if !h.bases[thingOf(child)] {
			wanted = append(wanted, earlier[partName(child)]...)
		}
	}
	wanted = distinct(wanted)
	nodes := make([]*artifact.Node, len(wanted))
	group, gctx := tasks.WithContext(ctx)
	group.SetLimit(atOnce)
	for i, desc := range wanted {
		group.Go(func() error {
			nodes[i], _ = artifact.FetchNode(gctx, dst, desc) // only a hint
			return nil
		})
	}
	_ = group.Wait()
	for _, node := range nodes {
		if node != nil {
			h.list(node)
		}
	}
	return ctx.Err()
}

// partName names what a child is to its pack in every version: a member's slug, or
// the type of something that there is one of.
func partName(child ocispec.Descriptor) string {
	if slug := child.Annotations[artifact.AnnotationSlug]; slug != "" {
		return child.ArtifactType + " " + slug
	}
	return child.ArtifactType
}

// listing is a list of tags that is being asked for.
type listing struct {
	tags   *tasks.Task[[]string]
	cancel context.CancelFunc
}

func startListing(ctx context.Context, dst oras.GraphTarget) *listing {
	ctx, cancel := context.WithCancel(ctx)
	return &listing{cancel: cancel, tags: tasks.Start(func() []string {
		lister, ok := dst.(registry.TagLister)
		if !ok {
			return nil
		}
		tags, err := listTags(ctx, lister)
		if err != nil {
			return nil
		}
		return tags
	})}
}

func (l *listing) wait() []string { return l.tags.Wait() }
func (l *listing) stop()          { l.cancel() }

// maxTags bounds a listing of tags; past it a registry is answering without
// end or nobody can read the list.
const maxTags = 100_000

func listTags(ctx context.Context, src registry.TagLister) ([]string, error) {
	var tags []string
	err := src.Tags(ctx, "", func(page []string) error {
		tags = append(tags, page...)
		if len(tags) > maxTags {
			return recap.Errorf(recap.Unsafe, "too-many-tags", "listing tags: more than %d", maxTags)
		}
		return nil
	})
	return tags, err
}

func isNotFound(err error) bool {
	return err != nil && (errors.Is(err, recap.NotFound) || errors.Is(err, errdef.ErrNotFound))
}
