// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package transfer

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/opencontainers/go-digest"
	"oras.land/oras-go/v2"
	"oras.land/oras-go/v2/errdef"
	"oras.land/oras-go/v2/registry"

	"github.com/recap-oci/recap/pkg/artifact"
	"github.com/recap-oci/recap/pkg/internal/tasks"
	"github.com/recap-oci/recap/pkg/recap"
)

// TagMove is one tag and what became of it.
type TagMove struct {
	Tag      string        `json:"tag"`
	Previous digest.Digest `json:"previous,omitempty"` // what it named before; absent when there was no such tag
	Moved    bool          `json:"moved"`              // false: it named the root already
}

func (m TagMove) moved() TagMove {
	m.Moved = true
	return m
}

// tagger moves tags to a root that lies in dst.
type tagger struct {
	dst    oras.GraphTarget
	root   *artifact.Node
	now    map[string]digest.Digest // what the tags named when they were looked at
	notify notifier

	// onMissing sends the children again; nil where there are none to send.
	onMissing func(ctx context.Context) error

	mu       sync.Mutex
	moves    []TagMove // what was done, also when move fails
	restored bool
}

// move lets each of tags name the root: versions first, all at once, and when
// they stand the rest. With check it then reads back what every tag names.
func (t *tagger) move(ctx context.Context, tags []string, check bool) error {
	floating := slices.IndexFunc(tags, func(tag string) bool { return !isVersion(tag) })
	if floating < 0 {
		floating = len(tags)
	}
	for _, batch := range [][]string{tags[:floating], tags[floating:]} {
		if err := t.each(ctx, batch, t.one); err != nil {
			return err
		}
	}
	slices.SortFunc(t.moves, func(a, b TagMove) int {
		return slices.Index(tags, a.Tag) - slices.Index(tags, b.Tag)
	})
	if !check {
		return nil
	}
	return t.each(ctx, tags, t.check)
}

// each calls fn for every tag at once and, unlike a group's context, lets
// all of them come to an end: a tag that is being moved when another fails has
// moved or has not, and the result must say which.
func (t *tagger) each(ctx context.Context, tags []string, fn func(context.Context, string) error) error {
	var group tasks.Group
	group.SetLimit(atOnce)
	for _, tag := range tags {
		group.Go(func() error { return fn(ctx, tag) })
	}
	return group.Wait()
}

func (t *tagger) one(ctx context.Context, tag string) error {
	move := TagMove{Tag: tag, Previous: t.now[tag]}
	if move.Previous != t.root.Descriptor.Digest {
		err := pushTag(ctx, t.dst, t.root, tag)
		if isMissingChild(err) && t.onMissing != nil {
			if err := t.restore(ctx); err != nil {
				return err
			}
			err = pushTag(ctx, t.dst, t.root, tag)
		}
		if err != nil {
			return err
		}
		move = move.moved()
		t.notify.named(EventTagged, tag, t.root.Descriptor)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.moves = append(t.moves, move)
	return nil
}

// restore sends the children again, once.
func (t *tagger) restore(ctx context.Context) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.restored {
		return nil
	}
	t.restored = true
	return t.onMissing(ctx)
}

func (t *tagger) check(ctx context.Context, tag string) error {
	desc, err := t.dst.Resolve(ctx, tag)
	if isNotFound(err) {
		return recap.Errorf(recap.Unavailable, "not-stored", "the tag %s was accepted but is not there", tag)
	}
	if err != nil {
		return err
	}
	if desc.Digest != t.root.Descriptor.Digest {
		if previous := t.now[tag]; desc.Digest == previous {
			return recap.Errorf(recap.Unavailable, "not-stored", "the tag %s was accepted but names %s, as it did before", tag, previous).
				WithHint("try again; if it stays so, ask the registry's operator")
		}
		return recap.Errorf(recap.Stale, "tag-moved", "the tag %s was moved to %s by somebody else meanwhile", tag, desc.Digest).
			WithHint("look at what it names now; pushing again moves it back")
	}
	return nil
}

// pushTag lets tag name node, in one request where dst has one for it: the
// manifest's bytes go along, so a registry that has swept them away stores
// them again.
func pushTag(ctx context.Context, dst oras.GraphTarget, node *artifact.Node, tag string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if p, ok := dst.(registry.ReferencePusher); ok {
		return p.PushReference(ctx, node.Descriptor, bytes.NewReader(node.Raw), tag)
	}
	err := dst.Push(ctx, node.Descriptor, bytes.NewReader(node.Raw))
	if err != nil && !errors.Is(err, errdef.ErrAlreadyExists) {
		return err
	}
	return dst.Tag(ctx, node.Descriptor, tag)
}
