// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package layout

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/recap-oci/recap/pkg/layout/internal/blob"
)

// setAside moves what damage is about into the quarantine and tells of it. It is
// no error when it has gone.
func (s *Store) setAside(dir *blob.Directory, damage Damage) error {
	return s.tellAside(damage, dir.SetAside)
}

// keepAside is setAside of what is about to be replaced. Where the file system can,
// it stays where it is as well: others may mend the same blob at the same time, and
// find nothing where it was.
func (s *Store) keepAside(dir *blob.Directory, damage Damage) error {
	return s.tellAside(damage, func(name string) (string, error) {
		to, err := dir.KeepAside(name)
		if err == nil || errors.Is(err, fs.ErrNotExist) {
			return to, err
		}
		return dir.SetAside(name)
	})
}

func (s *Store) tellAside(damage Damage, move func(name string) (to string, err error)) error {
	to, err := move(damage.Path)
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
