// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package folder

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"github.com/recap-oci/recap/pkg/internal/durable"
	"github.com/recap-oci/recap/pkg/recap"
)

// Names inside a pulled directory. Everything recap keeps there stands under
// one reserved name, which no artifact can write to.
const (
	receiptPath = recap.StateDirectory + "/receipt.json"
	journalPath = recap.StateDirectory + "/incomplete"
	stagingPath = recap.StateDirectory + "/staging"
	lockPath    = recap.StateDirectory + "/lock"
)

// unfinished is the suffix of a state file that is being written.
const unfinished = ".new"

// maxStateSize bounds a receipt or a journal, which are read whole: some 100,000
// files, more than the largest pack that anybody would want in one directory.
const maxStateSize = 64 << 20

// readState reads a file of recap's own from a directory that may have been
// made by anybody: bounded, and a regular file.
func readState(root *os.Root, name string) ([]byte, error) {
	info, err := root.Lstat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", name)
	}
	f, err := root.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, maxStateSize+1))
	if err != nil {
		return nil, err
	}
	if len(raw) > maxStateSize {
		return nil, fmt.Errorf("%s is larger than %d bytes", name, maxStateSize)
	}
	return raw, nil
}

// writeState replaces a file of recap's own in one durable step. It goes
// through root, as everything does that writes below a destination: whoever can
// exchange a directory for a link there can't lead it elsewhere.
func writeState(root *os.Root, name string, v any) error {
	raw, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	temp := name + unfinished
	if err := removeIfThere(root, temp); err != nil {
		return err
	}
	f, err := root.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(append(raw, '\n'))
	if err == nil {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		err = root.Rename(temp, name)
	}
	if err != nil {
		return errors.Join(err, removeIfThere(root, temp))
	}
	return syncDir(root, path.Dir(name))
}

// syncDir makes what changed in the directory dir of root durable.
func syncDir(root *os.Root, dir string) error {
	return durable.SyncDir(filepath.Join(root.Name(), filepath.FromSlash(dir)))
}

func removeIfThere(root *os.Root, name string) error {
	if err := root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// stateDirectory makes .recap below root, if it isn't there, and refuses to
// use one that is no directory.
func stateDirectory(root *os.Root) error {
	if err := root.Mkdir(recap.StateDirectory, 0o755); !errors.Is(err, fs.ErrExist) {
		return err
	}
	_, err := hasStateDirectory(root)
	return err
}

func hasStateDirectory(root *os.Root) (bool, error) {
	info, err := root.Lstat(recap.StateDirectory)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, err
	case !info.IsDir():
		return false, recap.Errorf(recap.Unsafe, "destination-symlink", "%s is a link or a file where recap keeps its own", filepath.Join(root.Name(), recap.StateDirectory)).
			WithHint("remove it, or name another directory with -o")
	}
	return true, nil
}

// localError says what was being done when the file system refused, and gives
// the error its kind.
func localError(err error, doing string) error {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return fmt.Errorf("%s: %w", doing, durable.Explain(err))
}
