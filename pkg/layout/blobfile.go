// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package layout

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/recap-oci/recap/pkg/recap"
)

// algorithms are the digests that a layout's blobs may have: those that the
// image specification registers.
var algorithms = []digest.Algorithm{digest.SHA256, digest.SHA512}

// blob is the content of a blob, as it lies on disk.
type blob interface {
	io.Reader
	io.Seeker
	io.Closer
}

// hintMalformed goes with what no tool writes that works.
const hintMalformed = "what wrote it is broken or means harm: get the artifact from another source"

// errIrregular is wrapped by errors about what lies in the place of a file and
// is none. It is never opened: a pipe would hang, a link lead elsewhere.
var errIrregular = errors.New("not a regular file")

func irregular(path string, mode fs.FileMode) error {
	return recap.Errorf(recap.Unsafe, "not-a-regular-file", "%q is %s: %w", path, describe(mode), errIrregular).
		WithHint("remove it, then push or copy there again")
}

func describe(mode fs.FileMode) string {
	switch mode.Type() {
	case fs.ModeDir:
		return "a directory"
	case fs.ModeSymlink:
		return "a symbolic link"
	case fs.ModeNamedPipe:
		return "a pipe"
	case fs.ModeSocket:
		return "a socket"
	case fs.ModeDevice, fs.ModeDevice | fs.ModeCharDevice:
		return "a device"
	case 0:
		return "a file"
	}
	return fmt.Sprintf("something else (%s)", mode.Type())
}

// openRegular opens a regular file and nothing else, also when it is replaced
// meanwhile.
func openRegular(path string) (*os.File, fs.FileInfo, error) {
	before, err := os.Lstat(path)
	if err != nil {
		return nil, nil, err
	}
	if !before.Mode().IsRegular() {
		return nil, nil, irregular(path, before.Mode())
	}
	file, err := os.OpenFile(path, os.O_RDONLY|openFlags, 0)
	if err != nil {
		return nil, nil, err
	}
	info, err := file.Stat()
	if err != nil {
		file.Close()
		return nil, nil, err
	}
	if !info.Mode().IsRegular() {
		file.Close()
		return nil, nil, irregular(path, info.Mode())
	}
	return file, info, nil
}

// blobName is the path of a blob in a layout. The digest must have been checked.
func blobName(d digest.Digest) string { return path.Join(blobDir(d.Algorithm()), d.Encoded()) }

func blobDir(a digest.Algorithm) string { return path.Join(ocispec.ImageBlobsDir, string(a)) }

// checkDigest is what stands between a digest from outside and a path.
func checkDigest(d digest.Digest) error {
	if err := d.Validate(); err != nil {
		return recap.Errorf(recap.Integrity, "bad-digest", "digest %.100q: %w", string(d), err).WithHint(hintMalformed)
	}
	for _, a := range algorithms {
		if d.Algorithm() == a {
			return nil
		}
	}
	return recap.Errorf(recap.Integrity, "bad-digest", "digest %q: algorithm %q is not one a layout may hold", string(d), string(d.Algorithm())).
		WithHint("image layouts hold sha256 and sha512")
}

// maxBlobSize is the largest size that is believed of a descriptor, 1 TiB, as it is
// in package artifact.
const maxBlobSize = 1 << 40

func checkDescriptor(desc ocispec.Descriptor) error {
	if err := checkDigest(desc.Digest); err != nil {
		return err
	}
	if desc.Size < 0 || desc.Size > maxBlobSize {
		return recap.Errorf(recap.Integrity, "bad-size", "%s: size %d can't be", desc.Digest, desc.Size).WithHint(hintMalformed)
	}
	if recap.IsManifest(desc.MediaType) && desc.Size > recap.MaxManifestSize {
		return recap.Errorf(recap.Unsafe, "too-large", "manifest %s: %d bytes are more than the limit of %d", desc.Digest, desc.Size, int64(recap.MaxManifestSize)).
			WithHint(hintMalformed)
	}
	return nil
}
