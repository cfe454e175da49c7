// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package transfer

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/recap-oci/recap/pkg/artifact"
	"github.com/recap-oci/recap/pkg/internal/safepath"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/trust"
)

// receiptKind is the kind of a receipt, beside the apiVersion.
const receiptKind = "Receipt"

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
	Slug       string        `json:"slug,omitempty"`

	// Selection is what was asked for; absent when everything was.
	Selection *Selected `json:"selection,omitempty"`

	// Report is why the digest was admitted: verdict, rule, signers.
	Report trust.Report `json:"report"`

	PulledAt *time.Time    `json:"pulledAt,omitempty"`
	Files    []ReceiptFile `json:"files"`
}

// Selected is an [artifact.Selection] as results and receipts spell it.
type Selected struct {
	Include      []string `json:"include,omitempty"`
	Roles        []string `json:"roles,omitempty"`
	MetadataOnly bool     `json:"metadataOnly,omitempty"`
}

func selected(s artifact.Selection) *Selected {
	if s.IsZero() {
		return nil
	}
	return &Selected{Include: s.Include, Roles: s.Roles, MetadataOnly: s.MetadataOnly}
}

// ReceiptFile is one file as it was written.
type ReceiptFile struct {
	Path   string        `json:"path"` // slash-separated, relative to the directory
	Digest digest.Digest `json:"digest"`
	Size   int64         `json:"size"` // bytes
}

// ReadReceipt reads the receipt of the pulled directory dir.
//
// Errors: [recap.NotFound] not-a-pull when dir has none, [recap.Integrity]
// bad-receipt when it isn't one.
func ReadReceipt(dir string) (*Receipt, error) {
	root, err := os.OpenRoot(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, noDirectory(dir)
	}
	if err != nil {
		return nil, localError(err, "opening the directory")
	}
	defer root.Close()
	r, err := readReceipt(root)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", dir, err)
	}
	return r, nil
}

func readReceipt(root *os.Root) (*Receipt, error) {
	var r Receipt
	err := readState(root, receiptPath, &r)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, recap.Errorf(recap.NotFound, "not-a-pull", "there is no receipt: this directory was not written by recap pull")
	}
	if err == nil {
		err = r.check()
	}
	if err != nil {
		return nil, recap.Errorf(recap.Integrity, "bad-receipt", "reading %s: %w", receiptPath, err)
	}
	return &r, nil
}

// check refuses a receipt that could make its reader touch what no pull wrote.
func (r *Receipt) check() error {
	if r.APIVersion != recap.APIVersion || r.Kind != receiptKind {
		return fmt.Errorf("it is a %q of version %q, not a %s of %s", r.Kind, r.APIVersion, receiptKind, recap.APIVersion)
	}
	if err := r.Digest.Validate(); err != nil {
		return err
	}
	return checkFiles(r.Files)
}

func checkFiles(files []ReceiptFile) error {
	paths := make([]string, len(files))
	for i, f := range files {
		paths[i] = f.Path
		if safepath.Reserved(f.Path) {
			return fmt.Errorf("%q is a reserved name", f.Path)
		}
		if err := f.Digest.Validate(); err != nil {
			return fmt.Errorf("%q: %w", f.Path, err)
		}
	}
	return safepath.CheckSet(paths)
}
