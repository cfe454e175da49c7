// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package folder

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/recap-oci/recap/pkg/internal/canonical"
	"github.com/recap-oci/recap/pkg/internal/safepath"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/trust"
)

// KindReceipt is the kind of a [Receipt], beside the apiVersion.
const KindReceipt = "Receipt"

// Receipt says what a pulled directory is. It is written with the files, in
// .recap/receipt.json, so that a later pull can replace what nobody changed and
// status can say what a folder is. It is a note for the directory's owner, not
// evidence: whoever can write the directory can write the receipt.
type Receipt struct {
	APIVersion string        `json:"apiVersion"`
	Kind       string        `json:"kind"`
	Reference  string        `json:"reference"`  // as the user wrote it
	Repository string        `json:"repository"` // the reference without tag and digest
	Digest     digest.Digest `json:"digest"`
	MediaType  string        `json:"mediaType"`
	Title      string        `json:"title,omitempty"`
	Slug       string        `json:"slug,omitempty"`    // of a pack its name
	Version    string        `json:"version,omitempty"` // where the artifact states one

	// Members are what was wanted of a pack, in reading order; each lies in the
	// directory of its slug.
	Members []Member `json:"members,omitempty"`

	// Selection is what was asked for; absent when everything was.
	Selection *Selection `json:"selection,omitempty"`

	// Report is why the digest was admitted: verdict, rule, signers.
	Report trust.Report `json:"report"`

	PulledAt *time.Time `json:"pulledAt,omitempty"`
	Files    []File     `json:"files"`
}

// Selection is what was asked for of an artifact, as receipts spell it.
type Selection struct {
	Include      []string `json:"include,omitempty"`
	Roles        []string `json:"roles,omitempty"`
	Recaps       []string `json:"recaps,omitempty"`
	Events       []string `json:"events,omitempty"`
	MetadataOnly bool     `json:"metadataOnly,omitempty"`
}

// Member is one recap of a pack.
type Member struct {
	Slug   string        `json:"slug"`
	Digest digest.Digest `json:"digest"` // of the bundle's manifest
}

// File is one file as it was written.
type File struct {
	Path   string        `json:"path"` // slash-separated, relative to the directory
	Digest digest.Digest `json:"digest"`
	Size   int64         `json:"size"` // bytes
}

// ReadReceipt reads the receipt of the pulled directory dir.
//
// Errors: [recap.NotFound] not-a-pull when dir has none, [recap.Integrity]
// bad-receipt when it isn't one.
func ReadReceipt(dir string) (*Receipt, error) {
	root, err := openPulled(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	r, err := readReceipt(root)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", dir, err)
	}
	return r, nil
}

// openPulled opens dir to look at. What is no directory isn't opened at all: a pipe
// would wait for somebody to write into it.
func openPulled(dir string) (*os.Root, error) {
	info, err := os.Stat(dir)
	if err == nil && !info.IsDir() {
		return nil, recap.Errorf(recap.NotFound, "not-a-pull", "%s is not a directory", dir)
	}
	var root *os.Root
	if err == nil {
		root, err = os.OpenRoot(dir)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, noDirectory(dir)
	case err != nil:
		return nil, localError(err, "opening the directory")
	}
	return root, nil
}

func readReceipt(root *os.Root) (*Receipt, error) {
	raw, err := readState(root, receiptPath)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, recap.Errorf(recap.NotFound, "not-a-pull", "there is no receipt: this directory was not written by recap pull")
	}
	var r *Receipt
	if err == nil {
		r, err = parseReceipt(raw)
	}
	if err != nil {
		return nil, recap.Errorf(recap.Integrity, "bad-receipt", "reading %s: %w", receiptPath, err)
	}
	return r, nil
}

func parseReceipt(raw []byte) (*Receipt, error) {
	var r Receipt
	if err := canonical.Unmarshal(raw, &r); err != nil {
		return nil, err
	}
	return &r, r.check()
}

// check refuses a receipt that could make its reader touch what no pull wrote.
func (r *Receipt) check() error {
	if r.APIVersion != recap.APIVersion || r.Kind != KindReceipt {
		return fmt.Errorf("it is a %q of version %q, not a %s of %s", r.Kind, r.APIVersion, KindReceipt, recap.APIVersion)
	}
	if err := r.Digest.Validate(); err != nil {
		return err
	}
	return checkFiles(r.Files)
}

// maxReceiptSize is how much of a receipt a pull writes. A journal holds two,
// indented, and has to be read again.
const maxReceiptSize = maxStateSize / 3

// CheckSize refuses a receipt that is too long to be read again: better than
// writing a directory that no later pull knows.
func (r *Receipt) CheckSize() error {
	raw, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("writing the receipt: %w", err)
	}
	if len(raw) > maxReceiptSize {
		return recap.Errorf(recap.Unsafe, "too-many-files", "%d files, whose list alone takes %d bytes", len(r.Files), len(raw)).
			WithHint("take a part of it: --recap SLUG, --event ID, --include GLOB")
	}
	return nil
}

// SameFiles reports whether the receipt lists files, in any order.
func (r *Receipt) SameFiles(files []File) bool {
	if len(r.Files) != len(files) {
		return false
	}
	rows := make(map[File]int, len(r.Files))
	for _, f := range r.Files {
		rows[f]++
	}
	for _, f := range files {
		if rows[f]--; rows[f] < 0 {
			return false
		}
	}
	return true
}

func checkFiles(files []File) error {
	paths := make([]string, len(files))
	for i, f := range files {
		paths[i] = f.Path
		if err := f.Digest.Validate(); err != nil {
			return fmt.Errorf("%q: %w", f.Path, err)
		}
	}
	return checkPaths(paths)
}

// checkPaths refuses paths that no pull writes, and ones that can't lie in one
// directory.
//
// The limits of a path are those inside a recap, wherever it lies: a first
// component that is written as a slug isn't counted. It is safe by itself, and
// no two slugs are the same to any file system.
func checkPaths(paths []string) error {
	top := make([]string, 0, len(paths))
	inside := map[string][]string{}
	for _, path := range paths {
		if safepath.Reserved(path) {
			return recap.Errorf(recap.Unsafe, "reserved-name", "%s has a name that is reserved", recap.Quoted(path))
		}
		slug, rest, ok := strings.Cut(path, "/")
		if !ok || recap.CheckSlug(slug) != nil {
			top = append(top, path)
			continue
		}
		if inside[slug] == nil {
			top = append(top, slug+"/"+recap.DocumentPath)
		}
		inside[slug] = append(inside[slug], rest)
	}
	if err := safepath.CheckSet(top); err != nil {
		return err
	}
	for _, slug := range slices.Sorted(maps.Keys(inside)) {
		if err := safepath.CheckSet(inside[slug]); err != nil {
			return fmt.Errorf("in %s: %w", slug, err)
		}
	}
	return nil
}
