// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package transfer

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2"
	"oras.land/oras-go/v2/registry"

	"github.com/recap-oci/recap/pkg/internal/tasks"
	"github.com/recap-oci/recap/pkg/recap"
)

// ListOptions are the options of [List].
type ListOptions struct {
	// Digests asks what each tag names, a request for each of them.
	Digests bool
}

// ListResult is the tags of a repository.
type ListResult struct {
	Tags []TagEntry `json:"tags"`
}

// TagEntry is one tag; what it names is there if it was asked for.
type TagEntry struct {
	Tag       string        `json:"tag"`
	Digest    digest.Digest `json:"digest,omitempty"`
	MediaType string        `json:"mediaType,omitempty"`
	Size      int64         `json:"size,omitempty"` // bytes of the manifest

	// Unreadable is why it can't be told what the tag names.
	Unreadable string `json:"unreadable,omitempty"`
}

// List returns the tags of a repository: versions first, the newest at the top,
// then the others by name. Tags under which registries and cosign keep
// signatures of a digest are left out. A tag that is deleted while its digest is
// asked for is left out too.
//
// Where what a tag names can't be read, all tags are returned and, with them, the
// error of the first such, of kind [recap.Integrity] or [recap.Unsafe]: each says why
// in its entry. With any other error there are no tags.
//
// Errors: [recap.NotFound] without such a repository, [recap.Usage]
// list-unsupported for a source that can't list, [recap.Unsafe] too-many-tags.
func List(ctx context.Context, src oras.ReadOnlyGraphTarget, opts ListOptions) (ListResult, error) {
	lister, ok := src.(registry.TagLister)
	if !ok {
		return ListResult{}, recap.Errorf(recap.Usage, "list-unsupported", "listing tags: the source has no list of them")
	}
	tags, err := listTags(ctx, lister)
	if err != nil {
		return ListResult{}, err
	}
	tags = slices.DeleteFunc(tags, isDigestTag)
	slices.SortFunc(tags, compareTags)
	tags = slices.Compact(tags)

	result := ListResult{Tags: make([]TagEntry, len(tags))}
	for i, tag := range tags {
		result.Tags[i].Tag = tag
	}
	if !opts.Digests {
		return result, nil
	}
	errs := make([]error, len(result.Tags)) // of those that can't be read
	group, gctx := tasks.WithContext(ctx)
	group.SetLimit(atOnce)
	for i := range result.Tags {
		entry := &result.Tags[i]
		group.Go(func() error {
			desc, err := src.Resolve(gctx, entry.Tag)
			switch {
			case isNotFound(err):
				return nil
			case errors.Is(err, recap.Integrity), errors.Is(err, recap.Unsafe):
				entry.Unreadable, errs[i] = err.Error(), err
				return nil
			case err != nil:
				return err
			}
			entry.fill(desc)
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return ListResult{}, err
	}
	result.Tags = slices.DeleteFunc(result.Tags, func(e TagEntry) bool { return e.Digest == "" && e.Unreadable == "" })
	return result, cmp.Or(errs...)
}

func (e *TagEntry) fill(desc ocispec.Descriptor) {
	e.Digest, e.MediaType, e.Size = desc.Digest, desc.MediaType, desc.Size
}
