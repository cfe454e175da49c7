// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package folder

import (
	"context"
	"fmt"

	"github.com/opencontainers/go-digest"

	"github.com/recap-oci/recap/pkg/recap"
)

// StatusOptions are the options of [Status].
type StatusOptions struct {
	// Newer returns what the receipt's reference names today. Default: nobody
	// is asked. An error of it doesn't fail the call; it stands in the result.
	Newer func(ctx context.Context, r Receipt) (digest.Digest, error)
}

// State says in one word what a pulled directory is.
type State string

// The states of a pulled directory.
const (
	Unchanged  State = "unchanged"
	Modified   State = "modified"
	Incomplete State = "incomplete" // a pull into it was interrupted; pulling again finishes it
)

// StatusResult says what a pulled directory is and what became of its files.
type StatusResult struct {
	Dir     string   `json:"dir"`
	State   State    `json:"state"`
	Receipt Receipt  `json:"receipt"`
	Changes []Change `json:"changes"` // modified, missing and added files; unchanged ones aren't listed

	// Current is what the reference names today, if it was asked; Newer says
	// that it is something else than what was pulled.
	Current digest.Digest `json:"current,omitempty"`
	Newer   bool          `json:"newer"`

	// CheckError is why it could not be asked.
	CheckError string `json:"checkError,omitempty"`
}

// Status compares the pulled directory dir with its receipt, file by file. The
// receipt is a note of the directory's owner: this tells what changed since,
// not whether it was ever genuine; pulling again does.
//
// Errors: [recap.NotFound] not-a-pull when dir has no receipt, or isn't there;
// [recap.Integrity] bad-receipt.
func Status(ctx context.Context, dir string, opts StatusOptions) (StatusResult, error) {
	root, err := openPulled(dir)
	if err != nil {
		return StatusResult{}, err
	}
	defer root.Close()
	result := StatusResult{Dir: dir, State: Unchanged, Changes: []Change{}}
	if _, err := root.Lstat(journalPath); err == nil {
		j, err := readJournal(root)
		if err != nil {
			return StatusResult{}, fmt.Errorf("%s: %w", dir, err)
		}
		result.State, result.Receipt = Incomplete, j.Receipt
		return result, nil
	}
	receipt, err := readReceipt(root)
	if err != nil {
		return StatusResult{}, fmt.Errorf("%s: %w", dir, err)
	}
	result.Receipt = *receipt
	changes, err := compare(ctx, root, receipt.Files)
	if err != nil {
		return StatusResult{}, localError(err, "comparing "+dir)
	}
	for _, change := range changes {
		if change.State != FileUnchanged {
			result.State = Modified
			result.Changes = append(result.Changes, change)
		}
	}
	if opts.Newer == nil {
		return result, nil
	}
	current, err := opts.Newer(ctx, *receipt)
	if err != nil {
		if ctx.Err() != nil {
			return result, err
		}
		result.CheckError = err.Error()
		return result, nil
	}
	result.Current, result.Newer = current, current != receipt.Digest
	return result, nil
}

func noDirectory(dir string) error {
	return recap.Errorf(recap.NotFound, "not-found", "%s: there is no such directory", dir)
}
