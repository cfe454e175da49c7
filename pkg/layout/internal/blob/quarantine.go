// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package blob

import (
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

// Quarantine is the directory in a layout that damaged files are moved to. They
// may be all that is left of something, or tell what went wrong.
const Quarantine = ".recap-quarantine"

// quarantineTime starts the name of what lies there: when it came.
const quarantineTime = "20060102T150405Z"

// SetAside moves the file called name, whatever it is, to the quarantine, and returns
// its new name.
func (h *Held) SetAside(name string) (string, error) { return h.aside(name, durable.RenameIn) }

// KeepAside gives the file called name a second name in the quarantine, where the file
// system can.
func (h *Held) KeepAside(name string) (string, error) { return h.aside(name, durable.LinkIn) }

// CopyAside copies the file called name, of at most limit bytes, to the quarantine.
func (h *Held) CopyAside(name string, limit int64) (string, error) {
	return h.aside(name, func(root *os.Root, from, to string) error { return copyIn(root, from, to, limit) })
}

// copyIn copies a regular file of at most limit bytes within root.
func copyIn(root *os.Root, from, to string, limit int64) error {
	info, err := root.Lstat(from)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return irregular(from, info.Mode())
	}
	file, err := root.OpenFile(from, os.O_RDONLY|openFlags, 0)
	if err != nil {
		return durable.Explain(err)
	}
	defer file.Close()
	data, err := ReadBounded(file, info.Size(), limit)
	if err != nil {
		return durable.Explain(err)
	}
	return durable.WriteIn(root, to, data, 0o644)
}

// aside gives the file called name, by move, a name in the quarantine.
func (h *Held) aside(name string, move func(root *os.Root, from, to string) error) (string, error) {
	if _, err := h.root.Lstat(name); err != nil {
		return "", h.explain(err)
	}
	switch err := h.root.Mkdir(Quarantine, 0o755); {
	case err == nil:
		if err := h.Sync("."); err != nil {
			return "", err
		}
	case !errors.Is(err, fs.ErrExist):
		return "", durable.Explain(err)
	}
	if err := h.checkQuarantine(); err != nil {
		return "", err
	}
	stem := Quarantine + "/" + time.Now().UTC().Format(quarantineTime) + "-" + strings.ReplaceAll(name, "/", "-")
	to := stem
	for i := 2; ; i++ {
		if _, err := h.root.Lstat(to); errors.Is(err, fs.ErrNotExist) {
			break
		} else if err != nil {
			return "", durable.Explain(err)
		}
		to = fmt.Sprintf("%s.%d", stem, i)
	}
	return to, h.explain(move(h.root, name, to))
}

// checkQuarantine refuses a link: what is in the quarantine may be removed.
func (h *Held) checkQuarantine() error {
	info, err := h.root.Lstat(Quarantine)
	if err != nil {
		return durable.Explain(err)
	}
	if !info.IsDir() {
		return recap.Errorf(recap.Unsafe, "not-a-directory", "%q is %s, not a directory", filepath.Join(h.root.Name(), Quarantine), describe(info.Mode())).
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
func (h *Held) Quarantined(before time.Time) ([]Aside, error) {
	if err := h.checkQuarantine(); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	entries, err := fs.ReadDir(h.root.FS(), Quarantine)
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
		if info, err := h.root.Lstat(r.Path); err == nil && info.Mode().IsRegular() {
			r.Size = info.Size()
		}
		list = append(list, r)
	}
	return list, nil
}
