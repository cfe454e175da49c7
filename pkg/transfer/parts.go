// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package transfer

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/errdef"

	"github.com/recap-oci/recap/pkg/artifact"
	"github.com/recap-oci/recap/pkg/internal/tasks"
	"github.com/recap-oci/recap/pkg/recap"
)

// What a pull of the metadata alone writes: one for each recap, and one for the
// pack that they are from.
const (
	metadataFile     = "recap.json"
	packMetadataFile = "pack.json"
)

// maxParts bounds the manifests of a pack's members, which are held in memory: 5,000
// of 25 files each.
const maxParts = 64 << 20 // bytes

// writers is how many configs are decoded at once, each of which takes memory.
const writers = 8

// part is one bundle of what is pulled: the root itself, or a member of a pack.
type part struct {
	dir  string // of a member: where it is written to
	node *artifact.Node

	// What its config says, once it is opened.
	title, slug, version string
	metadata             file

	files []file // that are selected
	total int    // how many there are
}

// path returns where a file of the part is written to.
func (t *part) path(name string) string {
	if t.dir == "" {
		return name
	}
	return t.dir + "/" + name
}

// openPack opens the pack, once; a bundle is none.
func (p *puller) openPack(ctx context.Context) (err error) {
	if p.pack == nil && p.isPack() {
		p.pack, err = artifact.OpenPack(ctx, withRoot{p.fetcher.src, p.root}, p.root.Descriptor)
	}
	return err
}

// findParts finds out which bundles are wanted and reads their manifests. Only
// where some of a pack's are, the pack has to be open.
func (p *puller) findParts(ctx context.Context) error {
	switch {
	case !p.isPack():
		p.parts = []*part{{node: p.root}}
		return nil
	case !p.opts.Selection.IsPart():
		return p.readParts(ctx, p.root.Index.Manifests[1:])
	}
	rows, err := p.pack.Select(p.opts.Selection)
	if err != nil {
		return err
	}
	descs := make([]ocispec.Descriptor, len(rows))
	for i, row := range rows {
		descs[i], _ = p.pack.Member(row.Slug)
	}
	return p.readParts(ctx, descs)
}

// readParts reads manifests of members, at once.
func (p *puller) readParts(ctx context.Context, descs []ocispec.Descriptor) error {
	var size int64
	for _, desc := range descs {
		if size += desc.Size; size > maxParts {
			return recap.Errorf(recap.Unsafe, "too-large", "the manifests of its recaps have more than %d bytes", int64(maxParts)).
				WithHint("take a part of it: --recap SLUG, --event ID")
		}
	}
	parts := make([]*part, len(descs))
	group, gctx := tasks.WithContext(ctx)
	group.SetLimit(atOnce)
	for i, desc := range descs {
		group.Go(func() error {
			node, err := p.fetcher.manifest(gctx, desc)
			if err != nil {
				return fmt.Errorf("recap %s: %w", recap.Quoted(desc.Annotations[artifact.AnnotationSlug]), err)
			}
			if node.Manifest == nil {
				return recap.Errorf(recap.Integrity, "wrong-kind", "%s is no recap", desc.Digest)
			}
			// That the pack's catalog says the same is seen to when it is open.
			parts[i] = &part{dir: desc.Annotations[artifact.AnnotationSlug], node: node}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	p.parts = parts
	return nil
}

// checkParts refuses files that are too large before fetching one, and a disk
// that can't hold what is to come.
func (p *puller) checkParts() error {
	var need int64
	for _, part := range p.parts {
		for _, layer := range part.node.Manifest.Layers {
			if layer.Size > p.opts.MaxFileSize {
				return recap.Errorf(recap.Unsafe, "too-large", "%s has %d bytes, more than the %d allowed", name(layer), layer.Size, p.opts.MaxFileSize).
					WithHint("if you want it all the same: --max-file-size %d", layer.Size)
			}
			need += layer.Size
		}
	}
	if !p.wholeParts() {
		need = 0
	}
	return p.dest.CheckSpace(need)
}

// wholeParts reports whether all files are wanted of each bundle that is.
func (p *puller) wholeParts() bool {
	s := p.opts.Selection
	return len(s.Include) == 0 && len(s.Roles) == 0 && !s.MetadataOnly
}

// openParts opens all bundles, whose configs lie in the store, and notes which of
// their files are selected. What they decode to isn't kept.
func (p *puller) openParts(ctx context.Context) error {
	group, ctx := tasks.WithContext(ctx)
	group.SetLimit(writers) // each holds a config and what it decodes to
	for _, part := range p.parts {
		group.Go(func() error {
			bundle, err := p.openPart(ctx, part)
			if err != nil {
				return err
			}
			r := bundle.Recap
			part.title, part.slug, part.version, part.total = r.Title, r.Slug, bundle.Version(), len(r.Files)
			part.metadata = metadata(part.path(metadataFile), part.node, bundle.Config)
			for _, f := range r.Files {
				if !p.opts.Selection.Match(f) {
					continue
				}
				// An empty file has no layer; the table's digest is that of nothing.
				blob, ok := bundle.Layer(f)
				if !ok {
					blob = ocispec.Descriptor{Digest: digest.Digest(f.Digest)}
				}
				part.files = append(part.files, file{path: part.path(f.Path), blob: blob})
			}
			return nil
		})
	}
	return group.Wait()
}

// openPart reads the config from the store. Where the store's copy is damaged it
// is fetched again. A member has to be what its pack says of it.
func (p *puller) openPart(ctx context.Context, part *part) (*artifact.Bundle, error) {
	src := withRoot{p.fetcher.store, part.node}
	config := part.node.Manifest.Config
	if _, err := artifact.ReadBlob(ctx, src, config, recap.MaxConfigSize); errors.Is(err, recap.Integrity) || isNotFound(err) {
		if err := p.fetcher.fetch(ctx, config); err != nil {
			return nil, err
		}
	}
	if p.isPack() {
		return p.pack.Open(ctx, src, part.dir)
	}
	return artifact.Open(ctx, src, part.node.Descriptor)
}

// metadata returns the file that recap's own config of n is written to.
func metadata(path string, n *artifact.Node, config []byte) file {
	if n.Form == artifact.FormOCI {
		return file{path: path, blob: n.Manifest.Config}
	}
	return file{path: path, blob: content.NewDescriptorFromBytes(n.Manifest.Config.MediaType, config), within: n}
}

// keepParts gives the store the manifests of bundles that are there as a whole.
func (p *puller) keepParts(ctx context.Context) error {
	return each(ctx, p.parts, func(ctx context.Context, part *part) error {
		desc := part.node.Descriptor
		// What a pack says of a member isn't the store's business; what type it
		// has the store reads itself.
		desc = ocispec.Descriptor{MediaType: desc.MediaType, Digest: desc.Digest, Size: desc.Size}
		err := p.fetcher.store.Push(ctx, desc, bytes.NewReader(part.node.Raw))
		if err != nil && !errors.Is(err, errdef.ErrAlreadyExists) {
			return fmt.Errorf("keeping the manifest: %w", err)
		}
		return nil
	})
}

// manifest reads the manifest that desc describes from the store or, where it
// isn't there or isn't sound, from the source; once more where bytes don't match.
func (f *fetcher) manifest(ctx context.Context, desc ocispec.Descriptor) (*artifact.Node, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	exists, err := f.store.Exists(ctx, desc)
	if err != nil {
		return nil, err
	}
	if exists {
		node, err := artifact.FetchNode(ctx, f.store, desc)
		if err == nil {
			f.count(&f.reused, desc)
			return node, nil
		}
		if !errors.Is(err, recap.Integrity) && !isNotFound(err) {
			return nil, err
		}
	}
	node, err := artifact.FetchNode(ctx, f.src, desc)
	if errors.Is(err, recap.Integrity) {
		node, err = artifact.FetchNode(ctx, f.src, desc)
	}
	if err != nil {
		return nil, notFound(err, desc.Digest.String())
	}
	f.count(&f.fetched, desc)
	return node, nil
}
