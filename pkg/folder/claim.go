// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package folder

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/recap-oci/recap/pkg/internal/durable"
	"github.com/recap-oci/recap/pkg/recap"
)

// claim takes the exclusive right to change the destination and returns what
// gives it back. It waits for another pull to end, but no longer than wait;
// then the error is recap.Local busy.
//
// The lock lies beside the destination, which may not be there yet, and is gone
// when nobody holds it. Where the directory above can't be written to, which is
// common of mount points, it lies in .recap inside.
func (d *Folder) claim(ctx context.Context, wait time.Duration) (release func(), err error) {
	undo, err := d.makeParents()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	parent, base := filepath.Split(d.path)
	unlock, err := durable.Lock(ctx, filepath.Join(parent, lockName(base)))
	if isForbidden(err) {
		if _, e := os.Lstat(d.path); e == nil {
			return d.lockInside(ctx)
		}
	}
	if err != nil {
		undo()
		return nil, fmt.Errorf("waiting for the destination %s: %w", d.name, err)
	}
	return func() {
		unlock() //nolint:errcheck // the lock ends with the process at the latest
		undo()
	}, nil
}

// lockInside takes the lock in the destination itself.
func (d *Folder) lockInside(ctx context.Context) (release func(), err error) {
	root, err := os.OpenRoot(d.path)
	if err == nil {
		defer root.Close()
		err = stateDirectory(root)
	}
	if err != nil {
		return nil, localError(err, "locking the destination")
	}
	unlock, err := durable.Lock(ctx, filepath.Join(d.path, filepath.FromSlash(lockPath)))
	if err != nil {
		return nil, fmt.Errorf("waiting for the destination %s: %w", d.name, err)
	}
	return func() {
		unlock() //nolint:errcheck // the lock ends with the process at the latest
		// Only if nothing else is in it, and if it's there.
		os.Remove(filepath.Join(d.path, recap.StateDirectory)) //nolint:errcheck // only if empty
	}, nil
}

// lockName is the name of the lock for a directory called base. Names that
// some file system takes for the same share it.
func lockName(base string) string {
	sum := sha256.Sum256([]byte(strings.ToLower(base)))
	return ".recap-lock-" + hex.EncodeToString(sum[:6])
}

// isForbidden reports whether a directory can't be written to.
func isForbidden(err error) bool {
	var known *recap.Error
	return errors.Is(err, fs.ErrPermission) || errors.As(err, &known) && known.Code == "read-only"
}

// makeParents makes the directories above the destination. undo removes again
// those that nothing was put into.
func (d *Folder) makeParents() (undo func(), err error) {
	parent := filepath.Dir(d.path)
	var made []string
	for dir := parent; ; dir = filepath.Dir(dir) {
		if _, err := os.Lstat(dir); !errors.Is(err, fs.ErrNotExist) || dir == filepath.Dir(dir) {
			break
		}
		made = append(made, dir)
	}
	undo = func() {
		for _, dir := range made {
			if os.Remove(dir) != nil {
				return
			}
		}
	}
	if err := durable.MkdirAll(parent, 0o755); err != nil {
		undo()
		return nil, localError(err, "making the directory above the destination")
	}
	return undo, nil
}
