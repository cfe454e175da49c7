// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package transfer

import (
	"bytes"
	"context"
	"errors"
	"io"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/recap-oci/recap/pkg/artifact"
	"github.com/recap-oci/recap/pkg/folder"
	"github.com/recap-oci/recap/pkg/recap"
)

// folderContent is the store as a folder reads it: by path.
type folderContent struct {
	fetcher *fetcher
	files   map[string]file
}

var _ folder.Content = (*folderContent)(nil)

func newFolderContent(fetcher *fetcher, files []file) *folderContent {
	c := &folderContent{fetcher: fetcher, files: make(map[string]file, len(files))}
	for _, f := range files {
		c.files[f.path] = f
	}
	return c
}

// Open returns the content of row from the store.
func (c *folderContent) Open(ctx context.Context, row folder.File) (io.ReadCloser, error) {
	f := c.files[row.Path]
	switch {
	case f.within != nil:
		config, err := artifact.ReadConfig(ctx, c.fetcher.store, f.within)
		if err != nil {
			return nil, err
		}
		return io.NopCloser(bytes.NewReader(config)), nil
	case f.blob.Size == 0:
		return io.NopCloser(bytes.NewReader(nil)), nil
	}
	return c.fetcher.store.Fetch(ctx, f.blob)
}

// Mend fetches again what the store has damaged or, if it was believed to be there
// and isn't wanted elsewhere, lacks.
func (c *folderContent) Mend(ctx context.Context, row folder.File, err error) error {
	if !errors.Is(err, recap.Integrity) && !isNotFound(err) {
		return err
	}
	return c.fetcher.fetch(ctx, c.source(row))
}

// source is the blob that row is made from.
func (c *folderContent) source(row folder.File) ocispec.Descriptor {
	f := c.files[row.Path]
	if f.within != nil {
		return f.within.Manifest.Config
	}
	return f.blob
}
