// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package repository

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/recap-oci/recap/pkg/internal/canonical"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/target/internal/printable"
)

// The settle between writing a fallback index and looking whether it is still
// ours. A tag can't be changed conditionally, so of two clients that read,
// change and write at once, one loses what it wrote. An immediate look finds
// what was just written; half a second later the other writer has been too.
// Measured with 16 writers against distribution: without the settle all
// succeeded and 7 to 8 were lost, with it none in 6 rounds.
//
// Somebody else's index differs from the one before, by what they listed. Where it
// is that one again and again, nobody wrote: the registry takes indexes under the
// tag and doesn't keep them, and there is nothing to wait for.
const (
	fallbackSettle  = 500 * time.Millisecond
	fallbackRounds  = 10
	fallbackIgnored = 4 // rounds after which the index was the one before
)

// fallbacks are changes that wait for their subject's index to be written.
// Those that come together are written together.
type fallbacks struct {
	mu        sync.Mutex
	bySubject map[digest.Digest]*fallbackQueue
	coming    map[digest.Digest]*arrivals
}

// arrivals are manifests on their way to the registry, which may have to be
// listed by hand when they are there.
type arrivals struct {
	n    int
	over chan struct{} // closed when all have arrived, or won't
}

// fallbackQueue exists while somebody works on it.
type fallbackQueue struct{ waiting []*fallbackChange }

// fallbackChange adds desc to an index, or removes it.
type fallbackChange struct {
	desc      ocispec.Descriptor
	remove    bool
	announced bool // and so to be retracted once it is queued
	done      chan error
}

// enterReferrer lists a manifest with its subject's referrers if it has a
// subject and the registry did not say that it lists it itself.
// https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pushing-manifests-with-subject
func (r *Repository) enterReferrer(ctx context.Context, desc ocispec.Descriptor, data []byte) error {
	subject, entry, err := referrerOf(desc, data)
	if err != nil || subject == "" {
		return err
	}
	r.host.Notices().Detail(r.host.Name(), "%s doesn't list %s as a referrer; the tag %s will", r.full(), printable.Digest(desc.Digest), fallbackTag(subject))
	return r.changeFallback(ctx, subject, fallbackChange{desc: entry, announced: true})
}

// referrerOf returns the subject of a manifest, if it has one, and the
// descriptor that lists it.
func referrerOf(desc ocispec.Descriptor, data []byte) (subject digest.Digest, entry ocispec.Descriptor, err error) {
	var m struct {
		Subject      *ocispec.Descriptor `json:"subject"`
		ArtifactType string              `json:"artifactType"`
		Config       *ocispec.Descriptor `json:"config"`
		Annotations  map[string]string   `json:"annotations"`
	}
	if err := canonical.Unmarshal(data, &m); err != nil {
		return "", ocispec.Descriptor{}, recap.Errorf(recap.Integrity, "bad-manifest", "manifest %s: %w", printable.Digest(desc.Digest), err)
	}
	if m.Subject == nil {
		return "", ocispec.Descriptor{}, nil
	}
	if err := checkDescriptor(*m.Subject); err != nil {
		return "", ocispec.Descriptor{}, err
	}
	entry = ocispec.Descriptor{
		MediaType: desc.MediaType, Digest: desc.Digest, Size: desc.Size,
		ArtifactType: m.ArtifactType, Annotations: m.Annotations,
	}
	if entry.ArtifactType == "" && m.Config != nil {
		entry.ArtifactType = m.Config.MediaType
	}
	return m.Subject.Digest, entry, nil
}

// errLeft tells those who wait that whoever worked for them was cancelled.
var errLeft = errors.New("the work was left to others")

// changeFallback queues a change and waits for it. Whoever finds nobody at
// work does the work, for all who come meanwhile too.
func (r *Repository) changeFallback(ctx context.Context, subject digest.Digest, change fallbackChange) error {
	for {
		change.done = make(chan error, 1)
		if r.fallback.add(subject, &change) {
			r.workFallback(ctx, subject)
		}
		select {
		case err := <-change.done:
			if !errors.Is(err, errLeft) {
				return err
			}
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// workFallback makes the queued changes until there are none, or ctx ends.
func (r *Repository) workFallback(ctx context.Context, subject digest.Digest) {
	for {
		batch := r.fallback.take(subject, ctx.Err() != nil)
		if len(batch) == 0 {
			return
		}
		err := errLeft
		if ctx.Err() == nil {
			if batch, err = r.writeFallback(ctx, subject, batch); ctx.Err() != nil {
				err = errLeft
			}
		}
		for _, c := range batch {
			c.done <- err
		}
	}
}

// add queues a change and reports whether the caller has to do the work.
func (f *fallbacks) add(subject digest.Digest, change *fallbackChange) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.bySubject == nil {
		f.bySubject = map[digest.Digest]*fallbackQueue{}
	}
	q, working := f.bySubject[subject]
	if !working {
		q = &fallbackQueue{}
		f.bySubject[subject] = q
	}
	q.waiting = append(q.waiting, change)
	if change.announced {
		change.announced = false
		f.arrived(subject)
	}
	return !working
}

// announce says that a manifest is about to be pushed that refers to subject, if
// it is one. Every announcement is retracted, or followed by a change.
func (f *fallbacks) announce(subject digest.Digest) {
	if subject == "" {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.coming == nil {
		f.coming = map[digest.Digest]*arrivals{}
	}
	if f.coming[subject] == nil {
		f.coming[subject] = &arrivals{over: make(chan struct{})}
	}
	f.coming[subject].n++
}

// retract says that nothing has to be listed by hand after all.
func (f *fallbacks) retract(subject digest.Digest) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.arrived(subject)
}

// arrived counts one off. f is locked.
func (f *fallbacks) arrived(subject digest.Digest) {
	a := f.coming[subject]
	if a == nil {
		return
	}
	if a.n--; a.n == 0 {
		close(a.over)
		delete(f.coming, subject)
	}
}

// join returns what is queued for a subject whose work is going on, once
// everything that was announced is queued or retracted.
func (f *fallbacks) join(ctx context.Context, subject digest.Digest) []*fallbackChange {
	f.mu.Lock()
	a := f.coming[subject]
	f.mu.Unlock()
	if a != nil {
		select {
		case <-a.over:
		case <-ctx.Done():
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	q := f.bySubject[subject]
	if q == nil {
		return nil
	}
	batch := q.waiting
	q.waiting = nil
	return batch
}

// take returns what is queued. When nothing is, or with last, the work is over
// and the next to come does it.
func (f *fallbacks) take(subject digest.Digest, last bool) []*fallbackChange {
	f.mu.Lock()
	defer f.mu.Unlock()
	q := f.bySubject[subject]
	if q == nil {
		return nil
	}
	batch := q.waiting
	q.waiting = nil
	if len(batch) == 0 || last {
		delete(f.bySubject, subject)
	}
	return batch
}

// writeFallback applies the changes to the index under the fallback tag until
// they are found there after a settle. What is on its way to the same subject is
// waited for and comes along, so that a signature and an attestation pushed side
// by side settle together; the result is all that was done.
func (r *Repository) writeFallback(ctx context.Context, subject digest.Digest, changes []*fallbackChange) ([]*fallbackChange, error) {
	changes = append(changes, r.fallback.join(ctx, subject)...)
	ignored := 0
	var before []ocispec.Descriptor
	for round := range fallbackRounds {
		listed, err := r.taggedReferrers(ctx, subject)
		if err == nil && listed == nil {
			// What is not there is written anew, without what others listed:
			// nobody's word is enough for that once.
			listed, err = r.taggedReferrers(ctx, subject)
		}
		if err != nil {
			return changes, err
		}
		updated, changed := apply(listed, changes)
		if !changed {
			return changes, nil
		}
		if ignored++; round == 0 || !sameReferrers(listed, before) {
			ignored = 0
		}
		if ignored == fallbackIgnored {
			return changes, recap.Errorf(recap.Unavailable, "referrer-lost",
				"%s keeps no list of referrers itself, and takes the one under the tag %s without keeping it: stored, but not listed: %s",
				r.full(), fallbackTag(subject), names(changes)).
				WithHint("run the same command again later; if it stays so, no signature can be kept there: ask the registry's operator")
		}
		before = listed
		if err := r.putFallback(ctx, subject, updated); err != nil {
			return changes, err
		}
		// Writers that collided once are spread out further each time.
		settle := fallbackSettle + time.Duration(r.host.Clock().Rand()*float64(fallbackSettle)*float64(round+1))
		if round > 0 {
			r.host.Notices().Retry(r.host.Name(), fmt.Sprintf("the list of referrers under the tag %s isn't the one that was written; written again, looked at again in %s",
				fallbackTag(subject), settle.Round(10*time.Millisecond)), settle)
		}
		if err := r.host.Clock().Sleep(ctx, settle); err != nil {
			return changes, err
		}
	}
	if listed, err := r.taggedReferrers(ctx, subject); err == nil {
		if _, changed := apply(listed, changes); !changed {
			return changes, nil
		}
	}
	return changes, recap.Errorf(recap.Unavailable, "referrer-lost",
		"%s keeps no list of referrers itself, and others overwrite the one under the tag %s: stored, but not listed: %s",
		r.full(), fallbackTag(subject), names(changes)).
		WithHint("run the same command again; let one job at a time sign in this repository")
}

// sameReferrers reports whether a and b list the same manifests in the same order.
func sameReferrers(a, b []ocispec.Descriptor) bool {
	return slices.EqualFunc(a, b, func(a, b ocispec.Descriptor) bool { return a.Digest == b.Digest })
}

func names(changes []*fallbackChange) string {
	s := ""
	for i, c := range changes {
		if i > 0 {
			s += ", "
		}
		s += c.desc.Digest.String()
	}
	return s
}

// apply returns the list with the changes made, and whether it differs.
func apply(listed []ocispec.Descriptor, changes []*fallbackChange) ([]ocispec.Descriptor, bool) {
	updated, changed := slices.Clone(listed), false
	for _, c := range changes {
		at := slices.IndexFunc(updated, func(d ocispec.Descriptor) bool { return d.Digest == c.desc.Digest })
		switch {
		case c.remove && at >= 0:
			updated, changed = slices.Delete(updated, at, at+1), true
		case !c.remove && at < 0:
			updated, changed = append(updated, c.desc), true
		}
	}
	return updated, changed
}

// putFallback writes the index. The one before it is left: deleting it, as
// some clients do, deletes what another client has just tagged again.
func (r *Repository) putFallback(ctx context.Context, subject digest.Digest, listed []ocispec.Descriptor) error {
	if listed == nil {
		listed = []ocispec.Descriptor{}
	}
	data, err := canonical.Marshal(ocispec.Index{
		Versioned: specs.Versioned{SchemaVersion: 2},
		MediaType: ocispec.MediaTypeImageIndex,
		Manifests: listed,
	})
	if err != nil {
		return err
	}
	if len(data) > recap.MaxManifestSize {
		return recap.Errorf(recap.Unsafe, "too-many-referrers", "the list of referrers of %s in %s would be larger than %d bytes", printable.Digest(subject), r.full(), recap.MaxManifestSize)
	}
	desc := ocispec.Descriptor{MediaType: ocispec.MediaTypeImageIndex, Digest: digest.FromBytes(data), Size: int64(len(data))}
	_, err = r.putManifest(ctx, desc, data, fallbackTag(subject))
	return err
}
