// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package folder

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/recap-oci/recap/pkg/internal/durable"
	"github.com/recap-oci/recap/pkg/recap"
)

// condition is what a destination directory is before a pull.
type condition string

const (
	absent  condition = "absent"
	empty   condition = "empty"
	earlier condition = "earlier" // an unmodified pull of the same repository
	foreign condition = "foreign" // anything else; written to only when forced
)

// Folder is a directory that is a pull, or is to become one. It isn't safe for use by
// several goroutines; other processes are kept out by a lock while it changes.
type Folder struct {
	name string // as the user named it
	path string // absolute

	condition condition
	mode      fs.FileMode // of the directory, where there is one
	receipt   *Receipt    // of an earlier pull of the same repository, modified or not
	refusal   error       // why it can't be written to without force
	inPlace   bool        // it must stay the directory it is: its entries are replaced, not it
}

// Open returns the folder at name, which need not be there. It doesn't touch it.
func Open(name string) (*Folder, error) {
	path, err := filepath.Abs(name)
	if err != nil {
		return nil, localError(err, "finding the destination")
	}
	return &Folder{name: filepath.Clean(name), path: path}, nil
}

// Name is the folder's path as [Open] was given it.
func (d *Folder) Name() string { return d.name }

// Earlier returns the receipt of the unmodified earlier pull of the same repository
// that [Folder.Check] found; nil if it found anything else.
func (d *Folder) Earlier() *Receipt {
	if d.condition != earlier {
		return nil
	}
	return d.receipt
}

// Check returns why the folder can't become a pull with opts, as far as can be told
// without writing anything: what [Folder.Install] refuses, too. Where it finds
// what an interrupted pull left, it finishes that first.
func (d *Folder) Check(ctx context.Context, opts Options) error {
	err := d.check(ctx, opts)
	if err != nil && ctx.Err() == nil {
		// It was looked at while another pull may be changing it. What is
		// refused is refused for what it is when nobody does.
		err = d.checkAlone(ctx, opts, err)
	}
	return err
}

// check inspects the folder and returns why it can't be written to.
func (d *Folder) check(ctx context.Context, opts Options) error {
	if err := d.inspect(ctx, opts.Repository); err != nil {
		return err
	}
	if d.refusal != nil && !opts.Force {
		return d.refusal
	}
	return nil
}

// checkAlone is check while no other pull has the folder, and after what an
// interrupted one left is finished. Where nobody can be kept out, nobody can be
// in: then it is what was found before.
func (d *Folder) checkAlone(ctx context.Context, opts Options, before error) error {
	release, err := d.claim(ctx, opts.wait())
	if isForbidden(err) {
		return before
	}
	if err != nil {
		return err
	}
	defer release()
	if err := d.recover(opts.Force); err != nil {
		return err
	}
	return d.check(ctx, opts)
}

// inspect finds out what the folder is for a pull of repository. Errors
// are about what no force gets past; what force does, is in d.refusal.
func (d *Folder) inspect(ctx context.Context, repository string) error {
	*d = Folder{name: d.name, path: d.path, condition: absent}
	info, err := os.Lstat(d.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return localError(d.canBeMade(), "looking at the destination")
	case err != nil:
		return localError(err, "looking at the destination")
	case info.Mode()&fs.ModeSymlink != 0:
		return recap.Errorf(recap.Unsafe, "destination-symlink", "the destination %s is a symbolic link, which is not followed", d.name).
			WithHint("name the directory that it points to with -o")
	case !info.IsDir():
		return recap.Errorf(recap.Local, "destination-not-directory", "the destination %s exists and is not a directory", d.name).
			WithHint("name another directory with -o")
	}
	d.mode = info.Mode().Perm()
	root, err := os.OpenRoot(d.path)
	if err != nil {
		return localError(err, "opening the destination")
	}
	defer root.Close()
	mounted, err := durable.IsMountPoint(d.path)
	if err != nil {
		return localError(err, "looking at the destination")
	}
	d.inPlace = mounted || holdsWorkingDirectory(info)

	names, err := topLevel(root)
	if err != nil {
		return localError(err, "reading the destination")
	}
	if len(names) == 0 {
		d.condition, d.inPlace = empty, true
		return nil
	}
	return d.judge(ctx, root, repository, names)
}

// canBeMade returns why the destination, which is absent, can't be made: a name that
// is too long, a file above it, a place that can't be written to.
func (d *Folder) canBeMade() error {
	missing := []string{filepath.Base(d.path)}
	above := filepath.Dir(d.path)
	for {
		_, err := os.Stat(above)
		if err == nil {
			break
		}
		if !errors.Is(err, fs.ErrNotExist) || above == filepath.Dir(above) {
			return err
		}
		missing = append(missing, filepath.Base(above))
		above = filepath.Dir(above)
	}
	for _, name := range missing {
		if _, err := os.Lstat(filepath.Join(above, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if err := mayWrite(above); err != nil {
		return &fs.PathError{Op: "write", Path: above, Err: err}
	}
	return nil
}

// judge tells an earlier pull from a directory that is somebody else's.
func (d *Folder) judge(ctx context.Context, root *os.Root, repository string, names []string) error {
	d.condition = foreign
	receipt, err := readReceipt(root)
	switch {
	case errors.Is(err, recap.NotFound):
		d.refusal = recap.Errorf(recap.Local, "destination-not-ours", "the destination %s is not empty and no earlier pull: it holds %s", d.name, list(names)).
			WithHint("name another directory with -o, or use --force to write into this one")
		return nil
	case err != nil:
		d.refusal = recap.Errorf(recap.Local, "destination-not-ours", "the destination %s is not empty, and what it is can't be told: %w", d.name, err).
			WithHint("name another directory with -o, or use --force to write into this one")
		return nil
	case repository == "" || receipt.Repository != repository:
		d.refusal = recap.Errorf(recap.Local, "destination-not-ours", "the destination %s holds a pull of another repository, %s", d.name, recap.Quoted(receipt.Repository)).
			WithHint("name another directory with -o, or use --force to write into this one")
		return nil
	}
	d.receipt = receipt
	changes, err := compare(ctx, root, receipt.Files)
	if err != nil {
		return localError(err, "comparing the destination with what was pulled")
	}
	if !unmodified(changes) {
		d.refusal = recap.Errorf(recap.Local, "destination-modified", "the destination %s was changed since it was pulled: %s", d.name, named(changes)).
			WithHint("move your changes away, name another directory with -o, or use --force to overwrite the files of the recap")
		return nil
	}
	d.condition = earlier
	return nil
}

// topLevel returns the names in root, no more than an error can list and one,
// without what a pull that was broken off may have left in an empty directory.
func topLevel(root *os.Root) ([]string, error) {
	dir, err := root.Open(".")
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	names, err := dir.Readdirnames(maxNamed + 2)
	if len(names) == 1 && names[0] == recap.StateDirectory {
		if _, err := root.Lstat(receiptPath); errors.Is(err, fs.ErrNotExist) && onlyLeftovers(root) {
			return nil, nil
		}
	}
	if len(names) == 0 && errors.Is(err, io.EOF) {
		err = nil
	}
	return names, err
}

// onlyLeftovers reports whether .recap holds nothing but the lock of the pull
// that is looking, and what a killed one staged.
func onlyLeftovers(root *os.Root) bool {
	entries, err := fs.ReadDir(root.FS(), recap.StateDirectory)
	for _, entry := range entries {
		if !isState(recap.StateDirectory+"/"+entry.Name(), entry) {
			return false
		}
	}
	return err == nil
}

// holdsWorkingDirectory reports whether the directory described by info is the
// process's working directory or above it. Exchanging it for another would
// leave the user's shell in a directory that is about to be removed.
func holdsWorkingDirectory(info fs.FileInfo) bool {
	dir, err := os.Getwd()
	if err != nil {
		return true // it can't be told: take the way that is always right
	}
	for {
		if at, err := os.Stat(dir); err == nil && os.SameFile(at, info) {
			return true
		}
		up := filepath.Dir(dir)
		if up == dir {
			return false
		}
		dir = up
	}
}

// list quotes names for an error, no more of them than a person reads.
func list(names []string) string {
	var b strings.Builder
	for i, name := range names[:min(len(names), maxNamed)] {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(recap.Quoted(name))
	}
	return b.String() + more(len(names))
}

func more(n int) string {
	if n > maxNamed {
		return " and more"
	}
	return ""
}
