// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"context"
	"fmt"

	"github.com/opencontainers/go-digest"
	"oras.land/oras-go/v2/content"

	"github.com/recap-oci/recap/pkg/artifact"
	"github.com/recap-oci/recap/pkg/document"
	"github.com/recap-oci/recap/pkg/recap"
)

// Source is a member with what chunks and facts are derived from.
type Source struct {
	Recap    *recap.Recap
	Digest   digest.Digest // of the bundle's manifest
	Document *document.Document
	Metadata []byte // recap.yaml; nil where the facts stand in the front matter

	Names    *recap.Names       // what its names mean in the pack
	Defaults recap.PackDefaults // of the pack
}

// ReadSource reads from src what chunks and facts of a bundle are derived from: the
// document, and the file of metadata where there is one. A document that
// [document.Parse] refuses can be neither split nor cited, and is an error of
// kind [recap.Unsafe], document-refused.
func ReadSource(ctx context.Context, src content.Fetcher, bundle *artifact.Bundle, p *recap.Pack, names *recap.Glossary) (*Source, error) {
	s := &Source{Recap: bundle.Recap, Digest: bundle.Node.Descriptor.Digest, Names: names.Names(bundle.Recap), Defaults: p.Defaults}
	text, err := readFile(ctx, src, bundle, recap.DocumentPath, recap.MaxDocumentSize)
	if err != nil {
		return nil, err
	}
	if s.Document, err = document.Parse(text); err != nil {
		return nil, recap.Errorf(recap.Unsafe, "document-refused", "%s of recap %s: %w", recap.DocumentPath, bundle.Recap.Slug, err)
	}
	for _, f := range bundle.Recap.Files {
		if f.Path == recap.MetadataPath && f.Role == recap.RoleMetadata && f.Size > 0 {
			s.Metadata, err = readFile(ctx, src, bundle, f.Path, recap.MaxFrontMatterSize)
		}
	}
	return s, err
}

func readFile(ctx context.Context, src content.Fetcher, bundle *artifact.Bundle, path string, limit int64) ([]byte, error) {
	layer, _ := bundle.Layer(recap.File{Path: path})
	raw, err := artifact.ReadBlob(ctx, src, layer, limit)
	if err != nil {
		return nil, fmt.Errorf("reading %s of recap %s: %w", path, bundle.Recap.Slug, err)
	}
	return raw, nil
}
