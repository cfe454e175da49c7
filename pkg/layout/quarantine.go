// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package layout

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/recap-oci/recap/pkg/internal/durable"
	"github.com/recap-oci/recap/pkg/recap"
)

// quarantine is the directory in a layout that damaged files are moved to. They
// may be all that is left of something, or tell what went wrong.
const quarantine = ".recap-quarantine"

// quarantineTime starts the name of what lies there: when it came.
const quarantineTime = "20060102T150405Z"

// setAside moves what damage is about into the quarantine and tells of it. It is
// no error when it has gone.
func (s *Store) setAside(dir *directory, damage Damage) error {
	return s.tellAside(damage, dir.setAside)
}

// keepAside is setAside of what is about to be replaced. Where the file system can,
// it stays where it is as well: others may mend the same blob at the same time, and
// find nothing where it was.
func (s *Store) keepAside(dir *directory, damage Damage) error {
	return s.tellAside(damage, func(name string) (string, error) {
		to, err := dir.aside(name, durable.Link)
		if err == nil || errors.Is(err, fs.ErrNotExist) {
			return to, err
		}
		return dir.setAside(name)
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

// setAside moves the file called name, whatever it is, and returns its new name.
func (d *directory) setAside(name string) (string, error) { return d.aside(name, durable.Rename) }

// aside gives the file called name, by move, a name in the quarantine.
func (d *directory) aside(name string, move func(from, to string) error) (string, error) {
	if _, err := os.Lstat(d.file(name)); err != nil {
		return "", durable.Explain(err)
	}
	if err := durable.MkdirAll(d.file(quarantine), 0o755); err != nil {
		return "", err
	}
	if err := d.checkQuarantine(); err != nil {
		return "", err
	}
	stem := quarantine + "/" + time.Now().UTC().Format(quarantineTime) + "-" + strings.ReplaceAll(name, "/", "-")
	to := stem
	for i := 2; ; i++ {
		if _, err := os.Lstat(d.file(to)); errors.Is(err, fs.ErrNotExist) {
			break
		} else if err != nil {
			return "", durable.Explain(err)
		}
		to = fmt.Sprintf("%s.%d", stem, i)
	}
	return to, move(d.file(name), d.file(to))
}

// checkQuarantine refuses a link: what is moved there would leave the layout.
func (d *directory) checkQuarantine() error {
	info, err := os.Lstat(d.file(quarantine))
	if err != nil {
		return durable.Explain(err)
	}
	if !info.IsDir() {
		return recap.Errorf(recap.Unsafe, "not-a-directory", "%q is %s, not a directory", d.file(quarantine), describe(info.Mode())).
			WithHint("remove it, then run it again")
	}
	return nil
}

// quarantined lists what lies in the quarantine since before, or at all when it
// is zero.
func (d *directory) quarantined(before time.Time) ([]Removed, error) {
	if err := d.checkQuarantine(); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(d.file(quarantine))
	if err != nil {
		return nil, durable.Explain(err)
	}
	var list []Removed
	for _, e := range entries {
		since, rest, _ := strings.Cut(e.Name(), "-")
		at, err := time.Parse(quarantineTime, since)
		if err != nil || rest == "" || !before.IsZero() && !at.Before(before) {
			continue // not ours, or too new
		}
		r := Removed{Path: quarantine + "/" + e.Name(), LastUsed: at}
		if info, err := e.Info(); err == nil && info.Mode().IsRegular() {
			r.Size = info.Size()
		}
		list = append(list, r)
	}
	return list, nil
}
