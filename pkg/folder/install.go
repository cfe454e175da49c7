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
	"reflect"
	"runtime"
	"time"

	"github.com/recap-oci/recap/pkg/internal/durable"
	"github.com/recap-oci/recap/pkg/recap"
)

// Options are the options of [Folder.Check] and [Folder.Install].
type Options struct {
	// Repository is what the folder is to be a pull of. An unmodified earlier
	// pull of the same one is replaced. Empty: none is.
	Repository string

	// Force writes into a folder that is no unmodified pull of Repository: the
	// receipt's files overwrite what is in their way, files that an earlier pull
	// wrote go, everything else stays. Links are never followed, forced or not.
	Force bool

	// Wait is how long to wait for another pull into the same folder.
	// Default: 10 seconds.
	Wait time.Duration

	// OnInstall is called before the folder changes. Default: nobody is told.
	OnInstall func()

	// OnWritten is told of each file that was written to the staging directory, by
	// several goroutines at once. Default: nobody is told.
	OnWritten func(f File)
}

func (o Options) wait() time.Duration {
	if o.Wait <= 0 {
		return 10 * time.Second
	}
	return o.Wait
}

// Content is where the bytes of a receipt's files come from. Both methods are called
// by several goroutines at once.
type Content interface {
	// Open returns the bytes of f. They are verified by who reads them.
	Open(ctx context.Context, f File) (io.ReadCloser, error)

	// Mend is asked when f could not be written because of err. It returns nil
	// once it is worth to open f again, which is done once, and err or another
	// error if it never will be.
	Mend(ctx context.Context, f File, err error) error
}

// Installed says what [Folder.Install] found.
type Installed struct {
	Replaced  bool // an earlier pull was there
	Unchanged bool // it was this one already
}

// Install makes the folder what receipt says, with the bytes of content. The folder
// is what it was before until all files are written to a staging directory and
// verified. Then:
//
//   - absent: the staging directory is renamed.
//   - an unmodified earlier pull of the same repository: the two are exchanged
//     in one step, where the system can.
//   - empty, a mount point, the working directory, or where it can't: the
//     entries are moved one by one, under a journal in .recap/incomplete. Should
//     that be interrupted, the next Install finishes it first.
//
// Anything else is refused, and the files that would be lost are named:
// [recap.Local] destination-not-ours, destination-modified,
// destination-not-directory, [recap.Unsafe] destination-symlink.
//
// Other errors: [recap.Integrity] for bytes that aren't what the receipt says,
// [recap.Local] disk-full, busy and whatever else the file system refuses; and
// those of content.
func (d *Folder) Install(ctx context.Context, receipt Receipt, content Content, opts Options) (Installed, error) {
	in := &installer{dest: d, receipt: receipt, content: content, opts: opts}
	err := in.install(ctx)
	return in.done, err
}

// installer turns a folder into what a receipt says.
type installer struct {
	dest    *Folder
	receipt Receipt
	content Content
	opts    Options
	done    Installed
}

// canExchange: elsewhere no system call swaps two directories, and staging
// beside the destination would be for nothing.
const canExchange = runtime.GOOS == "linux" || runtime.GOOS == "darwin"

// errNotBeside says that the destination can't be replaced by a directory
// beside it; its entries have to be.
var errNotBeside = errors.New("the destination can't be replaced as a whole")

// install takes the destination for itself, finishes what an earlier pull may
// have left there, looks at it again, and installs. Whatever happens, nothing
// that it made for itself stays, but for the journal of a step half done.
func (in *installer) install(ctx context.Context) error {
	release, err := in.dest.claim(ctx, in.opts.wait())
	if err != nil {
		return err
	}
	defer release()
	// What killed pulls staged. It can't be in the way; if it can't be removed,
	// that is for whoever owns it.
	durable.Reap(filepath.Dir(in.dest.path)) //nolint:errcheck // as said above
	if err := in.dest.recover(in.opts.Force); err != nil {
		return err
	}
	if err := in.dest.check(ctx, in.opts); err != nil {
		return err
	}
	in.done.Replaced = in.dest.receipt != nil
	if in.dest.condition == earlier && in.isInstalled() {
		in.done.Unchanged = true
		return in.renewReceipt()
	}
	if in.opts.OnInstall != nil {
		in.opts.OnInstall()
	}
	if in.dest.condition == absent || in.dest.condition == earlier && !in.dest.inPlace && canExchange {
		err := in.beside(ctx)
		if !errors.Is(err, errNotBeside) {
			return err
		}
	}
	return in.within(ctx)
}

// isInstalled reports whether the earlier pull is this one. Its files were
// compared with its receipt just now, and the receipt's rows are the bundle's.
func (in *installer) isInstalled() bool {
	return in.dest.receipt.Digest == in.receipt.Digest && in.dest.receipt.SameFiles(in.receipt.Files)
}

// renewReceipt writes the receipt if it says anything new: another reference, or
// another reason to trust the same bytes.
func (in *installer) renewReceipt() error {
	before, now := *in.dest.receipt, in.receipt
	before.PulledAt, now.PulledAt = nil, nil
	before.Files, now.Files = nil, nil // compared already
	if reflect.DeepEqual(before, now) {
		return nil
	}
	root, err := os.OpenRoot(in.dest.path)
	if err != nil {
		return localError(err, "opening the destination")
	}
	defer root.Close()
	return localError(writeState(root, receiptPath, in.receipt), "writing the receipt")
}

// beside stages in a directory of our own beside the destination, which nobody
// else can enter, and puts the result in the destination's place in one step.
func (in *installer) beside(ctx context.Context) (err error) {
	parent := filepath.Dir(in.dest.path)
	own, err := durable.MkdirTemp(parent, 0o700)
	if isForbidden(err) && in.dest.condition != absent {
		return errNotBeside
	}
	if err != nil {
		return localError(err, "making the staging directory")
	}
	// After an exchange this is where the earlier pull went.
	defer func() {
		if e := os.RemoveAll(own); err == nil {
			err = localError(e, "removing the staging directory")
		}
	}()
	tree := filepath.Join(own, "tree")
	if err := in.stageTree(ctx, tree); err != nil {
		return localError(err, "writing the files")
	}
	if in.dest.condition == absent {
		return in.rename(tree)
	}
	if err := os.Chmod(tree, in.dest.mode); err != nil {
		return localError(err, "writing the files")
	}
	err = durable.Exchange(tree, in.dest.path)
	if errors.Is(err, errors.ErrUnsupported) || durable.CannotMove(err) || isForbidden(err) {
		return errNotBeside
	}
	return localError(err, "replacing the destination")
}

// rename gives tree the name of a destination that isn't there.
func (in *installer) rename(tree string) error {
	err := durable.Rename(tree, in.dest.path)
	if errors.Is(err, fs.ErrExist) {
		return recap.Errorf(recap.Local, "destination-not-ours", "the destination %s was made by somebody else meanwhile: %w", in.dest.name, err).
			WithHint("look at what it is, or name another directory with -o")
	}
	return localError(err, "naming the destination")
}

func (in *installer) stageTree(ctx context.Context, tree string) error {
	if err := os.Mkdir(tree, 0o755); err != nil {
		return err
	}
	root, err := os.OpenRoot(tree)
	if err != nil {
		return err
	}
	// Closed before tree is renamed, which Windows asks for.
	defer root.Close()
	if err := in.stage(ctx, root); err != nil {
		return err
	}
	if err := stateDirectory(root); err != nil {
		return err
	}
	if err := writeState(root, receiptPath, in.receipt); err != nil {
		return err
	}
	return syncDir(root, ".")
}

// within stages in the destination's own .recap, which is always on the right
// file system, and moves the entries under a journal.
func (in *installer) within(ctx context.Context) error {
	root, err := os.OpenRoot(in.dest.path)
	if err != nil {
		return localError(err, "opening the destination")
	}
	defer root.Close()
	if err := stateDirectory(root); err != nil {
		return localError(err, "preparing the destination")
	}
	j := &journal{APIVersion: recap.APIVersion, Kind: journalKind, Force: in.opts.Force, Receipt: in.receipt}
	if in.dest.receipt != nil {
		j.Old = in.dest.receipt.Files
	}
	if err := in.stageWithin(ctx, root, j); err != nil {
		// Nothing has changed yet but what is removed here.
		root.RemoveAll(stagingPath)                 //nolint:errcheck // the error that counts is the one above
		removeIfThere(root, journalPath+unfinished) //nolint:errcheck // likewise
		root.Remove(recap.StateDirectory)           //nolint:errcheck // only if empty
		return localError(err, "writing the files")
	}
	// From here on only forwards, whatever ctx says: what is left are renames.
	if err := writeState(root, journalPath, j); err != nil {
		return localError(err, "writing the journal")
	}
	if err := j.finish(root); err != nil {
		return halfWay(localError(err, "moving the files to their places"))
	}
	return nil
}

// halfWay adds to an error of a journal's work that nothing is lost by it.
func halfWay(err error) error {
	var known *recap.Error
	if !errors.As(err, &known) {
		return err
	}
	return recap.Errorf(known.Kind, known.Code, "%w; every file is there, some not in its place yet", err).
		WithHint("mend that, then run the same pull again: it finishes what this one began")
}

func (in *installer) stageWithin(ctx context.Context, root *os.Root, j *journal) error {
	if err := j.conflict(root); err != nil {
		return err
	}
	if err := root.RemoveAll(stagingPath); err != nil {
		return err
	}
	if err := root.Mkdir(stagingPath, 0o700); err != nil {
		return err
	}
	staging, err := root.OpenRoot(stagingPath)
	if err != nil {
		return err
	}
	defer staging.Close()
	return in.stage(ctx, staging)
}

// recover finishes or clears away what an interrupted pull left in the
// destination.
func (d *Folder) recover(force bool) error {
	if info, err := os.Lstat(d.path); err != nil || !info.IsDir() {
		return nil // and isn't opened: a pipe would wait for somebody to write into it
	}
	root, err := os.OpenRoot(d.path)
	if err != nil {
		return nil // absent, or no directory: inspect says what is wrong with it
	}
	defer root.Close()
	if info, err := os.Lstat(d.path); err != nil || !info.IsDir() {
		return nil
	}
	return localError(resume(root, force), "destination "+d.name)
}
