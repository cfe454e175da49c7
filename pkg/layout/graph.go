// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package layout

import (
	"bytes"
	"context"
	"errors"
	"slices"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/errdef"

	"github.com/recap-oci/recap/pkg/internal/durable"
	"github.com/recap-oci/recap/pkg/layout/internal/blob"
	"github.com/recap-oci/recap/pkg/layout/internal/index"
	"github.com/recap-oci/recap/pkg/recap"
)

// Bounds of what is read for one question about the graph.
const (
	maxWalk = 50_000 // manifests; stops a hostile graph from being walked for ever

	// Unlisted referrers, as cosign save leaves them, are looked for among the
	// blobs of a small layout. A larger one wasn't made by such a tool.
	maxScanBlobs = 2_000
	maxScanSize  = 64 << 10 // bytes; a referrer's manifest has one or two thousand
)

// Referrers calls fn with the manifests whose subject is desc, and which have
// the artifact type asked for if one is; each with its artifact type and
// annotations, in order of digest. fn isn't called when there are none.
//
// They are found in index.json; through the referrers tag (sha256-…) that some
// tools write; and, in a layout of at most 2,000 blobs, among those that nothing
// lists, as in what cosign save writes.
//
// An untagged manifest that is listed and can't be read might be a referrer of
// desc, unless its entry says otherwise; a tagged one is, where its entry says so. Then the error says so: an incomplete
// answer would look like "unsigned".
func (s *Store) Referrers(ctx context.Context, desc ocispec.Descriptor, artifactType string, fn func(referrers []ocispec.Descriptor) error) error {
	if err := blob.CheckDescriptor(desc); err != nil {
		return s.wrap(err)
	}
	found, err := s.referrers(ctx, desc.Digest)
	if err != nil {
		return err
	}
	var referrers []ocispec.Descriptor
	for _, n := range found {
		if artifactType != "" && n.desc.ArtifactType != artifactType {
			continue
		}
		d := n.desc
		d.Annotations = n.annotations
		referrers = append(referrers, d)
	}
	if len(referrers) == 0 {
		return nil
	}
	return fn(referrers)
}

// Predecessors returns the manifests that contain or refer to desc: indexes,
// manifests and referrers, of those that index.json lists, what they contain,
// and what was pushed through this store. It reads manifests until it knows, so
// in a large layout Referrers is the better question.
func (s *Store) Predecessors(ctx context.Context, desc ocispec.Descriptor) ([]ocispec.Descriptor, error) {
	if err := blob.CheckDescriptor(desc); err != nil {
		return nil, s.wrap(err)
	}
	referrers, err := s.referrers(ctx, desc.Digest)
	if err != nil {
		return nil, err
	}
	found := make(map[digest.Digest]ocispec.Descriptor)
	for _, n := range referrers {
		found[n.desc.Digest] = n.desc
	}
	err = s.walk(ctx, func(n *node) error {
		points := func(d ocispec.Descriptor) bool { return d.Digest == desc.Digest }
		if slices.ContainsFunc(n.blobs, points) || slices.ContainsFunc(n.members, points) {
			found[n.desc.Digest] = n.desc
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	list := make([]ocispec.Descriptor, 0, len(found))
	for _, d := range found {
		list = append(list, d)
	}
	slices.SortFunc(list, func(a, b ocispec.Descriptor) int { return bytes.Compare([]byte(a.Digest), []byte(b.Digest)) })
	return list, nil
}

// walk calls fn with every manifest that is listed, pushed through this store,
// or contained in such a one, each once. What is missing is passed over, as a
// layout may lack what an index contains; what is damaged is too.
func (s *Store) walk(ctx context.Context, fn func(n *node) error) error {
	x, err := s.view()
	if err != nil {
		return err
	}
	var queue []ocispec.Descriptor
	for _, e := range x.Entries() {
		queue = append(queue, e.Descriptor)
	}
	s.mu.RLock()
	for _, desc := range s.pending {
		queue = append(queue, desc)
	}
	s.mu.RUnlock()
	seen := make(map[digest.Digest]bool)
	for len(queue) > 0 {
		desc := queue[0]
		queue = queue[1:]
		if seen[desc.Digest] || !recap.IsManifest(desc.MediaType) {
			continue
		}
		seen[desc.Digest] = true
		if len(seen) > maxWalk {
			return recap.Errorf(recap.Unsafe, "too-many-manifests", "layout %q: more than %d manifests", s.path, maxWalk).
				WithHint("split the layout: copy what you need into another one")
		}
		n, err := s.node(ctx, desc)
		if err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			continue
		}
		if err := fn(n); err != nil {
			return err
		}
		queue = append(queue, n.members...)
	}
	return nil
}

// referrers returns the manifests whose subject is d, in order of digest.
func (s *Store) referrers(ctx context.Context, d digest.Digest) ([]*node, error) {
	x, err := s.view()
	if err != nil {
		return nil, err
	}
	found := make(map[digest.Digest]*node)
	listed := make(map[digest.Digest]bool)
	for _, e := range x.Entries() {
		if hint := e.Annotations[annotationSubject]; listed[e.Digest] || hint != "" && hint != d.String() {
			continue
		}
		listed[e.Digest] = true
		n, err := s.node(ctx, e.Descriptor)
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case err == nil && n.subject == d:
			found[e.Digest] = n
		case err != nil && (e.Name() == "" || e.Annotations[annotationSubject] != ""):
			return nil, couldNotLook(d, err)
		}
	}
	for _, bad := range x.Bad() {
		name, _ := bad.Name()
		if hint, _ := bad.Annotation(annotationSubject); hint == d.String() || name == "" && hint == "" {
			return nil, couldNotLook(d, s.badEntry(bad.Err)).WithHint("%s", s.withoutBad())
		}
	}
	if err := s.referrersTag(ctx, x, d, found); err != nil {
		return nil, err
	}
	if err := s.unlistedReferrers(ctx, d, listed, found); err != nil {
		return nil, err
	}
	list := make([]*node, 0, len(found))
	for _, n := range found {
		list = append(list, n)
	}
	slices.SortFunc(list, func(a, b *node) int { return bytes.Compare([]byte(a.desc.Digest), []byte(b.desc.Digest)) })
	return list, nil
}

// referrersTag adds what an index under the [referrers tag] lists.
//
// [referrers tag]: https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#referrers-tag-schema
func (s *Store) referrersTag(ctx context.Context, x *index.Index, d digest.Digest, found map[digest.Digest]*node) error {
	tag := string(d.Algorithm()) + "-" + d.Encoded()
	if x.NameOf(tag) == "" {
		return nil
	}
	desc, err := s.findTag(x, tag)
	if err != nil {
		return err
	}
	list, err := s.node(ctx, desc)
	if err != nil {
		return couldNotLook(d, err)
	}
	for _, member := range list.members {
		n, err := s.node(ctx, member)
		switch {
		case err == nil && n.subject == d:
			found[member.Digest] = n
		case err != nil && !errors.Is(err, errdef.ErrNotFound): // it may have been deleted since
			return couldNotLook(d, err)
		}
	}
	return nil
}

// unlistedReferrers adds what lies among the blobs of a small layout. Blobs of
// which nothing is known are judged by their content alone, so nothing about
// them is an error.
func (s *Store) unlistedReferrers(ctx context.Context, d digest.Digest, listed map[digest.Digest]bool, found map[digest.Digest]*node) error {
	places, err := s.places()
	if err != nil {
		return err
	}
	var candidates []ocispec.Descriptor
	count := 0
	for _, p := range places {
		err := p.Each(func(_ string, one digest.Digest) error {
			if count++; count > maxScanBlobs {
				return errEnough
			}
			if listed[one] || blob.CheckDigest(one) != nil {
				return nil //nolint:nilerr // a file whose name is no digest is no blob
			}
			if size, err := p.Stat(one); err == nil && size <= maxScanSize {
				candidates = append(candidates, ocispec.Descriptor{Digest: one, Size: size})
			}
			return nil
		})
		if err != nil && !errors.Is(err, errEnough) {
			return s.wrap(durable.Explain(err))
		}
	}
	if count > maxScanBlobs {
		return nil
	}
	for _, desc := range candidates {
		if n := s.nodes.get(desc.Digest); n != nil {
			if n.subject == d {
				found[desc.Digest] = n
			}
			continue
		}
		raw, err := s.readBlob(ctx, desc)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil || !bytes.Contains(raw, []byte(`"subject"`)) || !bytes.Contains(raw, []byte(d)) {
			continue
		}
		desc.MediaType = sniffManifest(raw)
		if n, err := parseNode(desc, raw); err == nil && desc.MediaType != "" && n.subject == d {
			s.nodes.put(n)
			found[desc.Digest] = n
		}
	}
	return nil
}

func couldNotLook(d digest.Digest, err error) *recap.Error {
	return recap.Errorf(recap.Integrity, "referrers-unavailable", "looking for the referrers of %s: one that is listed can't be read: %w", d, err).
		WithHint("push or copy there again what is damaged, or delete that digest")
}
