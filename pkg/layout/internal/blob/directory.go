// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package blob

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/recap-oci/recap/pkg/internal/durable"
	"github.com/recap-oci/recap/pkg/recap"
)

// Directory is a layout, or the staging of an archive, in a directory.
type Directory struct{ root string }

// At is the directory at root, which nothing is asked of yet.
func At(root string) *Directory { return &Directory{root: root} }

// Root is the path of the directory.
func (d *Directory) Root() string { return d.root }

// File is the path of a file in the layout, whose /-separated name must be a good
// one.
func (d *Directory) File(name string) string { return filepath.Join(d.root, filepath.FromSlash(name)) }

// Stat implements [Place].
func (d *Directory) Stat(dgst digest.Digest) (int64, error) {
	info, err := os.Lstat(d.File(Name(dgst)))
	if err != nil {
		return 0, err
	}
	if !info.Mode().IsRegular() {
		return 0, irregular(d.File(Name(dgst)), info.Mode())
	}
	return info.Size(), nil
}

// Open implements [Place].
func (d *Directory) Open(dgst digest.Digest) (Content, int64, error) {
	file, info, err := OpenRegular(d.File(Name(dgst)))
	if err != nil {
		return nil, 0, err
	}
	return file, info.Size(), nil
}

// Each implements [Place].
func (d *Directory) Each(fn func(name string, dgst digest.Digest) error) error {
	for _, algorithm := range algorithms {
		dir := ocispec.ImageBlobsDir + "/" + string(algorithm)
		entries, err := os.ReadDir(d.File(dir))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return durable.Explain(err)
		}
		for _, e := range entries {
			if err := fn(dir+"/"+e.Name(), digest.NewDigestFromEncoded(algorithm, e.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

// Directories are the directories that blobs are in, the outer one first.
func Directories() []string {
	names := []string{ocispec.ImageBlobsDir}
	for _, algorithm := range algorithms {
		names = append(names, Dir(algorithm))
	}
	return names
}

// Check refuses links in the place of the directories that hold
// blobs: what is read through them lies outside the layout.
func (d *Directory) Check() error { return checkAll(d.root, d.lstat) }

func (d *Directory) lstat(name string) (fs.FileInfo, error) { return os.Lstat(d.File(name)) }

func checkAll(root string, lstat func(name string) (fs.FileInfo, error)) error {
	for _, name := range Directories() {
		if err := checkDirectory(root, name, lstat); err != nil {
			return err
		}
	}
	return nil
}

// CheckDirectory is [Directory.Check] of one of [Directories].
func (d *Directory) CheckDirectory(name string) error { return checkDirectory(d.root, name, d.lstat) }

func checkDirectory(root, name string, lstat func(name string) (fs.FileInfo, error)) error {
	info, err := lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return durable.Explain(err)
	}
	if !info.IsDir() {
		return recap.Errorf(recap.Unsafe, "not-a-directory", "layout %q: %s is %s, not a directory", root, name, describe(info.Mode())).
			WithHint("move it away and put the directory itself there")
	}
	return nil
}
