// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package transfer

import (
	"bytes"
	"context"
	"errors"
	"io"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/errdef"
	"oras.land/oras-go/v2/registry"

	"github.com/recap-oci/recap/pkg/artifact"
	"github.com/recap-oci/recap/pkg/recap"
)

// Pinned is a source whose reference has been resolved, once and for all. It
// has no Resolve: what is verified and what is used can only be the same
// digest, whatever happens to the tag meanwhile. The root is served from the
// bytes that resolving it returned, and of the manifests and configs that were
// fetched as many are remembered as are worth it, so that who admits a root and
// who then pulls it ask for them once.
//
// A Pinned is safe for use by several goroutines if its source is.
type Pinned struct {
	src    content.ReadOnlyGraphStorage
	node   *artifact.Node
	legacy func(ctx context.Context, tag string) (*artifact.Node, error) // the one look-up by tag that is left
	memory memory
}

var (
	_ content.ReadOnlyGraphStorage = (*Pinned)(nil)
	_ registry.ReferrerLister      = (*Pinned)(nil)
)

// Resolve asks src what reference, a tag or a digest, names and reads the
// manifest in the same request. The manifest is parsed strictly before
// anything else sees it.
//
// Errors: [recap.NotFound] if there is no such reference, [recap.Integrity] if
// what src answers isn't what it says it is, [recap.Usage] without a reference.
func Resolve(ctx context.Context, src oras.ReadOnlyGraphTarget, reference string) (*Pinned, error) {
	if reference == "" {
		return nil, recap.Errorf(recap.Usage, "no-reference", "resolving: neither a tag nor a digest is given").
			WithHint("add :TAG or @sha256:… to the reference")
	}
	node, err := fetchReference(ctx, src, reference)
	if err != nil {
		return nil, err
	}
	return &Pinned{
		src: src, node: node,
		legacy: func(ctx context.Context, tag string) (*artifact.Node, error) { return fetchReference(ctx, src, tag) },
	}, nil
}

// Root returns the descriptor that the reference resolved to.
func (p *Pinned) Root() ocispec.Descriptor { return p.node.Descriptor }

// Node returns the parsed root.
func (p *Pinned) Node() *artifact.Node { return p.node }

// Fetch returns the content that desc describes. The root, and what is
// remembered, needs no request. A manifest or config that is going to be
// remembered is read and verified before Fetch returns.
func (p *Pinned) Fetch(ctx context.Context, desc ocispec.Descriptor) (io.ReadCloser, error) {
	if content.Equal(desc, p.node.Descriptor) {
		return io.NopCloser(bytes.NewReader(p.node.Raw)), nil
	}
	return p.memory.fetch(ctx, p.src, desc)
}

// Exists reports whether the source has the content that desc describes.
func (p *Pinned) Exists(ctx context.Context, desc ocispec.Descriptor) (bool, error) {
	if content.Equal(desc, p.node.Descriptor) {
		return true, nil
	}
	return p.src.Exists(ctx, desc)
}

// Predecessors returns what points to desc directly. Who looks for signatures
// asks Referrers.
func (p *Pinned) Predecessors(ctx context.Context, desc ocispec.Descriptor) ([]ocispec.Descriptor, error) {
	return p.src.Predecessors(ctx, desc)
}

// Referrers calls fn with the manifests whose subject is desc.
func (p *Pinned) Referrers(ctx context.Context, desc ocispec.Descriptor, artifactType string, fn func([]ocispec.Descriptor) error) error {
	return referrers(ctx, p.src, desc, artifactType, fn)
}

// LegacySignatures resolves the tag under which cosign before version 3 kept the
// signatures of root, sha256-….sig, and returns the manifest that it names. The
// tag is derived from a digest, so that nobody can lead it elsewhere than to
// other signatures, which are verified like any.
//
// Errors: [recap.NotFound] if there are none, [recap.Usage] bad-digest for a
// root whose digest isn't SHA-256, else as those of [Resolve].
func (p *Pinned) LegacySignatures(ctx context.Context, root ocispec.Descriptor) (ocispec.Descriptor, error) {
	if root.Digest.Validate() != nil || root.Digest.Algorithm() != digest.SHA256 {
		return ocispec.Descriptor{}, recap.Errorf(recap.Usage, "bad-digest", "looking for signatures of %q: it is no SHA-256 digest", string(root.Digest))
	}
	node, err := p.legacy(ctx, legacyTag(root))
	if err != nil {
		return ocispec.Descriptor{}, err
	}
	desc := ocispec.Descriptor{MediaType: node.Descriptor.MediaType, Digest: node.Descriptor.Digest, Size: node.Descriptor.Size}
	p.memory.keep(desc, node.Raw)
	return desc, nil
}

// resolver is what a reference is looked up in.
type resolver interface {
	content.Fetcher
	content.Resolver
}

// fetchReference returns the manifest that reference names, in one request
// where src has one for it.
func fetchReference(ctx context.Context, src resolver, reference string) (*artifact.Node, error) {
	desc, raw, err := readReference(ctx, src, reference)
	if err != nil {
		return nil, err
	}
	if want, err := digest.Parse(reference); err == nil && desc.Digest != want {
		return nil, recap.Errorf(recap.Integrity, "digest-mismatch", "asked for %s, was given %s", want, desc.Digest)
	}
	return artifact.Parse(desc, raw)
}

func readReference(ctx context.Context, src resolver, reference string) (ocispec.Descriptor, []byte, error) {
	f, ok := src.(registry.ReferenceFetcher)
	if !ok {
		desc, err := src.Resolve(ctx, reference)
		if err != nil {
			return desc, nil, notFound(err, reference)
		}
		raw, err := artifact.ReadBlob(ctx, src, desc, recap.MaxManifestSize)
		return desc, raw, err
	}
	desc, rc, err := f.FetchReference(ctx, reference)
	if err != nil {
		return desc, nil, notFound(err, reference)
	}
	defer rc.Close()
	// The stream is read by the same function that reads every other small
	// blob, so that its size and digest are checked in one place.
	once := content.FetcherFunc(func(context.Context, ocispec.Descriptor) (io.ReadCloser, error) { return rc, nil })
	raw, err := artifact.ReadBlob(ctx, once, desc, recap.MaxManifestSize)
	return desc, raw, err
}

// notFound gives an absent reference its kind, where the store only said so in
// oras's words.
func notFound(err error, reference string) error {
	var known *recap.Error
	if errors.Is(err, errdef.ErrNotFound) && !errors.As(err, &known) {
		return recap.Errorf(recap.NotFound, "not-found", "%s: %w", reference, err)
	}
	return err
}
