// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package artifact

import (
	"context"
	"fmt"
	"time"

	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/recap-oci/recap/pkg/internal/canonical"
	"github.com/recap-oci/recap/pkg/recap"
)

// PackOptions is what a pack depends on beside its members.
type PackOptions struct {
	// SourceDateEpoch is the creation time that the index states; nil leaves it
	// without one.
	SourceDateEpoch *time.Time

	// Form is how types are written down, which must be that of every member;
	// the default is OCI's.
	Form Form

	// Annotations of the index beside those that the pack states; see
	// [CheckAnnotation].
	Annotations map[string]string
}

// BuildPack makes the graph of a pack: an index of the catalog and the members
// in their order, with all that lies below. p says everything but its Members,
// which are found out; it isn't changed. views are the layers of the catalog, in
// their order, and derived from members; see pkg/catalog.
//
// The same members, metadata and views give the same graph. Nothing is fetched:
// what lies in a source is when it is asked for.
//
// Errors: [recap.Usage] those of [recap.Pack.Check], bad-member, bad-view, bad-form,
// bad-annotation, and other-form for a member that is written in another one;
// [recap.Unsafe] too-large, unsafe-path and path-collision; [recap.Integrity]
// ambiguous-manifest and bad-size for members that can't lie in one pack.
func BuildPack(ctx context.Context, p *recap.Pack, members []Member, views []View, opts PackOptions) (*Graph, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := checkForm(opts.Form); err != nil {
		return nil, err
	}
	if err := checkAnnotations(opts.Annotations); err != nil {
		return nil, err
	}
	own := *p
	own.Members = make([]recap.PackMember, 0, len(members))
	names := p.Glossary()
	for i, m := range members {
		if err := m.check(); err != nil {
			return nil, fmt.Errorf("member %d: %w", i+1, err)
		}
		if err := m.CheckForm(opts.Form); err != nil {
			return nil, err
		}
		own.Members = append(own.Members, m.row(names))
	}
	if err := own.Check(); err != nil {
		return nil, err
	}
	g := newGraph()
	for _, m := range members {
		if err := g.merge(m.graph); err != nil {
			return nil, fmt.Errorf("recap %s: %w", m.slug, err)
		}
	}
	catalog, config, err := g.catalog(&own, views, opts.Form)
	if err != nil {
		return nil, err
	}
	index := ocispec.Index{
		Versioned:    specs.Versioned{SchemaVersion: 2},
		MediaType:    ocispec.MediaTypeImageIndex,
		ArtifactType: recap.ArtifactTypePack,
		Manifests:    []ocispec.Descriptor{opts.Form.child(catalog)},
		Annotations:  packAnnotations(&own, opts),
	}
	for i, m := range members {
		child := m.graph.Root
		child.ArtifactType, child.Annotations = recap.ArtifactTypeBundle, childAnnotations(own.Members[i], opts.Form)
		index.Manifests = append(index.Manifests, child)
	}
	raw, err := canonical.Marshal(opts.Form.index(index))
	if err != nil {
		return nil, badPack("pack %s can't be written: %w", p.Name, err)
	}
	g.Root = opts.Form.root(ocispec.MediaTypeImageIndex, recap.ArtifactTypePack, raw)
	if err := g.put(g.Root, blob{raw: raw}); err != nil {
		return nil, err
	}

	// Read back by the rules of whoever will read it: what is built can be opened.
	node, err := Parse(g.Root, raw)
	if err != nil {
		return nil, fmt.Errorf("building pack %s: %w", p.Name, err)
	}
	if g.pack, err = newPack(node, catalog, config); err != nil {
		return nil, fmt.Errorf("building pack %s: %w", p.Name, err)
	}
	return g, nil
}

// catalog adds the catalog of p to g and returns it, and its config as recap's own.
func (g *Graph) catalog(p *recap.Pack, views []View, form Form) (catalog *Node, config []byte, err error) {
	if len(views) == 0 {
		return nil, nil, recap.Errorf(recap.Usage, "bad-view", "pack %s has no views: a catalog has at least one layer", p.Name)
	}
	if config, err = canonical.Marshal(p); err != nil {
		return nil, nil, badPack("pack %s can't be written: %w", p.Name, err)
	}
	manifest := ocispec.Manifest{
		Versioned:    specs.Versioned{SchemaVersion: 2},
		MediaType:    ocispec.MediaTypeImageManifest,
		ArtifactType: recap.ArtifactTypeCatalog,
		Config:       describe(recap.MediaTypePackConfig, config),
	}
	for _, v := range views {
		if len(v.Raw) == 0 || !validMediaType(v.MediaType) {
			return nil, nil, recap.Errorf(recap.Usage, "bad-view", "view %.120q of pack %s is %d bytes of %.100q", v.Path, p.Name, len(v.Raw), v.MediaType)
		}
		layer := describe(v.MediaType, v.Raw)
		layer.Annotations = map[string]string{ocispec.AnnotationTitle: CatalogDirectory + "/" + v.Path}
		manifest.Layers = append(manifest.Layers, layer)
	}
	manifest, wrapped := form.manifest(manifest, config)
	if len(wrapped) > recap.MaxConfigSize {
		return nil, nil, recap.Errorf(recap.Unsafe, "too-large", "the metadata of pack %s has %d bytes, more than the %d allowed", p.Name, len(wrapped), recap.MaxConfigSize)
	}
	if err := checkValues(config); err != nil {
		return nil, nil, fmt.Errorf("pack %s: %w", p.Name, err)
	}
	raw, err := canonical.Marshal(manifest)
	if err != nil {
		return nil, nil, badPack("pack %s can't be written: %w", p.Name, err)
	}
	desc := form.root(ocispec.MediaTypeImageManifest, recap.ArtifactTypeCatalog, raw)
	if catalog, err = Parse(desc, raw); err != nil {
		return nil, nil, fmt.Errorf("building the catalog of pack %s: %w", p.Name, err)
	}
	if err := g.put(catalog.Manifest.Config, blob{raw: wrapped}); err != nil {
		return nil, nil, err
	}
	for i, layer := range catalog.Manifest.Layers {
		if err := g.put(layer, blob{raw: views[i].Raw}); err != nil {
			return nil, nil, err
		}
	}
	return catalog, config, g.put(desc, blob{raw: raw})
}

// packAnnotations says of the pack in OCI's words what it states.
func packAnnotations(p *recap.Pack, opts PackOptions) map[string]string {
	r := &recap.Recap{
		Title: p.Title, Description: p.Description, Authors: p.Authors,
		Facts: recap.Facts{License: p.License, Entities: p.Entities, Source: &recap.Source{URL: p.URL}},
	}
	if r.Title == "" {
		r.Title = p.Name
	}
	return annotations(r, BuildOptions{SourceDateEpoch: opts.SourceDateEpoch, Version: p.Version, Annotations: opts.Annotations})
}

// childAnnotations says of a member what a list shows, within
// [recap.MaxChildAnnotations]. Slug, version and event are short; the title is
// cut to fit.
func childAnnotations(m recap.PackMember, form Form) map[string]string {
	a := map[string]string{AnnotationSlug: m.Slug, AnnotationTitle: m.Title}
	if form == FormImage {
		a[AnnotationArtifactType] = recap.ArtifactTypeBundle
	}
	if m.Version != "" {
		a[AnnotationVersion] = m.Version
	}
	if m.Event != "" {
		a[AnnotationEvent] = m.Event
	}
	if over := annotationsSize(a) - recap.MaxChildAnnotations; over > 0 {
		a[AnnotationTitle] = cutEscaped(m.Title, escapedSize(m.Title)-over)
	}
	return a
}

// cutEscaped returns the start of s, and an ellipsis, that take size bytes in
// JSON.
func cutEscaped(s string, size int) string {
	size -= len(ellipsis)
	for i, r := range s {
		if size -= escapedSize(string(r)); size < 0 {
			return s[:i] + ellipsis
		}
	}
	return s
}

func badPack(format string, args ...any) error {
	return recap.Errorf(recap.Usage, "bad-pack", format, args...)
}

// merge adds all content of another graph.
func (g *Graph) merge(from *Graph) error {
	for _, desc := range from.nodes {
		if err := g.put(desc, blob{from: from}); err != nil {
			return err
		}
	}
	return nil
}

// put is add for content of several bundles: what is a manifest to one must not
// be a file of another, nor of another size.
func (g *Graph) put(desc ocispec.Descriptor, b blob) error {
	if before, ok := g.blobs[desc.Digest]; ok {
		switch {
		case before.node != isNodeType(desc.MediaType):
			return ambiguous("%s is a manifest and, elsewhere, a file", desc.Digest)
		case before.size != desc.Size:
			return recap.Errorf(recap.Integrity, "bad-size", "%s is listed with sizes %d and %d", desc.Digest, before.size, desc.Size)
		}
		return nil
	}
	g.add(desc, b)
	return nil
}
