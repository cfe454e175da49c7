// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package artifact

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/recap-oci/recap/pkg/internal/canonical"
	"github.com/recap-oci/recap/pkg/recap"
)

// BuildOptions is what a bundle depends on beside the recap and its files.
type BuildOptions struct {
	// MaxFileSize is the largest file accepted, in bytes; 0 is
	// [recap.MaxFileSize]. The document is held to [recap.MaxDocumentSize], too.
	MaxFileSize int64

	// SourceDateEpoch is the creation time of a recap that states no day; nil
	// leaves such a bundle without one.
	SourceDateEpoch *time.Time

	// Version is the bundle's, 1.2.3 or 1.2.3-rc.1, without a leading v; empty
	// leaves the bundle without one. With a version, readers can tell a bundle
	// from an older one ([ratchet.Ratchet]).
	//
	// [ratchet.Ratchet]: https://pkg.go.dev/github.com/recap-oci/recap/pkg/ratchet#Ratchet
	Version string

	// Form is how types are written down; the default is OCI's.
	Form Form

	// Annotations of the manifest beside those that the recap states; see
	// [CheckAnnotation].
	Annotations map[string]string
}

// BuildBundle makes the graph of a bundle. r is the recap in its normalised form;
// each row of r.Files names a file of files and says its Path, MediaType, Role
// and License. Digest and Size are found by reading the files once, several at a
// time, none held in memory. r isn't changed.
//
// The same recap and the same bytes give the same graph: the order of the rows,
// times, modes, links between files and what else lies in files make no
// difference.
//
// Errors: [recap.Usage] bad-recap for rows or metadata that no bundle can have,
// bad-version, bad-form and bad-annotation;
// [recap.Unsafe] unsafe-path, path-collision and reserved-name for a path,
// symlink-in-source and not-a-regular-file for what isn't one and is never
// opened, too-large for a file over the limit, which isn't read, and for too many
// files; [recap.Integrity] file-changed for one that changes meanwhile;
// [recap.NotFound] not-found and [recap.Local] unreadable.
func BuildBundle(ctx context.Context, r *recap.Recap, files fs.FS, opts BuildOptions) (*Graph, error) {
	if opts.Version != "" {
		if err := recap.CheckVersion(opts.Version); err != nil {
			return nil, err
		}
	}
	if err := checkForm(opts.Form); err != nil {
		return nil, err
	}
	if err := checkAnnotations(opts.Annotations); err != nil {
		return nil, err
	}
	own := *r
	own.Files = slices.Clone(r.Files)
	slices.SortFunc(own.Files, func(a, b recap.File) int {
		if a.Path == b.Path || a.Path != recap.DocumentPath && b.Path != recap.DocumentPath {
			return cmp.Compare(a.Path, b.Path)
		}
		if a.Path == recap.DocumentPath {
			return -1
		}
		return 1
	})
	if err := checkRecap(&own); err != nil {
		return nil, err
	}
	if err := measure(ctx, own.Files, files, opts); err != nil {
		return nil, err
	}
	return assemble(&own, files, opts)
}

// checkRecap refuses what can be refused before any file is looked at.
func checkRecap(r *recap.Recap) error {
	if r.Title == "" {
		return badRecap("the recap has no title")
	}
	if err := recap.CheckSlug(r.Slug); err != nil {
		return err
	}
	if len(r.Files) > recap.MaxLayers {
		return recap.Errorf(recap.Unsafe, "too-large", "recap %q has %d files, more than the %d allowed", r.Slug, len(r.Files), recap.MaxLayers).
			WithHint("pack many small files into one archive, or split the recap")
	}
	paths := make([]string, len(r.Files))
	for i, f := range r.Files {
		paths[i] = f.Path
	}
	if err := checkPaths(paths); err != nil {
		return err
	}
	if len(r.Files) == 0 || r.Files[0].Path != recap.DocumentPath {
		return badRecap("the recap has no %s", recap.DocumentPath)
	}
	for _, f := range r.Files {
		if err := checkRow(f); err != nil {
			return badRecap("file %q: %w", f.Path, err)
		}
	}
	return nil
}

// assemble makes config and manifest of a recap whose table is complete.
func assemble(r *recap.Recap, files fs.FS, opts BuildOptions) (*Graph, error) {
	own, err := canonical.Marshal(r)
	if err != nil {
		return nil, badRecap("recap %q can't be written: %w", r.Slug, err)
	}
	manifest := ocispec.Manifest{
		Versioned:    specs.Versioned{SchemaVersion: 2},
		MediaType:    ocispec.MediaTypeImageManifest,
		ArtifactType: recap.ArtifactTypeBundle,
		Config:       describe(recap.MediaTypeConfig, own),
		Annotations:  annotations(r, opts),
	}
	g := newGraph()
	g.files = files
	paths := map[digest.Digest]string{}
	for _, f := range r.Files {
		if f.Size == 0 {
			continue // some registries refuse a blob of no bytes
		}
		layer := ocispec.Descriptor{
			MediaType:   f.MediaType,
			Digest:      digest.Digest(f.Digest),
			Size:        f.Size,
			Annotations: map[string]string{ocispec.AnnotationTitle: r.Slug + "/" + f.Path},
		}
		manifest.Layers = append(manifest.Layers, layer)
		paths[layer.Digest] = cmp.Or(paths[layer.Digest], f.Path)
	}
	written, config := opts.Form.manifest(manifest, own)
	if len(config) > recap.MaxConfigSize {
		return nil, recap.Errorf(recap.Unsafe, "too-large", "the metadata of recap %q has %d bytes, more than the %d allowed", r.Slug, len(config), recap.MaxConfigSize)
	}
	if err := checkValues(own); err != nil {
		return nil, fmt.Errorf("recap %q: %w", r.Slug, err)
	}
	raw, err := canonical.Marshal(written)
	if err != nil {
		return nil, badRecap("recap %q can't be written: %w", r.Slug, err)
	}
	g.Root = opts.Form.root(ocispec.MediaTypeImageManifest, recap.ArtifactTypeBundle, raw)
	if g.native = g.Root; opts.Form != FormOCI {
		native, err := canonical.Marshal(manifest)
		if err != nil {
			return nil, badRecap("recap %q can't be written: %w", r.Slug, err)
		}
		g.native = FormOCI.root(ocispec.MediaTypeImageManifest, recap.ArtifactTypeBundle, native)
	}

	// Read back by the rules of whoever will read it: what is built can be opened.
	node, err := Parse(g.Root, raw)
	if err != nil {
		return nil, fmt.Errorf("building recap %q: %w", r.Slug, err)
	}
	if g.bundle, err = newBundle(node, own); err != nil {
		return nil, fmt.Errorf("building recap %q: %w", r.Slug, err)
	}
	g.add(node.Manifest.Config, blob{raw: config})
	for _, layer := range node.Manifest.Layers {
		g.add(layer, blob{path: paths[layer.Digest]})
	}
	g.add(g.Root, blob{raw: raw})
	return g, nil
}

func describe(mediaType string, raw []byte) ocispec.Descriptor {
	return ocispec.Descriptor{MediaType: mediaType, Digest: digestOf(raw), Size: int64(len(raw))}
}

func badRecap(format string, args ...any) error {
	return recap.Errorf(recap.Usage, "bad-recap", format, args...)
}
