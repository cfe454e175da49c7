// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package reader

import (
	"context"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"

	"github.com/recap-oci/recap/pkg/artifact"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/trust"
)

// Reader reads one recap or one pack that was admitted. It is safe for
// concurrent use if its source is.
type Reader struct {
	src      content.Fetcher
	admitted *trust.Admitted

	// Exactly one of the two is set.
	bundle *artifact.Bundle
	pack   *artifact.Pack
}

// Open reads what was admitted: manifest and config of a bundle; index, and the
// catalog's manifest and config, of a pack. Nothing else is fetched before it is
// asked for.
//
// Errors: [recap.Untrusted] not-admitted for nil or the zero value,
// [recap.Integrity] for what is neither bundle nor pack or hasn't one meaning,
// [recap.NotFound] when src doesn't have it.
func Open(ctx context.Context, src content.Fetcher, admitted *trust.Admitted) (*Reader, error) {
	if err := admitted.Check(); err != nil {
		return nil, err
	}
	root := admitted.Root()
	if src == nil {
		return nil, recap.Errorf(recap.Usage, "no-source", "reading %s: no source is given", root.Digest)
	}
	r := &Reader{src: src, admitted: admitted}
	var err error
	// The two kinds never share a media type, and opening holds the root to it.
	if root.MediaType == ocispec.MediaTypeImageIndex {
		r.pack, err = artifact.OpenPack(ctx, src, root)
	} else {
		r.bundle, err = artifact.Open(ctx, src, root)
	}
	if err != nil {
		return nil, err
	}
	return r, nil
}

// Admitted returns who vouched for what is read here: of a recap within a pack,
// for the pack.
func (r *Reader) Admitted() *trust.Admitted { return r.admitted }

// Root returns the descriptor of what is read here: media type, digest, size.
func (r *Reader) Root() ocispec.Descriptor {
	desc := r.node().Descriptor
	return ocispec.Descriptor{MediaType: desc.MediaType, Digest: desc.Digest, Size: desc.Size}
}

func (r *Reader) node() *artifact.Node {
	if r.pack != nil {
		return r.pack.Node
	}
	return r.bundle.Node
}

// Kind returns whether this is a recap ([artifact.KindBundle]) or a pack
// ([artifact.KindPack]).
func (r *Reader) Kind() artifact.Kind { return r.node().Kind() }

// Version returns the version that it states, empty where it states none. That
// of a recap is as its publisher wrote it.
func (r *Reader) Version() string {
	if r.pack != nil {
		return r.pack.Meta.Version
	}
	return r.bundle.Version()
}

// Config returns the config as it was published, fields that this version
// doesn't know included. It must not be changed.
func (r *Reader) Config() []byte {
	if r.pack != nil {
		return r.pack.Config
	}
	return r.bundle.Config
}

// Annotations returns what the manifest states about itself, nil where it states
// nothing. They must not be changed.
func (r *Reader) Annotations() map[string]string { return r.node().Annotations() }
