// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package transfer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
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

// CopyOptions are the options of [Copy].
type CopyOptions struct {
	// MountFrom names the source's repository, without host, when source and
	// destination are repositories of one registry: blobs are then taken over
	// there instead of being sent. Default: they are sent.
	MountFrom string

	// OnEvent is told of progress; see [Event].
	OnEvent func(Event)
}

// CopyResult says what a copy did.
type CopyResult struct {
	Digest       digest.Digest `json:"digest"`
	MediaType    string        `json:"mediaType"`
	ArtifactType string        `json:"artifactType,omitempty"`
	Tags         []TagMove     `json:"tags"`
	Manifests    int           `json:"manifests"` // the root and what lies below it
	Referrers    int           `json:"referrers"` // signatures and attestations
	Copied       Tally         `json:"copied"`
	Mounted      Tally         `json:"mounted"`
	Reused       Tally         `json:"reused"` // what the destination had
}

// Copy copies the artifact at root with everything below it and everything that
// refers to it or to a manifest below it, signatures above all, and then lets
// tags name it. Children go first, referrers next, then the root; before the
// first tag moves, the destination is asked whether it lists every referrer.
// What refers to what is asked of the source's list of referrers: that an index
// lists a manifest makes it no referrer.
//
// Copying is not using: nothing is admitted, and whoever uses the copy verifies
// it. But nothing ambiguous is spread either: manifests are parsed strictly.
//
// Signatures of the root in the form of cosign before version 3, which lie under
// a tag of their own, are copied with that tag where src can look it up, as a
// [Pinned] does.
//
// Errors: [recap.Usage] version-differs for a tag that spells another version than
// is stated, and [recap.Stale] version-exists where the version that is stated is
// other content there, under its tag or one of tags, both before anything is sent;
// [recap.Unavailable] referrer-lost when the destination doesn't list what it was sent,
// [recap.Stale] legacy-signatures-differ when its tag of older signatures holds others, [recap.Integrity] for anything that isn't what its digest
// says, [recap.Unsafe] too-large or too-many-referrers; those of [Push] about
// tags; and whatever src and dst return.
func Copy(ctx context.Context, src content.ReadOnlyGraphStorage, root ocispec.Descriptor, dst oras.GraphTarget, tags []string, opts CopyOptions) (CopyResult, error) {
	if src == nil || dst == nil {
		return CopyResult{}, recap.Errorf(recap.Usage, "nothing-to-copy", "copying needs a source and a destination")
	}
	tags, err := uniqueTags(tags)
	if err != nil {
		return CopyResult{}, err
	}
	c := &copier{src: src, dst: dst, opts: opts, notify: opts.OnEvent}
	c.result = CopyResult{Digest: root.Digest, MediaType: root.MediaType, Tags: []TagMove{}}
	if err := c.copy(ctx, root, tags); err != nil {
		return c.result, fmt.Errorf("copying %s: %w", short(root.Digest), err)
	}
	return c.result, nil
}

// askFirst is from which size on a blob is asked about before it is sent. Below
// it, sending it costs no more than asking.
const askFirst = 64 << 10

// copier is one copy under way.
type copier struct {
	src    content.ReadOnlyGraphStorage
	dst    oras.GraphTarget
	opts   CopyOptions
	notify notifier

	graph  *graph
	legacy *artifact.Node // signatures in cosign's older form; nil without
	held   *held

	mu     sync.Mutex
	result CopyResult
}

func (c *copier) copy(ctx context.Context, root ocispec.Descriptor, tags []string) error {
	if err := c.prepare(ctx, root, tags); err != nil {
		return err
	}
	stored := c.holdsRoot()
	// With nothing to wait for between root and tag, both are one request.
	together := len(tags) == 1 && len(c.graph.referrers) == 0
	err := c.store(ctx, stored || together)
	if isMissingChild(err) && len(c.held.bases) > 0 {
		// The destination's roots list what the destination doesn't have.
		c.held.bases = map[thing]bool{}
		err = c.store(ctx, together)
	}
	if err != nil {
		return err
	}
	if err := c.countReferrers(ctx); err != nil {
		return err
	}
	if err := c.copyLegacy(ctx); err != nil {
		return err
	}
	t := &tagger{dst: c.dst, root: c.graph.root, now: c.held.tags, notify: c.notify}
	t.onMissing = func(ctx context.Context) error {
		c.held.bases = map[thing]bool{}
		return c.store(ctx, true)
	}
	err = t.move(ctx, tags, true)
	c.result.Tags = append(c.result.Tags, t.moves...)
	if err != nil {
		return err
	}
	if together && !stored {
		c.result.Copied.add(c.graph.root.Descriptor)
	}
	return commit(ctx, c.dst)
}

// prepare reads the graph and looks at the destination, side by side.
func (c *copier) prepare(ctx context.Context, root ocispec.Descriptor, tags []string) error {
	node, err := artifact.FetchNode(ctx, c.src, root)
	if err != nil {
		return err
	}
	if err := checkVersion(node, tags); err != nil {
		return err
	}
	var beside []publishedAs
	group, gctx := tasks.WithContext(ctx)
	group.Go(func() (err error) {
		c.graph, err = readGraph(gctx, c.src, node)
		return err
	})
	if !spelled(node, tags) {
		group.Go(func() (err error) {
			beside, err = lookVersions(gctx, c.dst, otherSpellings(node, tags))
			return err
		})
	}
	group.Go(func() error { return c.readLegacy(gctx, root) })
	group.Go(func() (err error) {
		c.held, err = look(gctx, c.dst, tags)
		return err
	})
	if err := group.Wait(); err != nil {
		return err
	}
	if err := checkPublished(node, beside, tags, c.held.tags, c.held.node); err != nil {
		return err
	}
	c.result.ArtifactType = c.graph.root.ArtifactType()
	c.result.Manifests = 1 + count(c.graph.children)
	c.result.Referrers = count(c.graph.referrers)
	// What lies below a manifest that is there, is there.
	for _, level := range slices.Concat([][]*artifact.Node{{c.graph.root}}, c.graph.children) {
		for _, node := range level {
			if c.held.bases[thingOf(node.Descriptor)] {
				c.held.add(node)
			}
		}
	}
	if !c.holdsRoot() {
		// What changed in a pack has kept most of what it consists of.
		return c.held.deepen(ctx, c.dst, c.graph.root)
	}
	// An update of a copy: what the destination lists already needn't go again.
	listed, err := c.listed(ctx)
	if err != nil {
		return err
	}
	for _, round := range c.graph.referrers {
		for _, node := range round {
			if listed[node.Descriptor.Digest] {
				c.held.add(node)
			}
		}
	}
	return nil
}

// holdsRoot reports whether a tag of the destination names the root.
func (c *copier) holdsRoot() bool {
	for _, d := range c.held.tags {
		if d == c.graph.root.Descriptor.Digest {
			return true
		}
	}
	return false
}

// store sends what no base lists, in order; the root only if it isn't to be
// left out.
func (c *copier) store(ctx context.Context, withoutRoot bool) error {
	g := c.graph
	c.plan()
	if err := each(ctx, g.blobs, c.blob); err != nil {
		return err
	}
	for _, level := range slices.Backward(g.children) {
		if err := each(ctx, level, c.manifest); err != nil {
			return err
		}
	}
	for _, round := range g.referrers {
		// One after the other for each subject: a registry without the
		// referrers API keeps them in one list that is read, changed and
		// written back.
		if err := each(ctx, bySubject(round), func(ctx context.Context, nodes []*artifact.Node) error {
			for _, node := range nodes {
				if err := c.manifest(ctx, node); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			return err
		}
	}
	if withoutRoot {
		return nil
	}
	return c.manifest(ctx, g.root)
}

func (c *copier) plan() {
	var descs []ocispec.Descriptor
	for _, desc := range c.graph.blobs {
		if !c.held.bases[thingOf(desc)] {
			descs = append(descs, desc)
		}
	}
	c.notify.planned(descs)
}

// blob sends one blob, unless the destination has it or can take it over.
func (c *copier) blob(ctx context.Context, desc ocispec.Descriptor) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if c.held.bases[thingOf(desc)] {
		return c.reused(desc)
	}
	if m, ok := c.dst.(registry.Mounter); ok && c.opts.MountFrom != "" {
		return c.mount(ctx, m, desc)
	}
	if desc.Size >= askFirst {
		if exists, err := c.dst.Exists(ctx, desc); err != nil {
			return about(desc, err)
		} else if exists {
			return c.reused(desc)
		}
	}
	c.notify.emit(EventStarted, desc)
	err := c.send(ctx, desc)
	if errors.Is(err, recap.Integrity) {
		err = c.send(ctx, desc)
	}
	if errors.Is(err, errdef.ErrAlreadyExists) {
		return c.reused(desc)
	}
	if err != nil {
		return about(desc, err)
	}
	return c.done(EventDone, desc, &c.result.Copied)
}

func (c *copier) send(ctx context.Context, desc ocispec.Descriptor) error {
	r := newReplay(ctx, c.src, desc)
	defer r.Close() //nolint:errcheck // only read
	return c.dst.Push(ctx, desc, c.notify.reader(r, desc))
}

func (c *copier) mount(ctx context.Context, m registry.Mounter, desc ocispec.Descriptor) error {
	sent := false
	c.notify.emit(EventStarted, desc)
	err := m.Mount(ctx, desc, c.opts.MountFrom, func() (io.ReadCloser, error) {
		sent = true
		return newReplay(ctx, c.src, desc), nil
	})
	switch {
	case errors.Is(err, errdef.ErrAlreadyExists):
		return c.reused(desc)
	case err != nil:
		return about(desc, err)
	case sent:
		return c.done(EventDone, desc, &c.result.Copied)
	}
	return c.done(EventMounted, desc, &c.result.Mounted)
}

func (c *copier) manifest(ctx context.Context, node *artifact.Node) error {
	desc := node.Descriptor
	if err := ctx.Err(); err != nil {
		return err
	}
	if c.held.bases[thingOf(desc)] {
		return c.reused(desc)
	}
	err := c.dst.Push(ctx, desc, bytes.NewReader(node.Raw))
	if errors.Is(err, errdef.ErrAlreadyExists) {
		return c.reused(desc)
	}
	if err != nil {
		return err
	}
	return c.done(EventDone, desc, &c.result.Copied)
}

func (c *copier) reused(desc ocispec.Descriptor) error {
	return c.done(EventExists, desc, &c.result.Reused)
}

func (c *copier) done(kind EventKind, desc ocispec.Descriptor, t *Tally) error {
	c.mu.Lock()
	t.add(desc)
	c.mu.Unlock()
	c.notify.emit(kind, desc)
	return nil
}

// countReferrers asks the destination whether it lists every referrer that was
// copied.
func (c *copier) countReferrers(ctx context.Context) error {
	if len(c.graph.referrers) == 0 {
		return nil
	}
	listed, err := c.listed(ctx)
	if err != nil {
		return err
	}
	missing := 0
	var first digest.Digest
	for _, round := range c.graph.referrers {
		for _, node := range round {
			if !listed[node.Descriptor.Digest] {
				missing++
				first = node.Descriptor.Digest
			}
		}
	}
	if missing > 0 {
		return recap.Errorf(recap.Unavailable, "referrer-lost", "the destination doesn't list %d of %d signatures, such as %s; no tag was moved",
			missing, count(c.graph.referrers), short(first)).
			WithHint("run the same command again: what is there isn't sent twice")
	}
	return nil
}

// listed returns what the destination lists as referrers of what has any.
func (c *copier) listed(ctx context.Context) (map[digest.Digest]bool, error) {
	about := map[digest.Digest]bool{}
	for _, round := range c.graph.referrers {
		for _, node := range round {
			about[node.Subject().Digest] = true
		}
	}
	var subjects []*artifact.Node
	for _, level := range slices.Concat([][]*artifact.Node{{c.graph.root}}, c.graph.children, c.graph.referrers) {
		for _, node := range level {
			if about[node.Descriptor.Digest] {
				subjects = append(subjects, node)
			}
		}
	}
	lists, err := listReferrers(ctx, c.dst, subjects)
	if err != nil {
		return nil, err
	}
	listed := map[digest.Digest]bool{}
	for _, list := range lists {
		for _, desc := range list {
			listed[desc.Digest] = true
		}
	}
	return listed, nil
}

// bySubject groups referrers by what they refer to.
func bySubject(nodes []*artifact.Node) [][]*artifact.Node {
	var groups [][]*artifact.Node
	at := map[digest.Digest]int{}
	for _, node := range nodes {
		subject := node.Subject().Digest
		i, ok := at[subject]
		if !ok {
			i = len(groups)
			at[subject] = i
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], node)
	}
	return groups
}

// each calls fn for all items at once and stops at the first error.
func each[T any](ctx context.Context, items []T, fn func(context.Context, T) error) error {
	group, ctx := tasks.WithContext(ctx)
	group.SetLimit(atOnce)
	for _, item := range items {
		group.Go(func() error { return fn(ctx, item) })
	}
	return group.Wait()
}

func count(levels [][]*artifact.Node) int {
	n := 0
	for _, level := range levels {
		n += len(level)
	}
	return n
}
