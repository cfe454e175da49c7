// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package archive

import (
	"archive/tar"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/recap-oci/recap/pkg/layout/internal/blob"
)

// File is a small member that comes before the blobs.
type File struct {
	Name string
	Data []byte
}

// Write writes an archive: files as they are given, then every blob of places, of
// several the first, verified, in order of digest. What is in a header is the same
// for everyone, always.
func Write(ctx context.Context, w io.Writer, files []File, places ...blob.Place) error {
	tw := tar.NewWriter(w)
	for _, f := range files {
		if err := tw.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: f.Name, Size: int64(len(f.Data)), Mode: 0o644}); err != nil {
			return err
		}
		if _, err := tw.Write(f.Data); err != nil {
			return err
		}
	}
	blobs, err := blobsOf(places)
	if err != nil {
		return err
	}
	written := make(map[string]bool)
	for _, b := range blobs {
		for _, dir := range []string{ocispec.ImageBlobsDir + "/", blob.Dir(b.digest.Algorithm()) + "/"} {
			if !written[dir] {
				written[dir] = true
				if err := tw.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: dir, Mode: 0o755}); err != nil {
					return err
				}
			}
		}
		if err := writeMember(ctx, tw, b); err != nil {
			return err
		}
	}
	return tw.Close()
}

// placed is a blob and where it is taken from.
type placed struct {
	digest digest.Digest
	place  blob.Place
}

// blobsOf lists the blobs of all places, each from the first that has it.
func blobsOf(places []blob.Place) ([]placed, error) {
	var blobs []placed
	seen := make(map[digest.Digest]bool)
	for _, p := range places {
		err := p.Each(func(_ string, d digest.Digest) error {
			if blob.CheckDigest(d) == nil && !seen[d] {
				seen[d] = true
				blobs = append(blobs, placed{d, p})
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	slices.SortFunc(blobs, func(a, b placed) int { return strings.Compare(string(a.digest), string(b.digest)) })
	return blobs, nil
}

// writeMember copies one blob, verified: a damaged one isn't carried over as if
// it were good.
func writeMember(ctx context.Context, tw *tar.Writer, b placed) error {
	content, size, err := b.place.Open(b.digest)
	if err != nil {
		return err
	}
	defer content.Close()
	name := blob.Name(b.digest)
	if err := tw.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Size: size, Mode: 0o644}); err != nil {
		return err
	}
	if err := blob.CopyVerified(ctx, tw, io.LimitReader(content, size), ocispec.Descriptor{Digest: b.digest, Size: size}); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}
