// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package reader

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/recap-oci/recap/pkg/artifact"
	"github.com/recap-oci/recap/pkg/document"
	"github.com/recap-oci/recap/pkg/internal/durable"
	"github.com/recap-oci/recap/pkg/recap"
)

// Recap returns the facts and the file table; nil of a pack. It must not be
// changed.
func (r *Reader) Recap() *recap.Recap {
	if r.bundle == nil {
		return nil
	}
	return r.bundle.Recap
}

// Document returns index.md, at most [recap.MaxDocumentSize] bytes. A pack has
// none: [recap.Usage] is-a-pack.
func (r *Reader) Document(ctx context.Context) ([]byte, error) {
	f, err := r.find(recap.DocumentPath)
	if err != nil {
		return nil, err
	}
	desc, ok := r.bundle.Layer(f)
	if !ok {
		return nil, notThere(recap.DocumentPath)
	}
	text, err := artifact.ReadBlob(ctx, r.src, desc, recap.MaxDocumentSize)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", recap.DocumentPath, err)
	}
	return text, nil
}

// Parse returns index.md taken apart into sections, links and images. One that
// [document.Parse] refuses is an error of kind [recap.Unsafe], document-refused.
func (r *Reader) Parse(ctx context.Context) (*document.Document, error) {
	text, err := r.Document(ctx)
	if err != nil {
		return nil, err
	}
	doc, err := document.Parse(text)
	if err != nil {
		return nil, recap.Errorf(recap.Unsafe, "document-refused", "%s of recap %s: %w", recap.DocumentPath, r.bundle.Recap.Slug, err)
	}
	return doc, nil
}

// inMemory is how many bytes of a file are held in memory to be verified; a
// larger one passes through a temporary file.
const inMemory = 1 << 20

// File opens the file at path, which is that of a row of the file table. All of
// it has been verified when File returns, so that reading can't come upon a
// mismatch half-way. A file of more than 1 MiB takes its size on the disk, in
// the system's temporary directory, until it is closed.
//
// Errors: [recap.NotFound] when the recap has no such file, [recap.Integrity]
// when the source's bytes don't match, [recap.Local] when the disk is full,
// [recap.Usage] is-a-pack.
func (r *Reader) File(ctx context.Context, path string) (io.ReadCloser, recap.File, error) {
	f, err := r.find(path)
	if err != nil {
		return nil, f, err
	}
	desc, ok := r.bundle.Layer(f)
	if !ok { // an empty file has no layer
		return io.NopCloser(bytes.NewReader(nil)), f, nil
	}
	rc, err := r.open(ctx, desc)
	if err != nil {
		return nil, f, fmt.Errorf("reading %q: %w", path, err)
	}
	return rc, f, nil
}

func (r *Reader) open(ctx context.Context, desc ocispec.Descriptor) (io.ReadCloser, error) {
	if desc.Size <= inMemory {
		raw, err := artifact.ReadBlob(ctx, r.src, desc, inMemory)
		return io.NopCloser(bytes.NewReader(raw)), err
	}
	rc, err := r.src.Fetch(ctx, desc)
	if err != nil {
		return nil, err
	}
	defer rc.Close()
	verified, err := artifact.NewVerifyReader(rc, desc)
	if err != nil {
		return nil, err
	}
	return spool(verified)
}

// find returns the row of the file table for path.
func (r *Reader) find(path string) (recap.File, error) {
	if r.bundle == nil {
		return recap.File{}, recap.Errorf(recap.Usage, "is-a-pack", "%s is a pack of %d recaps; %s is in each of them", r.pack.Meta.Name, len(r.pack.Meta.Members), path).
			WithHint("name one of its recaps; recap list REF shows them")
	}
	for _, f := range r.bundle.Recap.Files {
		if f.Path == path {
			return f, nil
		}
	}
	return recap.File{}, notThere(path)
}

func notThere(path string) error {
	return recap.Errorf(recap.NotFound, "not-found", "the recap has no file %.120q", path).
		WithHint("recap inspect REF lists its files")
}

// spool copies r to a temporary file and returns that, to be read from its
// start. The file goes when it is closed.
func spool(r io.Reader) (io.ReadCloser, error) {
	f, err := os.CreateTemp("", "recap-file-")
	if err != nil {
		return nil, durable.Explain(err)
	}
	temp := &tempFile{f}
	_, err = io.Copy(f, r)
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err == nil {
		return temp, nil
	}
	// What the disk says needs explaining; what the source says came explained.
	var disk *fs.PathError
	if errors.As(err, &disk) {
		err = durable.Explain(err)
	}
	return nil, errors.Join(err, temp.Close())
}

// tempFile is removed when it is closed: Windows can't remove what is open.
type tempFile struct{ *os.File }

func (t *tempFile) Close() error {
	return errors.Join(t.File.Close(), os.Remove(t.Name()))
}
