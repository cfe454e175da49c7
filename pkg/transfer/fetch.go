// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package transfer

import (
	"bytes"
	"context"
	"errors"
	"io"
	"sync"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/errdef"

	"github.com/recap-oci/recap/pkg/artifact"
	"github.com/recap-oci/recap/pkg/internal/tasks"
	"github.com/recap-oci/recap/pkg/recap"
)

// fetcher copies blobs of a source into a store.
type fetcher struct {
	src    content.Fetcher
	store  content.Storage
	notify notifier

	mu              sync.Mutex
	fetched, reused Tally
}

// all fetches blobs, all at once, each digest once.
func (f *fetcher) all(ctx context.Context, blobs []ocispec.Descriptor) error {
	blobs = distinct(blobs)
	f.notify.planned(blobs)
	group, ctx := tasks.WithContext(ctx)
	group.SetLimit(atOnce)
	for _, desc := range blobs {
		group.Go(func() error { return f.one(ctx, desc) })
	}
	return group.Wait()
}

// one fetches a blob unless the store has it. Whether what the store has is
// sound is found out when it is read, and mended then.
func (f *fetcher) one(ctx context.Context, desc ocispec.Descriptor) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	exists, err := f.store.Exists(ctx, desc)
	if err != nil {
		return about(desc, err)
	}
	if exists {
		f.count(&f.reused, desc)
		f.notify.emit(EventExists, desc)
		return nil
	}
	return f.fetch(ctx, desc)
}

// fetch copies a blob from the source. Bytes that don't match are asked for
// once more, as a cache on the way may have spoilt them; no more than once, as
// it may also be the source.
func (f *fetcher) fetch(ctx context.Context, desc ocispec.Descriptor) error {
	f.notify.emit(EventStarted, desc)
	err := f.copy(ctx, desc)
	if errors.Is(err, recap.Integrity) {
		err = f.copy(ctx, desc)
	}
	if err != nil {
		return about(desc, err)
	}
	f.count(&f.fetched, desc)
	f.notify.emit(EventDone, desc)
	return nil
}

func (f *fetcher) copy(ctx context.Context, desc ocispec.Descriptor) error {
	rc, err := f.src.Fetch(ctx, desc)
	if err != nil {
		return notFound(err, desc.Digest.String())
	}
	defer rc.Close()
	// What comes from the source is judged here, whatever the store does:
	// only then is it clear whose fault a mismatch is.
	verified, err := artifact.NewVerifyReader(rc, desc)
	if err != nil {
		return err
	}
	err = f.store.Push(ctx, desc, f.notify.reader(verified, desc))
	if errors.Is(err, errdef.ErrAlreadyExists) { // somebody else was faster
		return nil
	}
	return err
}

func (f *fetcher) count(t *Tally, desc ocispec.Descriptor) {
	f.mu.Lock()
	defer f.mu.Unlock()
	t.add(desc)
}

// distinct returns descs with each digest once.
func distinct(descs []ocispec.Descriptor) []ocispec.Descriptor {
	seen := map[string]bool{}
	var unique []ocispec.Descriptor
	for _, desc := range descs {
		if d := desc.Digest.String(); !seen[d] {
			seen[d] = true
			unique = append(unique, desc)
		}
	}
	return unique
}

// withRoot is a store that also has the bytes of one manifest, which isn't in
// it yet or never will be.
type withRoot struct {
	content.Fetcher
	node *artifact.Node
}

func (w withRoot) Fetch(ctx context.Context, desc ocispec.Descriptor) (io.ReadCloser, error) {
	if desc.Digest == w.node.Descriptor.Digest {
		return io.NopCloser(bytes.NewReader(w.node.Raw)), nil
	}
	return w.Fetcher.Fetch(ctx, desc)
}
