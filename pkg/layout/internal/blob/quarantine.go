// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package blob

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

// Quarantine is the directory in a layout that damaged files are moved to. They
// may be all that is left of something, or tell what went wrong.
const Quarantine = ".recap-quarantine"

// quarantineTime starts the name of what lies there: when it came.
const quarantineTime = "20060102T150405Z"

// SetAside moves the file called name, whatever it is, and returns its new name.
func (d *Directory) SetAside(name string) (string, error) { return d.aside(name, durable.Rename) }

// KeepAside gives the file called name a second name in the quarantine, where the
// file system can.
func (d *Directory) KeepAside(name string) (string, error) { return d.aside(name, durable.Link) }

// aside gives the file called name, by move, a name in the quarantine.
func (d *Directory) aside(name string, move func(from, to string) error) (string, error) {
	if _, err := os.Lstat(d.File(name)); err != nil {
		return "", durable.Explain(err)
	}
	if err := durable.MkdirAll(d.File(Quarantine), 0o755); err != nil {
		return "", err
	}
	if err := d.checkQuarantine(); err != nil {
		return "", err
	}
	stem := Quarantine + "/" + time.Now().UTC().Format(quarantineTime) + "-" + strings.ReplaceAll(name, "/", "-")
	to := stem
	for i := 2; ; i++ {
		if _, err := os.Lstat(d.File(to)); errors.Is(err, fs.ErrNotExist) {
			break
		} else if err != nil {
			return "", durable.Explain(err)
		}
		to = fmt.Sprintf("%s.%d", stem, i)
	}
	return to, move(d.File(name), d.File(to))
}

// checkQuarantine refuses a link: what is moved there would leave the layout.
func (d *Directory) checkQuarantine() error {
	info, err := os.Lstat(d.File(Quarantine))
	if err != nil {
		return durable.Explain(err)
	}
	if !info.IsDir() {
		return recap.Errorf(recap.Unsafe, "not-a-directory", "%q is %s, not a directory", d.File(Quarantine), describe(info.Mode())).
			WithHint("remove it, then run it again")
	}
	return nil
}

// Aside is a file in the quarantine.
type Aside struct {
	Path  string    // in the layout, /-separated
	Size  int64     // none of what is no regular file
	Since time.Time // when it came
}

// Quarantined lists what lies in the quarantine since before, or at all when it
// is zero.
func (d *Directory) Quarantined(before time.Time) ([]Aside, error) {
	if err := d.checkQuarantine(); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(d.File(Quarantine))
	if err != nil {
		return nil, durable.Explain(err)
	}
	var list []Aside
	for _, e := range entries {
		since, rest, _ := strings.Cut(e.Name(), "-")
		at, err := time.Parse(quarantineTime, since)
		if err != nil || rest == "" || !before.IsZero() && !at.Before(before) {
			continue // not ours, or too new
		}
		r := Aside{Path: Quarantine + "/" + e.Name(), Since: at}
		if info, err := e.Info(); err == nil && info.Mode().IsRegular() {
			r.Size = info.Size()
		}
		list = append(list, r)
	}
	return list, nil
}
