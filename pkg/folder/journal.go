// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package folder

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"

	"github.com/recap-oci/recap/pkg/internal/canonical"
	"github.com/recap-oci/recap/pkg/recap"
)

// journalKind is the kind of a journal, beside the apiVersion.
const journalKind = "PullJournal"

// journal says what is left to do to turn a directory into a pull, once all new
// files lie verified in .recap/staging. While .recap/incomplete holds it, the
// directory is neither what it was nor complete; working through it again from
// the start, however far somebody got, makes it complete.
type journal struct {
	APIVersion string  `json:"apiVersion"`
	Kind       string  `json:"kind"`
	Old        []File  `json:"old,omitempty"` // files of the pull before, which may go while they are unchanged
	Receipt    Receipt `json:"receipt"`       // of the pull to be completed

	// Force lets whatever is in the way go. It isn't written down: a journal
	// may have come with a directory from anywhere, and only who runs the
	// command says what may be lost.
	Force bool `json:"-"`

	rows map[string][]File // Old and Receipt.Files by path
}

// listed returns what j says of the file at name: as it was, as it will be.
func (j *journal) listed(name string) []File {
	if j.rows == nil {
		j.rows = make(map[string][]File, len(j.Receipt.Files))
		for _, f := range slices.Concat(j.Old, j.Receipt.Files) {
			j.rows[f.Path] = append(j.rows[f.Path], f)
		}
	}
	return j.rows[name]
}

// readJournal reads the journal below root; fs.ErrNotExist if there is none.
func readJournal(root *os.Root) (*journal, error) {
	raw, err := readState(root, journalPath)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var j *journal
	if err == nil {
		j, err = parseJournal(raw)
	}
	if err != nil {
		return nil, recap.Errorf(recap.Integrity, "bad-journal", "reading %s: %w", journalPath, err)
	}
	return j, nil
}

// parseJournal is strict: a journal may have come with a directory from anywhere.
func parseJournal(raw []byte) (*journal, error) {
	var j journal
	if err := canonical.Unmarshal(raw, &j); err != nil {
		return nil, err
	}
	if j.APIVersion != recap.APIVersion || j.Kind != journalKind {
		return nil, fmt.Errorf("it is a %q of version %q", j.Kind, j.APIVersion)
	}
	if err := j.Receipt.check(); err != nil {
		return nil, err
	}
	return &j, checkFiles(j.Old)
}

// finish does what j says. All of it goes through root, never over a link, and
// touches only files that j names; files that somebody changed since are an
// error of recap.Local destination-modified, unless forced.
func (j *journal) finish(root *os.Root) error {
	if err := j.removeOld(root); err != nil {
		return err
	}
	if err := j.moveNew(root); err != nil {
		return err
	}
	if err := writeState(root, receiptPath, j.Receipt); err != nil {
		return err
	}
	return discard(root)
}

// discard removes journal and staging directory, the journal first: without it
// what is staged is only litter.
func discard(root *os.Root) error {
	if err := removeIfThere(root, journalPath); err != nil {
		return err
	}
	if err := syncDir(root, recap.StateDirectory); err != nil {
		return err
	}
	return root.RemoveAll(stagingPath)
}

// removeOld removes the files of the pull before that the new one doesn't have,
// and the directories that they leave empty.
func (j *journal) removeOld(root *os.Root) error {
	keep := map[string]bool{}
	for _, f := range j.Receipt.Files {
		keep[f.Path] = true
	}
	for _, f := range j.Old {
		if keep[f.Path] || isNotDirectory(root, f.Path) {
			continue
		}
		// A directory in its place may be a new file's, made before an
		// interruption.
		if info, err := root.Lstat(f.Path); err == nil && info.IsDir() {
			continue
		}
		if err := j.mayGo(root, f.Path); err != nil {
			return err
		}
		if err := removeIfThere(root, f.Path); err != nil {
			return err
		}
		dir := path.Dir(f.Path)
		for dir != "." && root.Remove(dir) == nil {
			dir = path.Dir(dir)
		}
		if err := syncDir(root, dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// moveNew moves what is still staged to its place.
func (j *journal) moveNew(root *os.Root) error {
	changed := ""
	for _, f := range j.Receipt.Files {
		staged := stagingPath + "/" + f.Path
		if _, err := root.Lstat(staged); errors.Is(err, fs.ErrNotExist) {
			continue // moved before the interruption
		} else if err != nil {
			return err
		}
		if err := j.mayGo(root, f.Path); err != nil {
			return err
		}
		dir := path.Dir(f.Path)
		if err := realDirectory(root, dir); err != nil {
			return err
		}
		if dir != changed && changed != "" {
			if err := syncDir(root, changed); err != nil {
				return err
			}
		}
		if err := root.Rename(staged, f.Path); err != nil {
			return err
		}
		changed = dir
	}
	if changed == "" {
		return nil
	}
	return syncDir(root, changed)
}

// mayGo returns an error if what stands at name must not be removed or
// replaced. A directory must not, unless it is empty: then it goes at once.
func (j *journal) mayGo(root *os.Root, name string) error {
	info, err := root.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) || isNotDirectory(root, name) {
		return nil
	}
	if err != nil {
		return err
	}
	if info.IsDir() {
		if root.Remove(name) == nil {
			return nil
		}
		return directoryInTheWay(name)
	}
	if j.Force {
		return nil
	}
	for _, f := range j.listed(name) {
		if !info.Mode().IsRegular() {
			break
		}
		if same, err := sameFile(root, f); err != nil || same {
			return err
		}
	}
	return recap.Errorf(recap.Local, "destination-modified", "%s was changed while a pull was interrupted", recap.Quoted(name)).
		WithHint("move it away, or use --force to overwrite it")
}

// realDirectory makes dir below root and refuses one that is reached over a
// link: the link could be exchanged for another at any time.
func realDirectory(root *os.Root, dir string) error {
	if dir == "." {
		return nil
	}
	if err := realDirectory(root, path.Dir(dir)); err != nil {
		return err
	}
	err := root.Mkdir(dir, 0o755)
	if err == nil {
		return syncDir(root, path.Dir(dir))
	}
	if !errors.Is(err, fs.ErrExist) {
		return err
	}
	info, err := root.Lstat(dir)
	switch {
	case err != nil:
		return err
	case info.Mode()&fs.ModeSymlink != 0:
		return linkInTheWay(dir)
	case !info.IsDir():
		return fileInTheWay(dir)
	}
	return nil
}

// isNotDirectory reports whether something above name is no directory, so that
// nothing can be at name.
func isNotDirectory(root *os.Root, name string) bool {
	for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
		if info, err := root.Lstat(dir); err == nil && !info.IsDir() {
			return true
		}
	}
	return false
}

// conflict returns an error if j could not be finished below root because of
// something that it neither brings nor may remove. It is asked before the
// journal is written; only a forced pull can meet with one.
func (j *journal) conflict(root *os.Root) error {
	goes := map[string]bool{}
	for _, f := range j.Old {
		goes[f.Path] = true
	}
	for _, f := range j.Receipt.Files {
		for dir := path.Dir(f.Path); dir != "."; dir = path.Dir(dir) {
			info, err := root.Lstat(dir)
			switch {
			case err != nil || info.IsDir():
			case info.Mode()&fs.ModeSymlink != 0:
				return linkInTheWay(dir)
			case !goes[dir]:
				return fileInTheWay(dir)
			}
		}
		info, err := root.Lstat(f.Path)
		if err != nil || !info.IsDir() || isNotDirectory(root, f.Path) {
			continue
		}
		err = fs.WalkDir(root.FS(), f.Path, func(name string, entry fs.DirEntry, err error) error {
			if err == nil && !entry.IsDir() && !goes[name] {
				return directoryInTheWay(f.Path)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func linkInTheWay(name string) error {
	return recap.Errorf(recap.Unsafe, "destination-symlink", "%s is a symbolic link where a directory belongs", recap.Quoted(name)).
		WithHint("remove it, or name another directory with -o")
}

func fileInTheWay(name string) error {
	return recap.Errorf(recap.Local, "destination-not-ours", "the file %s stands where a directory belongs", recap.Quoted(name)).
		WithHint("move it away, or name another directory with -o")
}

func directoryInTheWay(name string) error {
	return recap.Errorf(recap.Local, "destination-not-ours", "a directory stands where the file %s belongs", recap.Quoted(name)).
		WithHint("move it away, or name another directory with -o")
}

// resume finishes a pull that was interrupted, or clears away what one left
// that was interrupted before it changed anything. With force, a journal that
// can't be read or finished is dropped.
func resume(root *os.Root, force bool) error {
	if there, err := hasStateDirectory(root); err != nil || !there {
		return err
	}
	j, err := readJournal(root)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		for _, name := range []string{journalPath + unfinished, receiptPath + unfinished} {
			if err := removeIfThere(root, name); err != nil {
				return err
			}
		}
		return root.RemoveAll(stagingPath)
	case err == nil:
		j.Force = force
		err = j.finish(root)
	}
	if err != nil && force {
		return discard(root)
	}
	if err != nil {
		return fmt.Errorf("finishing an interrupted pull: %w", err)
	}
	return nil
}
