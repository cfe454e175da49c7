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
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/errdef"
	"oras.land/oras-go/v2/registry"
	"oras.land/oras-go/v2/registry/remote/errcode"

	"github.com/recap-oci/recap/pkg/artifact"
	"github.com/recap-oci/recap/pkg/internal/tasks"
	"github.com/recap-oci/recap/pkg/recap"
)

// atOnce is how many objects one call keeps in its hands: each may hold a file
// and a buffer. How many of them a host sees at once is the target's business.
const atOnce = 64

// Tally counts objects and their bytes.
type Tally struct {
	Count int   `json:"count"`
	Bytes int64 `json:"bytes"`
}

func (t *Tally) add(desc ocispec.Descriptor) {
	t.Count++
	t.Bytes += desc.Size
}

func tally(descs []ocispec.Descriptor) Tally {
	var t Tally
	for _, desc := range descs {
		t.add(desc)
	}
	return t
}

// uploader sends the nodes of a graph, children first, and remembers what it
// sent. What the destination's bases list is not sent, nor asked about.
type uploader struct {
	g      *artifact.Graph
	dst    content.Storage
	top    *artifact.Node
	notify notifier

	mountFrom func(origin content.Fetcher) string // nil: nothing is mounted

	blobs     []ocispec.Descriptor // to be sent first
	manifests []ocispec.Descriptor // to be sent next: children of the root
	skipped   []ocispec.Descriptor // not sent, because a base lists them

	mu                      sync.Mutex
	sent, existing, mounted map[digest.Digest]ocispec.Descriptor
}

func newUploader(ctx context.Context, g *artifact.Graph, dst content.Storage, root *artifact.Node, h *held, notify notifier) (*uploader, error) {
	u := &uploader{
		g: g, dst: dst, top: root, notify: notify,
		sent: map[digest.Digest]ocispec.Descriptor{}, existing: map[digest.Digest]ocispec.Descriptor{}, mounted: map[digest.Digest]ocispec.Descriptor{},
	}
	needed := map[thing]bool{thingOf(root.Descriptor): true}
	if err := u.need(ctx, root, h, needed); err != nil {
		return nil, err
	}
	for _, desc := range g.Nodes() {
		switch {
		case desc.Digest == root.Descriptor.Digest:
		case !needed[thingOf(desc)]:
			u.skipped = append(u.skipped, desc)
		case recap.IsManifest(desc.MediaType):
			u.manifests = append(u.manifests, desc)
		default:
			u.blobs = append(u.blobs, desc)
		}
	}
	return u, nil
}

// need marks what lies below n and below no manifest that a base lists.
func (u *uploader) need(ctx context.Context, n *artifact.Node, h *held, needed map[thing]bool) error {
	for _, child := range n.Children() {
		if h.bases[thingOf(child)] || needed[thingOf(child)] {
			continue
		}
		needed[thingOf(child)] = true
		if !recap.IsManifest(child.MediaType) {
			continue
		}
		node, err := artifact.FetchNode(ctx, u.g, child)
		if err != nil {
			return err
		}
		if err := u.need(ctx, node, h, needed); err != nil {
			return err
		}
	}
	return nil
}

// missing returns what the destination is not known to have, the root
// included.
func (u *uploader) missing() []ocispec.Descriptor {
	return append(slices.Concat(u.blobs, u.manifests), u.top.Descriptor)
}

// trusted reports whether something is not sent on a base's word.
func (u *uploader) trusted() bool { return len(u.skipped) > 0 }

// children sends what no base lists.
func (u *uploader) children(ctx context.Context) error {
	return u.send(ctx, u.blobs, u.manifests)
}

// everything sends every node but the root, on nobody's word. What was sent
// before is sent again: the caller has just learnt that something is gone.
func (u *uploader) everything(ctx context.Context) error {
	var blobs, manifests []ocispec.Descriptor
	for _, desc := range u.g.Nodes() {
		switch {
		case desc.Digest == u.top.Descriptor.Digest:
		case recap.IsManifest(desc.MediaType):
			manifests = append(manifests, desc)
		default:
			blobs = append(blobs, desc)
		}
	}
	u.skipped = nil
	return u.send(ctx, blobs, manifests)
}

// send sends stages one after the other, and each stage at once.
func (u *uploader) send(ctx context.Context, stages ...[]ocispec.Descriptor) error {
	for _, stage := range stages {
		group, ctx := tasks.WithContext(ctx)
		group.SetLimit(atOnce)
		for _, desc := range stage {
			group.Go(func() error { return u.one(ctx, desc) })
		}
		if err := group.Wait(); err != nil {
			return err
		}
	}
	return nil
}

func (u *uploader) one(ctx context.Context, desc ocispec.Descriptor) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if origin := u.g.Origin(desc.Digest); origin != nil && !recap.IsManifest(desc.MediaType) {
		return u.foreign(ctx, desc, origin)
	}
	rc, err := u.g.Fetch(ctx, desc)
	if err != nil {
		return err
	}
	defer rc.Close()
	return u.push(ctx, desc, rc)
}

// foreign stores a blob that lies elsewhere, in the repository that a member is
// from: taken over there by the registry where it may be and the registry does,
// else fetched and sent.
func (u *uploader) foreign(ctx context.Context, desc ocispec.Descriptor, origin content.Fetcher) error {
	if m, ok := u.dst.(registry.Mounter); ok && u.mountFrom != nil {
		if repository := u.mountFrom(origin); repository != "" {
			// Who may read there and write here may still not do both at once.
			if err := u.mount(ctx, m, desc, repository); !errors.Is(err, recap.Denied) {
				return err
			}
		}
	}
	if desc.Size >= askFirst {
		exists, err := u.dst.Exists(ctx, desc)
		if err != nil {
			return about(desc, err)
		}
		if exists {
			u.note(desc, u.existing)
			u.notify.emit(EventExists, desc)
			return nil
		}
	}
	err := u.copy(ctx, desc)
	if errors.Is(err, recap.Integrity) { // a cache on the way may have spoilt it
		err = u.copy(ctx, desc)
	}
	return err
}

func (u *uploader) copy(ctx context.Context, desc ocispec.Descriptor) error {
	r := newReplay(ctx, u.g, desc)
	defer r.Close() //nolint:errcheck // only read
	return u.push(ctx, desc, r)
}

func (u *uploader) mount(ctx context.Context, m registry.Mounter, desc ocispec.Descriptor, repository string) error {
	sent := false
	u.notify.emit(EventStarted, desc)
	err := m.Mount(ctx, desc, repository, func() (io.ReadCloser, error) {
		sent = true
		return newReplay(ctx, u.g, desc), nil
	})
	switch {
	case errors.Is(err, errdef.ErrAlreadyExists):
		u.note(desc, u.existing)
		u.notify.emit(EventExists, desc)
	case err != nil:
		return about(desc, err)
	case sent:
		u.note(desc, u.sent)
		u.notify.emit(EventDone, desc)
	default:
		u.note(desc, u.mounted)
		u.notify.emit(EventMounted, desc)
	}
	return nil
}

// root sends the root by its digest.
func (u *uploader) root(ctx context.Context) error {
	return u.push(ctx, u.top.Descriptor, bytes.NewReader(u.top.Raw))
}

func (u *uploader) push(ctx context.Context, desc ocispec.Descriptor, r io.Reader) error {
	u.notify.emit(EventStarted, desc)
	err := u.dst.Push(ctx, desc, u.notify.reader(r, desc))
	if errors.Is(err, errdef.ErrAlreadyExists) {
		u.note(desc, u.existing)
		u.notify.emit(EventExists, desc)
		return nil
	}
	if err != nil {
		return about(desc, err)
	}
	u.note(desc, u.sent)
	u.notify.emit(EventDone, desc)
	return nil
}

func (u *uploader) note(desc ocispec.Descriptor, in map[digest.Digest]ocispec.Descriptor) {
	u.mu.Lock()
	defer u.mu.Unlock()
	in[desc.Digest] = desc
}

// rootStored notes that the root went up under its tag.
func (u *uploader) rootStored() { u.note(u.top.Descriptor, u.sent) }

// tallies writes into result what was sent, what was mounted and what was there.
func (u *uploader) tallies(result *PushResult) {
	u.mu.Lock()
	defer u.mu.Unlock()
	result.Uploaded, result.Mounted, result.Reused = Tally{}, Tally{}, Tally{}
	for _, desc := range u.g.Nodes() {
		if _, ok := u.sent[desc.Digest]; ok {
			result.Uploaded.add(desc)
		} else if _, ok := u.mounted[desc.Digest]; ok {
			result.Mounted.add(desc)
		} else {
			result.Reused.add(desc)
		}
	}
}

// isMissingChild reports whether err is a destination's word that something a
// manifest refers to isn't there.
func isMissingChild(err error) bool {
	if isNotFound(err) {
		return true
	}
	var response *errcode.ErrorResponse
	if errors.As(err, &response) {
		for _, e := range response.Errors {
			switch e.Code {
			case errcode.ErrorCodeManifestBlobUnknown, errcode.ErrorCodeBlobUnknown, errcode.ErrorCodeManifestUnknown:
				return true
			}
		}
	}
	return false
}

// about adds to err the title of desc, a file's name, which no storage knows.
func about(desc ocispec.Descriptor, err error) error {
	if title := desc.Annotations[ocispec.AnnotationTitle]; err != nil && title != "" {
		return fmt.Errorf("%s: %w", recap.Quoted(title), err)
	}
	return err
}

// name returns what a person would call desc: its title, quoted as it is
// somebody else's text, and its digest.
func name(desc ocispec.Descriptor) string {
	if title := desc.Annotations[ocispec.AnnotationTitle]; title != "" {
		return fmt.Sprintf("%s (%s)", recap.Quoted(title), short(desc.Digest))
	}
	return short(desc.Digest)
}
