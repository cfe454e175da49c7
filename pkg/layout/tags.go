// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package layout

import (
	"context"
	"io"
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/errdef"

	"github.com/recap-oci/recap/pkg/layout/internal/blob"
	"github.com/recap-oci/recap/pkg/layout/internal/index"
	"github.com/recap-oci/recap/pkg/recap"
)

// Tag makes reference, a tag, name the manifest desc, which must be in the
// layout (errdef.ErrNotFound). What had the tag before stays listed without it.
// A reference that is desc's own digest lists desc without a tag. Usage, code
// bad-tag, when reference is neither; what isn't a manifest can't be tagged.
func (s *Store) Tag(ctx context.Context, desc ocispec.Descriptor, reference string) error {
	if err := s.checkTaggable(desc, reference); err != nil {
		return err
	}
	n, err := s.node(ctx, desc)
	if err != nil {
		return err
	}
	entry := n.entry()
	err = s.update(ctx, func(x *index.Index) (bool, error) {
		if reference == desc.Digest.String() {
			return x.Add(entry), nil
		}
		if bad, _ := x.Unreadable(reference); bad != nil {
			return false, s.badEntry(bad)
		}
		return x.SetTag(entry, reference), nil
	})
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.pending, desc.Digest)
	return nil
}

// Untag takes the tag off; the manifest stays listed. An absent tag is
// errdef.ErrNotFound.
func (s *Store) Untag(ctx context.Context, reference string) error {
	if err := s.checkTag(reference); err != nil {
		return err
	}
	return s.update(ctx, func(x *index.Index) (bool, error) {
		if _, err := s.findTag(x, reference); err != nil {
			return false, err
		}
		name := x.NameOf(reference)
		return x.DropName(name), nil
	})
}

// Resolve returns the manifest that reference, a tag or a digest, names. Of the
// descriptor's annotations none is returned: in index.json they say how the
// layout names the manifest, not what it is. A digest is found whether index.json
// lists it or not. errdef.ErrNotFound when there is no such tag or manifest;
// Integrity, code ambiguous-tag, when entries of different manifests share the
// tag, and code bad-entry when one that has it, or may have it where no other has,
// can't be read.
func (s *Store) Resolve(ctx context.Context, reference string) (ocispec.Descriptor, error) {
	if err := ctx.Err(); err != nil {
		return ocispec.Descriptor{}, err
	}
	if reference == "" {
		return ocispec.Descriptor{}, recap.Errorf(recap.Usage, "bad-tag", "layout %q: %w: neither a tag nor a digest", s.path, errdef.ErrMissingReference).
			WithHint("name one: oci-layout://%s:TAG", s.path)
	}
	x, err := s.view()
	if err != nil {
		return ocispec.Descriptor{}, err
	}
	if !strings.Contains(reference, ":") || !isDigest(reference) {
		return s.findTag(x, reference)
	}
	d := digest.Digest(reference)
	for _, e := range x.Entries() {
		if e.Digest == d {
			return plain(e.Descriptor), nil
		}
	}
	if err := blob.CheckDigest(d); err != nil {
		return ocispec.Descriptor{}, s.wrap(err)
	}
	return s.resolveUnlisted(ctx, d)
}

// resolveUnlisted finds a manifest, such as a bundle of a pack, that index.json
// doesn't list; its media type is what it says itself.
func (s *Store) resolveUnlisted(ctx context.Context, d digest.Digest) (ocispec.Descriptor, error) {
	size, err := s.size(d)
	if err != nil {
		return ocispec.Descriptor{}, err
	}
	noManifest := recap.Errorf(recap.NotFound, "not-found", "layout %q: blob %s is not a manifest: %w", s.path, d, errdef.ErrNotFound).
		WithHint("name the digest of a manifest")
	if size > recap.MaxManifestSize {
		return ocispec.Descriptor{}, noManifest
	}
	raw, err := s.readBlob(ctx, ocispec.Descriptor{Digest: d, Size: size})
	if err != nil {
		return ocispec.Descriptor{}, err
	}
	desc := ocispec.Descriptor{MediaType: sniffManifest(raw), Digest: d, Size: size}
	if desc.MediaType == "" {
		return ocispec.Descriptor{}, noManifest
	}
	n, err := parseNode(desc, raw)
	if err != nil {
		return ocispec.Descriptor{}, s.wrap(err)
	}
	return n.desc, nil
}

// FetchReference is Resolve and Fetch.
func (s *Store) FetchReference(ctx context.Context, reference string) (ocispec.Descriptor, io.ReadCloser, error) {
	desc, err := s.Resolve(ctx, reference)
	if err != nil {
		return ocispec.Descriptor{}, nil, err
	}
	r, err := s.Fetch(ctx, desc)
	if err != nil {
		return ocispec.Descriptor{}, nil, err
	}
	return desc, r, nil
}

// Tags calls fn with all tags after last, in byte order. The full reference of
// another tool's entry is given as its tag where that is enough to find it, and
// as it stands otherwise.
func (s *Store) Tags(ctx context.Context, last string, fn func(tags []string) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	x, err := s.view()
	if err != nil {
		return err
	}
	var tags []string
	for tag := range x.Tags() {
		if tag > last {
			tags = append(tags, tag)
		}
	}
	slices.Sort(tags)
	return fn(tags)
}

// findTag looks a tag up, as Resolve documents it.
func (s *Store) findTag(x *index.Index, reference string) (ocispec.Descriptor, error) {
	name := x.NameOf(reference)
	var found *index.Entry
	for i, e := range x.Entries() {
		if name == "" || e.Name() != name {
			continue
		}
		if found != nil && found.Digest != e.Digest {
			return ocispec.Descriptor{}, recap.Errorf(recap.Integrity, "ambiguous-tag", "layout %q: tag %q names both %s and %s", s.path, reference, found.Digest, e.Digest).
				WithHint("name one of them: oci-layout://%s@%s", s.path, found.Digest)
		}
		found = &x.Entries()[i]
	}
	sure, unsure := x.Unreadable(name)
	switch {
	case sure != nil:
		return ocispec.Descriptor{}, s.badEntry(sure)
	case found == nil && unsure != nil:
		return ocispec.Descriptor{}, s.badEntry(unsure)
	case found == nil:
		return ocispec.Descriptor{}, s.noTag(x, reference)
	}
	return plain(found.Descriptor), nil
}

// noTag says that a tag isn't there, and which are.
func (s *Store) noTag(x *index.Index, reference string) error {
	err := recap.Errorf(recap.NotFound, "not-found", "layout %q has no tag %.200q: %w", s.path, reference, errdef.ErrNotFound)
	tags := slices.Sorted(x.Tags())
	switch {
	case len(tags) == 0:
		return err.WithHint("it has no tags at all: push or copy something there first")
	case len(tags) > 5:
		return err.WithHint("it has %d tags, among them %q; all of them: recap list oci-layout://%s", len(tags), tags[len(tags)-5:], s.path)
	}
	return err.WithHint("it has the tags %q", tags)
}

func (s *Store) checkTag(tag string) error {
	if recap.IsTag(tag) {
		return nil
	}
	return recap.Errorf(recap.Usage, "bad-tag", "layout %q: %.200q is not a tag: %w", s.path, tag, errdef.ErrInvalidReference).
		WithHint("a tag is up to 128 letters, digits, dots, hyphens and underscores, and starts with a letter, a digit or an underscore")
}

func (s *Store) checkTaggable(desc ocispec.Descriptor, reference string) error {
	if err := blob.CheckDescriptor(desc); err != nil {
		return s.wrap(err)
	}
	if !recap.IsManifest(desc.MediaType) {
		return recap.Errorf(recap.Usage, "not-a-manifest", "layout %q: %s is of type %.100q, which can't be tagged: %w", s.path, desc.Digest, desc.MediaType, errdef.ErrUnsupported).
			WithHint("tag a manifest")
	}
	if reference == desc.Digest.String() {
		return nil
	}
	return s.checkTag(reference)
}

// isDigest tells a digest, good or bad, from a full reference: both have a
// colon, and an algorithm has neither slash nor dot.
func isDigest(reference string) bool {
	algorithm, _, ok := strings.Cut(reference, ":")
	return ok && (algorithm == "sha256" || algorithm == "sha384" || algorithm == "sha512" || digest.Digest(reference).Validate() == nil)
}

// plain is what a manifest is, without what the layout calls it.
func plain(desc ocispec.Descriptor) ocispec.Descriptor {
	return ocispec.Descriptor{MediaType: desc.MediaType, Digest: desc.Digest, Size: desc.Size, ArtifactType: desc.ArtifactType}
}
