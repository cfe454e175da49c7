// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package blob

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/opencontainers/go-digest"

	"github.com/recap-oci/recap/pkg/internal/durable"
)

// Between a look and what follows from it, somebody may put a link in the place of a
// directory.
func TestHeldIsNotLedOut(t *testing.T) {
	name := Name(digest.FromString("x"))
	for does, do := range map[string]func(h *Held) error{
		"Remove":    func(h *Held) error { return h.Remove(name) },
		"SetAside":  func(h *Held) error { _, err := h.SetAside(name); return err },
		"KeepAside": func(h *Held) error { _, err := h.KeepAside(name); return err },
		"CopyAside": func(h *Held) error { _, err := h.CopyAside(name, 10); return err },
		"copyIn": func(h *Held) error { // the quarantine was looked at before
			return copyIn(h.root, "index.json", Quarantine+"/20260101T000000Z-index.json", 10)
		},
		"Lstat":      func(h *Held) error { _, err := h.Lstat(name); return err },
		"Sync":       func(h *Held) error { return h.Sync(Dir(digest.SHA256)) },
		"Each":       func(h *Held) error { return h.Each(func(string, digest.Digest, fs.FileInfo) error { return nil }) },
		"Check":      (*Held).Check,
		"quarantine": func(h *Held) error { return h.Remove(Quarantine + "/20260101T000000Z-x") },
	} {
		t.Run(does, func(t *testing.T) {
			root, outside := t.TempDir(), t.TempDir()
			for dir, file := range map[string]string{Dir(digest.SHA256): name, Quarantine: Quarantine + "/20260101T000000Z-x"} {
				if err := errors.Join(os.MkdirAll(filepath.Join(root, filepath.FromSlash(dir)), 0o755),
					os.WriteFile(filepath.Join(root, filepath.FromSlash(file)), []byte("x"), 0o644)); err != nil {
					t.Fatal(err)
				}
			}
			if err := os.WriteFile(filepath.Join(root, "index.json"), []byte("{}"), 0o644); err != nil {
				t.Fatal(err)
			}
			held, err := At(root).Hold()
			if err != nil {
				t.Fatal(err)
			}
			defer held.Close()
			seen := 0
			err = held.Each(func(string, digest.Digest, fs.FileInfo) error { seen++; return nil })
			if err != nil || seen != 1 {
				t.Fatalf("saw %d files, %v", seen, err)
			}
			for _, dir := range []string{Dir(digest.SHA256), Quarantine} {
				to := filepath.Join(outside, filepath.Base(dir))
				from := filepath.Join(root, filepath.FromSlash(dir))
				if err := os.Rename(from, to); err != nil {
					t.Skip("a directory that is held stays where it is here:", err)
				}
				if err := os.Symlink(to, from); err != nil {
					t.Skip("no links here:", err)
				}
			}
			if err := do(held); err == nil {
				t.Error("it was led out")
			}
			for _, file := range []string{"sha256/" + digest.FromString("x").Encoded(), Quarantine + "/20260101T000000Z-x"} {
				if _, err := os.Lstat(filepath.Join(outside, filepath.FromSlash(file))); err != nil {
					t.Error(err)
				}
			}
			if left, err := filepath.Glob(filepath.Join(root, durable.TempPrefix+"*")); err != nil || len(left) > 0 {
				t.Errorf("left over: %v, %v", left, err)
			}
			if files, err := os.ReadDir(filepath.Join(outside, Quarantine)); err != nil || len(files) != 1 {
				t.Errorf("in the quarantine outside: %v, %v", files, err)
			}
		})
	}
}
