// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package target

import (
	"context"
	"io"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/errdef"

	"github.com/recap-oci/recap/pkg/layout"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/target/internal/printable"
)

// layoutStore is a layout with what only a registry has.
type layoutStore struct{ *layout.Store }

func openLayout(ctx context.Context, ref Reference, write bool) (storage, error) {
	var store *layout.Store
	var err error
	if write {
		store, err = layout.CreateContext(ctx, ref.Path, layout.Options{})
	} else {
		store, err = layout.Open(ref.Path, layout.Options{})
	}
	if err != nil {
		return nil, err
	}
	return layoutStore{store}, nil
}

// Mount pushes getContent's content: a layout has no other repositories.
func (s layoutStore) Mount(ctx context.Context, desc ocispec.Descriptor, fromRepo string, getContent func() (io.ReadCloser, error)) error {
	if getContent == nil {
		return recap.Errorf(recap.Usage, "no-mount", "mounting %s from %s: a layout has no other repositories: %w", printable.Digest(desc.Digest), printable.Quote(fromRepo), errdef.ErrUnsupported)
	}
	content, err := getContent()
	if err != nil {
		return err
	}
	defer func() { _ = content.Close() }()
	return s.Push(ctx, desc, content)
}
