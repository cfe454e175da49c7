// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package archive

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/recap-oci/recap/pkg/layout/internal/blob"
	"github.com/recap-oci/recap/pkg/recap"
)

// Bounds of an archive that is read.
const (
	maxMembers = 200_000  // stops endless empty members; a pack has some 50,000 blobs at most
	maxHeader  = 64 << 10 // bytes of one member's headers, long names and attributes included
	maxName    = 4096     // bytes
	blockSize  = 512
)

// Archive is a layout in a tar file. Its headers are read once, its members
// through offsets.
type Archive struct {
	file    *os.File
	info    fs.FileInfo
	members map[string]span // oci-layout, index.json and the blobs, by clean name
}

// span is where a member's content lies.
type span struct{ offset, size int64 }

// Read reads the headers of the archive in file, of which it takes
// possession. Its errors say what is wrong; the caller adds where.
func Read(file *os.File, info fs.FileInfo) (_ *Archive, err error) {
	defer func() {
		if err != nil {
			file.Close()
		}
	}()
	if err := refuseCompressed(file); err != nil {
		return nil, err
	}
	a := &Archive{file: file, info: info, members: make(map[string]span)}
	return a, a.scan(file, info.Size())
}

// scan finds the members. r must not be buffered: its position tells where a
// member's content starts.
func (a *Archive) scan(r io.ReadSeeker, size int64) error {
	tr := tar.NewReader(r)
	next := int64(0) // where the next header starts
	for count := 1; ; count++ {
		hdr, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil && !errors.Is(err, tar.ErrInsecurePath) {
			return badArchive("member %d: %w", count, err)
		}
		if count > maxMembers {
			return recap.Errorf(recap.Unsafe, "too-many-members", "more than %d members", maxMembers).
				WithHint("split it into several archives, or unpack it and use the directory")
		}
		offset, err := r.Seek(0, io.SeekCurrent)
		if err != nil {
			return err
		}
		if offset-next > maxHeader {
			return recap.Errorf(recap.Unsafe, "too-large", "member %d: its headers have %d bytes, more than the limit of %d", count, offset-next, maxHeader).
				WithHint(blob.HintMalformed)
		}
		name, err := memberName(hdr)
		if err != nil {
			return fmt.Errorf("member %d: %w", count, err)
		}
		if err := checkMember(hdr, name); err != nil {
			return fmt.Errorf("member %d: %w", count, err)
		}
		if hdr.Size > size-offset {
			return badArchive("member %q has %d bytes and the archive ends %d bytes after its header: it was cut off", name, hdr.Size, size-offset)
		}
		next = offset + (hdr.Size+blockSize-1)/blockSize*blockSize
		if hdr.Typeflag == tar.TypeDir || !isLayoutFile(name) {
			continue
		}
		if _, twice := a.members[name]; twice {
			return badArchive("member %q is there twice", name)
		}
		a.members[name] = span{offset, hdr.Size}
	}
}

// memberName cleans the name of a member, such as ./blobs/sha256/….
func memberName(hdr *tar.Header) (string, error) {
	name := hdr.Name
	unsafe := func(why string) error {
		return recap.Errorf(recap.Unsafe, "unsafe-path", "name %.200q: %s", name, why).WithHint(blob.HintMalformed)
	}
	switch {
	case len(name) > maxName:
		return "", unsafe("too long")
	case strings.ContainsAny(name, "\x00\\"):
		return "", unsafe("a NUL or backslash")
	case strings.HasPrefix(name, "/"):
		return "", unsafe("absolute")
	case slices.Contains(strings.Split(name, "/"), ".."):
		return "", unsafe("it leads out of the archive")
	}
	return path.Clean(name), nil
}

// checkMember refuses what isn't a plain file or directory, whether it would be
// read or not.
func checkMember(hdr *tar.Header, name string) error {
	unsupported := func(what string) error {
		return recap.Errorf(recap.Unsafe, "unsupported-entry", "%q is %s: only files and directories are read", name, what).
			WithHint("write the archive from plain files, without links or sparse files")
	}
	for key := range hdr.PAXRecords {
		if strings.HasPrefix(key, "GNU.sparse.") {
			return unsupported("a sparse file")
		}
	}
	switch hdr.Typeflag {
	case tar.TypeReg, tar.TypeDir:
	case tar.TypeGNUSparse:
		return unsupported("a sparse file")
	case tar.TypeLink:
		return unsupported("a hard link")
	case tar.TypeSymlink:
		return unsupported("a symbolic link")
	case tar.TypeChar, tar.TypeBlock:
		return unsupported("a device")
	case tar.TypeFifo:
		return unsupported("a pipe")
	default:
		return unsupported(fmt.Sprintf("of type %q", hdr.Typeflag))
	}
	if hdr.Size < 0 || hdr.Typeflag == tar.TypeDir && hdr.Size != 0 {
		return recap.Errorf(recap.Integrity, "bad-size", "%q has the size %d", name, hdr.Size).WithHint(blob.HintMalformed)
	}
	return nil
}

// isLayoutFile reports whether a member is one that the layout reads; what else
// is in the archive, such as Docker's manifest.json, is nothing to it.
func isLayoutFile(name string) bool {
	return name == ocispec.ImageLayoutFile || name == ocispec.ImageIndexFile || blob.DigestOf(name) != ""
}

// Stat implements [blob.Place].
func (a *Archive) Stat(d digest.Digest) (int64, error) {
	m, ok := a.members[blob.Name(d)]
	if !ok {
		return 0, fs.ErrNotExist
	}
	return m.size, nil
}

// Open implements [blob.Place].
func (a *Archive) Open(d digest.Digest) (blob.Content, int64, error) {
	m, ok := a.members[blob.Name(d)]
	if !ok {
		return nil, 0, fs.ErrNotExist
	}
	return section{io.NewSectionReader(a.file, m.offset, m.size)}, m.size, nil
}

// Each implements [blob.Place].
func (a *Archive) Each(fn func(name string, d digest.Digest) error) error {
	for name := range a.members {
		if d := blob.DigestOf(name); d != "" {
			if err := fn(name, d); err != nil {
				return err
			}
		}
	}
	return nil
}

// Read returns a small member whole; fs.ErrNotExist when it is absent.
func (a *Archive) Read(name string, limit int64) ([]byte, error) {
	m, ok := a.members[name]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return blob.ReadBounded(io.NewSectionReader(a.file, m.offset, m.size), m.size, limit)
}

// Close ends reading; nothing is ever written through an archive.
func (a *Archive) Close() { a.file.Close() }

// section is a member being read; the archive stays open.
type section struct{ *io.SectionReader }

func (section) Close() error { return nil }

// magics start files that people name .tar and that can't be read in place.
var magics = []struct {
	start  []byte
	name   string
	unpack string
}{
	{[]byte{0x1f, 0x8b}, "gzip", "gunzip"},
	{[]byte{0x28, 0xb5, 0x2f, 0xfd}, "zstd", "unzstd"},
	{[]byte("BZh"), "bzip2", "bunzip2"},
	{[]byte{0xfd, '7', 'z', 'X', 'Z', 0}, "xz", "unxz"},
	{[]byte("PK\x03\x04"), "zip", "unzip"},
}

func refuseCompressed(file io.ReaderAt) error {
	head := make([]byte, 8)
	n, err := file.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	for _, m := range magics {
		if bytes.HasPrefix(head[:n], m.start) {
			return recap.Errorf(recap.Integrity, "compressed-archive", "it is compressed with %s, and archives are read in place", m.name).
				WithHint("unpack it first: %s", m.unpack)
		}
	}
	if n == 0 {
		return badArchive("it is empty")
	}
	return nil
}

func badArchive(format string, args ...any) error {
	return recap.Errorf(recap.Integrity, "bad-archive", format, args...).
		WithHint("get the archive again from where it came: nothing was changed")
}
