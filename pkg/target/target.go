// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package target

import (
	"context"
	"io"
	"slices"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/registry"
)

// Target is one repository, or one layout. Its methods are oras's; those on
// storages that are full, absent or closed to us return errors that can be
// tested for as [recap.Kind] and, where oras has one, as its errdef sentinel.
//
// Push and PushReference replay an io.Seeker when an attempt fails, and hold
// small contents in memory to do the same; a large stream that can't seek gets
// one attempt.
//
// [recap.Kind]: https://pkg.go.dev/github.com/recap-oci/recap/pkg/recap#Kind
type Target struct {
	store storage
	ref   Reference
}

// storage is what both a repository and a layout can do.
type storage interface {
	oras.GraphTarget
	registry.ReferrerLister
	registry.ReferencePusher
	registry.ReferenceFetcher
	registry.Mounter
	registry.TagLister
	content.Deleter
	content.Untagger
	Commit(ctx context.Context) error
	Close() error
}

var _ storage = (*Target)(nil)

// Reference returns what the Target was opened with.
func (t *Target) Reference() Reference { return t.ref }

// Fetch opens what desc names. The bytes are bounded by desc.Size but not
// verified: read them through content.VerifyReader or artifact.ReadBlob. A
// stream of a registry that breaks off is taken up again where it broke.
//
// An open stream holds one of the host's places for reading until it is read
// to its end or closed.
//
// Errors: recap.NotFound (also errdef.ErrNotFound), recap.Integrity for a size
// that differs, recap.Denied, recap.Unavailable.
func (t *Target) Fetch(ctx context.Context, desc ocispec.Descriptor) (io.ReadCloser, error) {
	return t.store.Fetch(ctx, desc)
}

// Exists reports whether desc is there, with the right size. A registry is
// asked; whether its bytes match is known when they are read.
func (t *Target) Exists(ctx context.Context, desc ocispec.Descriptor) (bool, error) {
	return t.store.Exists(ctx, desc)
}

// Whole reports, of each of roots, whether all is there that it leads to. A layout
// is looked through; a registry vouches for what it took, and isn't asked.
func (t *Target) Whole(ctx context.Context, roots []ocispec.Descriptor) ([]bool, error) {
	if l, ok := t.store.(layoutStore); ok {
		return l.Whole(ctx, roots)
	}
	return slices.Repeat([]bool{true}, len(roots)), nil
}

// Push stores content under its digest: a manifest by one PUT, a blob by POST
// and PUT, without asking first whether it is there. Only a blob of more than
// 8 MiB is asked about, beside the POST.
//
// A manifest with a subject is entered into the subject's fallback index where
// the registry does not keep one, and looked at again until it stays there:
// recap.Unavailable with code referrer-lost otherwise. A manifest that lists
// what the registry lacks is recap.NotFound with code child-missing.
func (t *Target) Push(ctx context.Context, desc ocispec.Descriptor, content io.Reader) error {
	return t.store.Push(ctx, desc, content)
}

// Resolve returns the descriptor of the manifest that reference, a tag or a
// digest, names. The registry's word is taken for it (one HEAD); use
// FetchReference where a digest is to be relied upon.
func (t *Target) Resolve(ctx context.Context, reference string) (ocispec.Descriptor, error) {
	return t.store.Resolve(ctx, reference)
}

// Tag points reference at the manifest desc: one PUT of its bytes when this
// Target pushed or fetched it, a GET before it otherwise.
func (t *Target) Tag(ctx context.Context, desc ocispec.Descriptor, reference string) error {
	return t.store.Tag(ctx, desc, reference)
}

// Untag removes a tag and leaves what it pointed at.
func (t *Target) Untag(ctx context.Context, reference string) error {
	return t.store.Untag(ctx, reference)
}

// Delete removes a manifest or blob by digest. A registry that does not allow
// it is recap.Denied with code delete-unsupported.
func (t *Target) Delete(ctx context.Context, desc ocispec.Descriptor) error {
	return t.store.Delete(ctx, desc)
}

// Predecessors returns the referrers of desc in a registry, and everything
// that lists desc, indexes included, in a layout. Use Referrers.
func (t *Target) Predecessors(ctx context.Context, desc ocispec.Descriptor) ([]ocispec.Descriptor, error) {
	return t.store.Predecessors(ctx, desc)
}

// Referrers calls fn with the manifests whose subject is desc and whose type
// is artifactType, or all when that is empty. A registry's API and its
// fallback tag are asked side by side and united.
//
// Errors: recap.Unavailable when either could not be asked, never an empty
// list; recap.Unsafe with code too-many-referrers beyond recap.MaxReferrers,
// or recap.MaxReferrerPages pages.
func (t *Target) Referrers(ctx context.Context, desc ocispec.Descriptor, artifactType string, fn func([]ocispec.Descriptor) error) error {
	return t.store.Referrers(ctx, desc, artifactType, fn)
}

// FetchReference fetches the manifest that reference names in one request. The
// descriptor's digest is computed from the bytes; a registry that states
// another, or serves other bytes than a digest asked for, is recap.Integrity
// with code digest-mismatch. More than recap.MaxManifestSize is recap.Unsafe
// with code too-large.
func (t *Target) FetchReference(ctx context.Context, reference string) (ocispec.Descriptor, io.ReadCloser, error) {
	return t.store.FetchReference(ctx, reference)
}

// PushReference stores a manifest under a tag, in one request.
func (t *Target) PushReference(ctx context.Context, desc ocispec.Descriptor, content io.Reader, reference string) error {
	return t.store.PushReference(ctx, desc, content, reference)
}

// Mount takes a blob over from another repository of the same registry. When
// the registry does not, the content is pushed: getContent's, or when that is
// nil, what is fetched from fromRepo.
func (t *Target) Mount(ctx context.Context, desc ocispec.Descriptor, fromRepo string, getContent func() (io.ReadCloser, error)) error {
	return t.store.Mount(ctx, desc, fromRepo, getContent)
}

// Tags calls fn with the tags that sort after last, page by page. More than
// 100 pages, or a page with nothing new, is recap.Unsafe with code
// too-many-pages.
func (t *Target) Tags(ctx context.Context, last string, fn func([]string) error) error {
	return t.store.Tags(ctx, last, fn)
}

// Commit makes what was pushed visible: an archive is written by it. It is to
// be called once, after the last tag.
func (t *Target) Commit(ctx context.Context) error { return t.store.Commit(ctx) }

// Close gives back what the Target holds. What was not committed to an archive
// is dropped.
func (t *Target) Close() error { return t.store.Close() }
