// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package artifact

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"golang.org/x/sync/errgroup"

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
// Errors: [recap.Usage] bad-recap for rows or metadata that no bundle can have;
// [recap.Unsafe] unsafe-path, path-collision and reserved-name for a path,
// symlink-in-source and not-a-file for what isn't a regular file and is never
// opened, too-large for a file over the limit, which isn't read, and for too many
// files; [recap.Integrity] file-changed for one that changes meanwhile;
// [recap.NotFound] no-such-file and [recap.Local] unreadable-file.
func BuildBundle(ctx context.Context, r *recap.Recap, files fs.FS, opts BuildOptions) (*Graph, error) {
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

// measure fills in size and digest of every row. Everything is looked at before
// anything is read, so that what is refused is refused at once, and first things
// first.
func measure(ctx context.Context, rows []recap.File, files fs.FS, opts BuildOptions) error {
	limit := cmp.Or(opts.MaxFileSize, recap.MaxFileSize)
	if limit < 0 {
		return badRecap("a largest file size of %d bytes", limit)
	}
	limit = min(limit, maxBlobSize)
	dirs := map[string]error{}
	for i := range rows {
		size, err := lookAt(files, rows[i].Path, dirs)
		if err != nil {
			return err
		}
		switch isDocument := rows[i].Path == recap.DocumentPath; {
		case isDocument && size == 0:
			return badRecap("%s is empty", recap.DocumentPath)
		case isDocument && size > recap.MaxDocumentSize:
			return recap.Errorf(recap.Unsafe, "too-large", "file %q has %d bytes, more than the %d allowed of a document", rows[i].Path, size, recap.MaxDocumentSize)
		case size > limit:
			return recap.Errorf(recap.Unsafe, "too-large", "file %q has %d bytes, more than the %d allowed", rows[i].Path, size, limit).
				WithHint("--max-file-size %d, or keep it elsewhere and link to it", size)
		}
		rows[i].Size = size
	}
	failed := make([]error, len(rows))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(min(runtime.GOMAXPROCS(0), 8)) // hashing keeps a processor busy
	for i := range rows {
		group.Go(func() error {
			d, err := hashFile(ctx, files, rows[i].Path, rows[i].Size)
			rows[i].Digest, failed[i] = string(d), err
			return err
		})
	}
	if err := group.Wait(); err != nil {
		// The first of the table, not of the clock; and no cancelled neighbour.
		for _, f := range failed {
			if f != nil && !errors.Is(f, context.Canceled) {
				return f
			}
		}
		return err
	}
	return nil
}

// lookAt returns the size of a regular file that no link leads to. dirs
// remembers which directories on the way were looked at already.
func lookAt(files fs.FS, name string, dirs map[string]error) (int64, error) {
	for i := range len(name) {
		if name[i] != '/' {
			continue
		}
		dir := name[:i]
		err, ok := dirs[dir]
		if !ok {
			_, err = lstat(files, dir, fs.ModeDir)
			dirs[dir] = err
		}
		if err != nil {
			return 0, err
		}
	}
	info, err := lstat(files, name, 0)
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// lstat returns what lies at name, which must be of type want. It opens nothing:
// opening a FIFO would wait for ever.
func lstat(files fs.FS, name string, want fs.FileMode) (fs.FileInfo, error) {
	info, err := fs.Lstat(files, name)
	if err != nil {
		return nil, fileError(name, err)
	}
	return info, checkType(name, info, want)
}

func checkType(name string, info fs.FileInfo, want fs.FileMode) error {
	switch got := info.Mode().Type(); {
	case got == want:
		return nil
	case got&fs.ModeSymlink != 0:
		return recap.Errorf(recap.Unsafe, "symlink-in-source", "%q is a symbolic link", name).
			WithHint("put what it points to in its place; a bundle has files only")
	default:
		return recap.Errorf(recap.Unsafe, "not-a-file", "%q is no regular file (%s)", name, info.Mode())
	}
}

// hashFile reads size bytes of a file, and looks for more.
func hashFile(ctx context.Context, files fs.FS, name string, size int64) (digest.Digest, error) {
	f, err := openFile(files, name, size)
	if err != nil {
		return "", err
	}
	defer f.Close() //nolint:errcheck // only read
	digester := digest.SHA256.Digester()
	n, err := io.Copy(digester.Hash(), &cancellable{ctx: ctx, r: io.LimitReader(f, size+1)})
	switch {
	case ctx.Err() != nil:
		return "", ctx.Err()
	case err != nil:
		return "", fileError(name, err)
	case n != size:
		return "", fileChanged(name, fmt.Errorf("it had %d bytes a moment ago", size))
	}
	return digester.Digest(), nil
}

// openFile opens a regular file that has size bytes, once more by what it is and
// not by what it was.
func openFile(files fs.FS, name string, size int64) (fs.File, error) {
	if _, err := lstat(files, name, 0); err != nil {
		return nil, err
	}
	f, err := files.Open(name)
	if err != nil {
		return nil, fileError(name, err)
	}
	info, err := f.Stat()
	if err != nil {
		err = fileError(name, err)
	} else if err = checkType(name, info, 0); err == nil && info.Size() != size {
		err = fileChanged(name, fmt.Errorf("it has %d bytes, not %d", info.Size(), size))
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

// cancellable is a reader for as long as ctx lasts; it lives no longer than one
// call of io.Copy.
type cancellable struct {
	ctx context.Context
	r   io.Reader
}

func (c *cancellable) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}

// assemble makes config and manifest of a recap whose table is complete.
func assemble(r *recap.Recap, files fs.FS, opts BuildOptions) (*Graph, error) {
	config, err := canonical.Marshal(r)
	if err != nil {
		return nil, badRecap("recap %q can't be written: %w", r.Slug, err)
	}
	if len(config) > recap.MaxConfigSize {
		return nil, recap.Errorf(recap.Unsafe, "too-large", "the metadata of recap %q has %d bytes, more than the %d allowed", r.Slug, len(config), recap.MaxConfigSize)
	}
	manifest := ocispec.Manifest{
		Versioned:    specs.Versioned{SchemaVersion: 2},
		MediaType:    ocispec.MediaTypeImageManifest,
		ArtifactType: recap.ArtifactTypeBundle,
		Config:       describe(recap.MediaTypeConfig, config),
		Annotations:  annotations(r, opts.SourceDateEpoch),
	}
	g := &Graph{files: files, blobs: map[digest.Digest]blob{}}
	g.add(manifest.Config, blob{raw: config})
	for _, f := range r.Files {
		if f.Size == 0 {
			continue // some registries refuse a blob of no bytes
		}
		layer := ocispec.Descriptor{
			MediaType:   f.MediaType,
			Digest:      digest.Digest(f.Digest),
			Size:        f.Size,
			Annotations: map[string]string{ocispec.AnnotationTitle: path.Join(r.Slug, f.Path)},
		}
		manifest.Layers = append(manifest.Layers, layer)
		g.add(layer, blob{path: f.Path})
	}
	raw, err := canonical.Marshal(manifest)
	if err != nil {
		return nil, badRecap("recap %q can't be written: %w", r.Slug, err)
	}
	g.Root = describe(ocispec.MediaTypeImageManifest, raw)
	g.Root.ArtifactType = recap.ArtifactTypeBundle
	g.add(g.Root, blob{raw: raw})

	// Read back by the rules of whoever will read it: what is built can be opened.
	node, err := Parse(g.Root, raw)
	if err != nil {
		return nil, fmt.Errorf("building recap %q: %w", r.Slug, err)
	}
	if g.bundle, err = newBundle(node, config); err != nil {
		return nil, fmt.Errorf("building recap %q: %w", r.Slug, err)
	}
	return g, nil
}

func describe(mediaType string, raw []byte) ocispec.Descriptor {
	return ocispec.Descriptor{MediaType: mediaType, Digest: digestOf(raw), Size: int64(len(raw))}
}

// annotations says of the bundle what the recap states, in OCI's words, for
// those who look at a registry without recap. Nothing is made up.
func annotations(r *recap.Recap, epoch *time.Time) map[string]string {
	var url string
	if r.Facts.Source != nil {
		url = r.Facts.Source.URL
	}
	created, ok := r.Date.Created()
	if !ok && epoch != nil {
		created = epoch.UTC().Format(time.RFC3339)
	}
	a := map[string]string{
		ocispec.AnnotationTitle:       r.Title,
		ocispec.AnnotationDescription: r.Description,
		ocispec.AnnotationAuthors:     strings.Join(authors(r), ", "),
		ocispec.AnnotationLicenses:    r.Facts.License,
		ocispec.AnnotationURL:         url,
		ocispec.AnnotationCreated:     created,
	}
	for key, value := range a {
		if value == "" {
			delete(a, key)
		}
	}
	return a
}

// authors returns the authors by name, those that are written as the id of an
// entity included.
func authors(r *recap.Recap) []string {
	var names []string
	for _, a := range r.Authors {
		name := a.Name
		if e, ok := r.Facts.Entities[name]; ok && e.Name != "" {
			name = e.Name
		}
		if name != "" {
			names = append(names, name)
		}
	}
	return names
}

func badRecap(format string, args ...any) error {
	return recap.Errorf(recap.Usage, "bad-recap", format, args...)
}

func fileError(name string, err error) error {
	// fs errors name the path that was opened, which may be the whole of it.
	var pathError *fs.PathError
	if errors.As(err, &pathError) {
		err = pathError.Err
	}
	if errors.Is(err, fs.ErrNotExist) {
		return recap.Errorf(recap.NotFound, "no-such-file", "file %q: %w", name, err)
	}
	return recap.Errorf(recap.Local, "unreadable-file", "file %q: %w", name, err)
}

func fileChanged(name string, err error) error {
	return recap.Errorf(recap.Integrity, "file-changed", "file %q changed while it was in use: %w", name, err).
		WithHint("run it again once nothing writes to the recap")
}
