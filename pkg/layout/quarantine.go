// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package layout

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/recap-oci/recap/pkg/layout/internal/blob"
	"github.com/recap-oci/recap/pkg/layout/internal/index"
)

// setAside moves what damage is about into the quarantine and tells of it. It is
// no error when it has gone.
func (s *Store) setAside(dir *blob.Directory, damage Damage) error {
	return s.tellAside(dir, damage, (*blob.Held).SetAside)
}

// keepAside is setAside of what is about to be replaced. Where the file system can,
// it stays where it is as well: others may mend the same blob at the same time, and
// find nothing where it was.
func (s *Store) keepAside(dir *blob.Directory, damage Damage) error {
	return s.tellAside(dir, damage, func(held *blob.Held, name string) (string, error) {
		to, err := held.KeepAside(name)
		if err == nil || errors.Is(err, fs.ErrNotExist) {
			return to, err
		}
		return held.SetAside(name)
	})
}

func (s *Store) tellAside(dir *blob.Directory, damage Damage, move func(held *blob.Held, name string) (to string, err error)) error {
	held, err := dir.Hold()
	if err != nil {
		return err
	}
	defer held.Close()
	to, err := move(held, damage.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("moving %s to the quarantine: %w", damage.Path, err)
	}
	damage.MovedTo = to
	if s.opts.OnDamage != nil {
		s.opts.OnDamage(damage)
	}
	return nil
}

// dropBad takes the entries that can't be read off index.json, and returns where a
// copy of the file is that has them.
func (s *Store) dropBad(ctx context.Context) (copied string, err error) {
	held, err := s.dir.Hold()
	if err != nil {
		return "", err
	}
	defer held.Close()
	copied, err = held.CopyAside(ocispec.ImageIndexFile, MaxIndexSize)
	if err != nil {
		return "", fmt.Errorf("copying %s to the quarantine: %w", ocispec.ImageIndexFile, err)
	}
	return copied, s.update(ctx, func(x *index.Index) (bool, error) { return x.DropBad(), nil })
}
