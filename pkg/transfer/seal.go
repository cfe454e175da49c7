// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package transfer

import (
	"context"
	"io"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/registry"

	"github.com/recap-oci/recap/pkg/trust"
)

// Sealer signs root, which dst already holds, and attests to it. [Push] calls
// it between the root and the first tag; an error keeps every tag where it was.
// A [trust.Sealer] is one, [Unsigned] is the other.
//
// Sealing is idempotent: Push asks for it also when root was there before.
type Sealer interface {
	Seal(ctx context.Context, dst content.GraphStorage, root ocispec.Descriptor) (trust.Report, error)
}

// Unsigned is the [Sealer] of whoever doesn't sign, spelt out. Consumers with a
// policy will refuse what it leaves unsigned. Push knows it: nobody will refer
// to the root before its tag does, so both go up in one request.
type Unsigned struct{}

// Seal adds nothing.
func (Unsigned) Seal(context.Context, content.GraphStorage, ocispec.Descriptor) (trust.Report, error) {
	return trust.Report{}, nil
}

func isUnsigned(s Sealer) bool {
	_, ok := s.(Unsigned)
	return ok
}

// sealStore is what a Sealer sees of a destination: everything but tags. It is a
// type of its own, not a narrower interface, so that no type assertion finds
// the way back.
type sealStore struct {
	dst content.GraphStorage
}

var (
	_ content.GraphStorage    = (*sealStore)(nil)
	_ registry.ReferrerLister = (*sealStore)(nil)
)

func (s *sealStore) Fetch(ctx context.Context, desc ocispec.Descriptor) (io.ReadCloser, error) {
	return s.dst.Fetch(ctx, desc)
}

func (s *sealStore) Exists(ctx context.Context, desc ocispec.Descriptor) (bool, error) {
	return s.dst.Exists(ctx, desc)
}

func (s *sealStore) Push(ctx context.Context, desc ocispec.Descriptor, r io.Reader) error {
	return s.dst.Push(ctx, desc, r)
}

func (s *sealStore) Predecessors(ctx context.Context, desc ocispec.Descriptor) ([]ocispec.Descriptor, error) {
	return s.dst.Predecessors(ctx, desc)
}

func (s *sealStore) Referrers(ctx context.Context, desc ocispec.Descriptor, artifactType string, fn func([]ocispec.Descriptor) error) error {
	return referrers(ctx, s.dst, desc, artifactType, fn)
}

// referrers lists what refers to desc: by the store's own listing where it has
// one, otherwise from its predecessors with the subject checked.
func referrers(ctx context.Context, src content.ReadOnlyGraphStorage, desc ocispec.Descriptor, artifactType string, fn func([]ocispec.Descriptor) error) error {
	if l, ok := src.(registry.ReferrerLister); ok {
		return l.Referrers(ctx, desc, artifactType, fn)
	}
	found, err := registry.Referrers(ctx, src, desc, artifactType)
	if err != nil || len(found) == 0 {
		return err
	}
	return fn(found)
}
