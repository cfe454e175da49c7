// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package artifact

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/errdef"

	"github.com/recap-oci/recap/pkg/recap"
)

var _ content.ReadOnlyStorage = (*Graph)(nil)

// Graph is a bundle or a pack that was built and can be pushed from where it is:
// manifests and configs lie in memory, files are opened anew on each Fetch, and
// what lies in a source is fetched from there. It may be used by several
// goroutines at once.
type Graph struct {
	Root ocispec.Descriptor // the manifest of a bundle, the index of a pack

	native ocispec.Descriptor // of a bundle: its root as OCI has it
	bundle *Bundle            // nil for a pack, and for a member of one
	pack   *Pack              // nil for a bundle
	files  fs.FS
	nodes  []ocispec.Descriptor
	blobs  map[digest.Digest]blob
}

// blob is content in memory or, where raw is nil, in a source or else in a file.
type blob struct {
	size int64
	node bool // a manifest or index
	raw  []byte
	from content.Fetcher
	path string
}

func newGraph() *Graph { return &Graph{blobs: map[digest.Digest]blob{}} }

// add takes note of content, once: of two files that are equal, the first.
func (g *Graph) add(desc ocispec.Descriptor, b blob) {
	if _, ok := g.blobs[desc.Digest]; ok {
		return
	}
	b.size, b.node = desc.Size, isNodeType(desc.MediaType)
	g.blobs[desc.Digest] = b
	g.nodes = append(g.nodes, desc)
}

// Recap returns the recap with digests and sizes filled in, as its readers will
// have it; nil for a pack. It belongs to g.
func (g *Graph) Recap() *recap.Recap {
	if g.bundle == nil {
		return nil
	}
	return g.bundle.Recap
}

// Bundle returns what [Open] will return of the pushed bundle; nil for a pack. It
// belongs to g.
func (g *Graph) Bundle() *Bundle { return g.bundle }

// Pack returns what [OpenPack] will return of the pushed pack; nil for a bundle.
// It belongs to g.
func (g *Graph) Pack() *Pack { return g.pack }

// Origin returns the source that content of g is fetched from, as it was given
// to [OpenMember]; nil for what was built here and for what isn't in g. Who
// pushes g may have it mounted from there.
func (g *Graph) Origin(d digest.Digest) content.Fetcher {
	b := g.blobs[d]
	if member, ok := b.from.(*Graph); ok {
		return member.Origin(d)
	}
	return b.from
}

// Nodes returns the descriptors of all content of g, children before parents
// and the root last. Each digest appears once, though two files of the same
// content are two layers; the descriptor is then that of the first.
func (g *Graph) Nodes() []ocispec.Descriptor {
	return append([]ocispec.Descriptor(nil), g.nodes...)
}

// Exists reports whether desc is content of g.
func (g *Graph) Exists(_ context.Context, desc ocispec.Descriptor) (bool, error) {
	b, ok := g.blobs[desc.Digest]
	return ok && b.size == desc.Size, nil
}

// Fetch opens content of g. The reader is an io.Seeker, too, that can go back to
// the start, so that an upload can be replayed.
//
// It verifies as it reads: a file that isn't any more what was built fails with
// [recap.Integrity] file-changed before its last byte is handed out. Other errors
// are [recap.NotFound] not-found for what isn't in g, and those of [BuildBundle]
// for a file that has become something else. What lies in a source fails as
// [ReadBlob] does.
func (g *Graph) Fetch(ctx context.Context, desc ocispec.Descriptor) (io.ReadCloser, error) {
	b, ok := g.blobs[desc.Digest]
	switch {
	case !ok:
		return nil, recap.Errorf(recap.NotFound, "not-found", "blob %.100q is not in the graph: %w", desc.Digest, errdef.ErrNotFound)
	case b.size != desc.Size:
		return nil, recap.Errorf(recap.Integrity, "size-mismatch", "blob %s has %d bytes, not %d", desc.Digest, b.size, desc.Size)
	case b.raw != nil:
		return memory{bytes.NewReader(b.raw)}, nil
	case b.from != nil:
		return fetchFrom(ctx, b.from, desc)
	}
	f := &file{fsys: g.files, path: b.path, desc: desc}
	if err := f.open(); err != nil {
		return nil, err
	}
	return f, nil
}

type memory struct{ *bytes.Reader }

func (memory) Close() error { return nil }

// file reads one file of the bundle and holds it against its descriptor.
type file struct {
	fsys fs.FS
	path string
	desc ocispec.Descriptor

	f  fs.File // nil after Close
	vr *VerifyReader
}

var _ io.ReadSeekCloser = (*file)(nil)

func (f *file) open() error {
	opened, err := openFile(f.fsys, f.path, f.desc.Size)
	if err != nil {
		return err
	}
	vr, err := NewVerifyReader(opened, f.desc)
	if err != nil {
		_ = opened.Close()
		return err
	}
	f.f, f.vr = opened, vr
	return nil
}

// Read implements io.Reader.
func (f *file) Read(p []byte) (int, error) {
	if f.f == nil {
		return 0, fs.ErrClosed
	}
	n, err := f.vr.Read(p)
	switch {
	case err == nil || errors.Is(err, io.EOF):
		return n, err
	case errors.Is(err, recap.Integrity):
		return n, fileChanged(f.path, err)
	default:
		return n, fileError(f.path, err)
	}
}

// Seek goes back to the start, or tells where the reader is; content that is
// verified on its way can't be entered in the middle.
func (f *file) Seek(offset int64, whence int) (int64, error) {
	if f.f == nil {
		return 0, fs.ErrClosed
	}
	at := f.desc.Size - f.vr.left
	switch {
	case offset == 0 && whence == io.SeekCurrent:
		return at, nil
	case offset != 0 || whence != io.SeekStart:
		return at, fmt.Errorf("seeking in file %q other than to its start: %w", f.path, errors.ErrUnsupported)
	}
	// Opened anew: not every file of an fs.FS can seek, and by now it may be
	// another one.
	_ = f.f.Close()
	f.f = nil
	return 0, f.open()
}

// Close implements io.Closer. Closing twice is no error.
func (f *file) Close() error {
	if f.f == nil {
		return nil
	}
	err := f.f.Close()
	f.f = nil
	return err
}
