// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package target

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"oras.land/oras-go/v2"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/errdef"
	"oras.land/oras-go/v2/registry"

	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/recaptest"
)

// The interfaces are promised; a struct that embeds one would lose the others.
var (
	_ oras.GraphTarget          = (*Target)(nil)
	_ registry.ReferrerLister   = (*Target)(nil)
	_ registry.ReferencePusher  = (*Target)(nil)
	_ registry.ReferenceFetcher = (*Target)(nil)
	_ registry.Mounter          = (*Target)(nil)
	_ registry.TagLister        = (*Target)(nil)
	_ content.Deleter           = (*Target)(nil)
	_ content.Untagger          = (*Target)(nil)
)

func TestLayoutTarget(t *testing.T) {
	c, _ := newTestClient(t, Options{})
	path := t.TempDir() + "/out"
	ref, err := ParseReference(LayoutScheme + path + ":v1")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Open(t.Context(), ref); !errors.Is(err, recap.NotFound) {
		t.Errorf("Open of a layout that isn't there: %v", err)
	}
	dst, err := c.Create(t.Context(), ref)
	if err != nil {
		t.Fatal(err)
	}
	desc, data := recaptest.ManifestOf(t, "one", nil)
	pushAll(t, dst, desc, data)
	if err := dst.Tag(t.Context(), desc, "v1"); err != nil {
		t.Fatal(err)
	}
	hello := []byte("hello")
	if err := dst.Mount(t.Context(), recaptest.BlobOf(hello), "a", func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(hello)), nil }); err != nil {
		t.Fatal(err)
	}
	if err := dst.Mount(t.Context(), recaptest.BlobOf(hello), "a", nil); !errors.Is(err, errdef.ErrUnsupported) {
		t.Errorf("Mount of nothing: %v", err)
	}
	if err := dst.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := dst.Close(); err != nil {
		t.Fatal(err)
	}
	src, err := c.Open(t.Context(), ref)
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	if got, err := src.Resolve(t.Context(), "v1"); err != nil || got.Digest != desc.Digest {
		t.Errorf("Resolve: %v, %v", got, err)
	}
}
