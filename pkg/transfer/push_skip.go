// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package transfer

import (
	"context"
	"errors"
	"slices"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/recap-oci/recap/pkg/artifact"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/trust"
)

// skip reports whether the destination says already what is to be pushed, and
// fills in the result when it does.
func (p *pusher) skip(ctx context.Context) (bool, error) {
	published, ok := p.published()
	if !ok {
		return false, nil
	}
	for _, d := range published {
		same, err := p.says(ctx, d)
		if err != nil || !same {
			return false, err
		}
	}
	for _, tag := range p.tags {
		p.result.Tags = append(p.result.Tags, TagMove{Tag: tag, Previous: p.held.tags[tag]})
	}
	// Whoever wants to know what stands in the registry is told that, not what
	// would stand there.
	p.result.Digest = published[0]
	p.result.Reused = tally(p.g.Nodes())
	p.result.Unchanged, p.result.Skipped = true, true
	return true, nil
}

// published returns the digests that the push is compared with, each once; ok is
// false where a tag is missing, so that there is something to publish.
func (p *pusher) published() (digests []digest.Digest, ok bool) {
	seen := map[digest.Digest]bool{}
	for _, tag := range p.tags {
		now, ok := p.held.tags[tag]
		if !ok {
			return nil, false
		}
		if !seen[now] {
			seen[now] = true
			digests = append(digests, now)
		}
	}
	if len(p.tags) == 0 && len(p.opts.Bases) > 0 {
		digests = append(digests, p.opts.Bases[0].Descriptor.Digest)
	}
	return digests, len(digests) > 0
}

// says reports whether the root d of the destination is what is to be pushed, or
// a pack of the same members and metadata. A catalog that isn't there or isn't
// one says nothing.
func (p *pusher) says(ctx context.Context, d digest.Digest) (bool, error) {
	if d == p.root.Descriptor.Digest {
		return p.sealed(ctx, p.root.Descriptor)
	}
	own := p.g.Pack()
	base := p.held.node(d)
	if own == nil || base == nil || base.Kind() != artifact.KindPack {
		return false, nil
	}
	catalog, err := artifact.FetchNode(ctx, p.dst, base.Index.Manifests[0])
	switch {
	case errors.Is(err, recap.Integrity), errors.Is(err, recap.Unsafe), isNotFound(err):
		return false, nil
	case err != nil:
		return false, err
	}
	if catalog.Kind() != artifact.KindCatalog || base.Form != own.Node.Form {
		return false, nil
	}
	// The catalog's config is the members and all that is said about them, in either
	// form.
	if catalog.Manifest.Config.Digest != own.Catalog.Manifest.Config.Digest {
		return false, nil
	}
	return p.sealed(ctx, base.Descriptor)
}

// sealed reports whether there is a signature or attestation of root, which the
// destination has, or none is meant to be. That something else refers to it, such as
// the report of a scanner, says nothing.
func (p *pusher) sealed(ctx context.Context, root ocispec.Descriptor) (bool, error) {
	if isUnsigned(p.seal) {
		return true, nil
	}
	found := false
	err := referrers(ctx, p.dst, root, "", func(page []ocispec.Descriptor) error {
		found = found || slices.ContainsFunc(page, func(desc ocispec.Descriptor) bool { return desc.ArtifactType == trust.MediaTypeBundle })
		return nil
	})
	return found, err
}

// node returns the root d that was read, or nil.
func (h *held) node(d digest.Digest) *artifact.Node {
	for _, n := range h.roots {
		if n.Descriptor.Digest == d {
			return n
		}
	}
	return nil
}
