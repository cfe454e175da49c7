// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package artifact

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"runtime"

	"github.com/opencontainers/go-digest"

	"github.com/recap-oci/recap/pkg/internal/tasks"
	"github.com/recap-oci/recap/pkg/recap"
)

// measure fills in size and digest of every row. Everything is looked at before
// anything is read, so that what is refused is refused at once, and first things
// first.
func measure(ctx context.Context, rows []recap.File, files fs.FS, opts BuildOptions) error {
	limit := cmp.Or(opts.MaxFileSize, recap.MaxFileSize)
	if limit < 0 {
		return badRecap("a largest file size of %d bytes", limit)
	}
	limit = min(limit, maxBlobSize)
	dirs := map[string]error{}
	for i := range rows {
		size, err := lookAt(files, rows[i].Path, dirs)
		if err != nil {
			return err
		}
		switch isDocument := rows[i].Path == recap.DocumentPath; {
		case isDocument && size == 0:
			return badRecap("%s is empty", recap.DocumentPath)
		case isDocument && size > recap.MaxDocumentSize:
			return recap.Errorf(recap.Unsafe, "too-large", "file %q has %d bytes, more than the %d allowed of a document", rows[i].Path, size, recap.MaxDocumentSize)
		case size > limit:
			return recap.Errorf(recap.Unsafe, "too-large", "file %q has %d bytes, more than the %d allowed", rows[i].Path, size, limit).
				WithHint("--max-file-size %d, or keep it elsewhere and link to it", size)
		}
		rows[i].Size = size
	}
	failed := make([]error, len(rows))
	group, ctx := tasks.WithContext(ctx)
	group.SetLimit(min(runtime.GOMAXPROCS(0), 8)) // hashing keeps a processor busy
	for i := range rows {
		group.Go(func() error {
			d, err := hashFile(ctx, files, rows[i].Path, rows[i].Size)
			rows[i].Digest, failed[i] = string(d), err
			return err
		})
	}
	if err := group.Wait(); err != nil {
		// The first of the table, not of the clock; and no cancelled neighbour.
		for _, f := range failed {
			if f != nil && !errors.Is(f, context.Canceled) {
				return f
			}
		}
		return err
	}
	return nil
}

// lookAt returns the size of a regular file that no link leads to. dirs
// remembers which directories on the way were looked at already.
func lookAt(files fs.FS, name string, dirs map[string]error) (int64, error) {
	for i := range len(name) {
		if name[i] != '/' {
			continue
		}
		dir := name[:i]
		err, ok := dirs[dir]
		if !ok {
			_, err = lstat(files, dir, fs.ModeDir)
			dirs[dir] = err
		}
		if err != nil {
			return 0, err
		}
	}
	info, err := lstat(files, name, 0)
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// lstat returns what lies at name, which must be of type want. It opens nothing:
// opening a FIFO would wait for ever.
func lstat(files fs.FS, name string, want fs.FileMode) (fs.FileInfo, error) {
	info, err := fs.Lstat(files, name)
	if err != nil {
		return nil, fileError(name, err)
	}
	return info, checkType(name, info, want)
}

func checkType(name string, info fs.FileInfo, want fs.FileMode) error {
	switch got := info.Mode().Type(); {
	case got == want:
		return nil
	case got&fs.ModeSymlink != 0:
		return recap.Errorf(recap.Unsafe, "symlink-in-source", "%q is a symbolic link", name).
			WithHint("put what it points to in its place; a bundle has files only")
	default:
		return recap.Errorf(recap.Unsafe, "not-a-regular-file", "%q is no regular file (%s)", name, info.Mode())
	}
}

// hashFile reads size bytes of a file, and looks for more.
func hashFile(ctx context.Context, files fs.FS, name string, size int64) (digest.Digest, error) {
	f, err := openFile(files, name, size)
	if err != nil {
		return "", err
	}
	defer f.Close()
	digester := digest.SHA256.Digester()
	n, err := io.Copy(digester.Hash(), &cancellable{ctx: ctx, r: io.LimitReader(f, size+1)})
	switch {
	case ctx.Err() != nil:
		return "", ctx.Err()
	case err != nil:
		return "", fileError(name, err)
	case n != size:
		return "", fileChanged(name, fmt.Errorf("it had %d bytes a moment ago", size))
	}
	return digester.Digest(), nil
}

// openFile opens a regular file that has size bytes, once more by what it is and
// not by what it was.
func openFile(files fs.FS, name string, size int64) (fs.File, error) {
	if _, err := lstat(files, name, 0); err != nil {
		return nil, err
	}
	f, err := files.Open(name)
	if err != nil {
		return nil, fileError(name, err)
	}
	info, err := f.Stat()
	if err != nil {
		err = fileError(name, err)
	} else if err = checkType(name, info, 0); err == nil && info.Size() != size {
		err = fileChanged(name, fmt.Errorf("it has %d bytes, not %d", info.Size(), size))
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

// cancellable is a reader for as long as ctx lasts; it lives no longer than one
// call of io.Copy.
type cancellable struct {
	ctx context.Context
	r   io.Reader
}

func (c *cancellable) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}

func fileError(name string, err error) error {
	// fs errors name the path that was opened, which may be the whole of it.
	var pathError *fs.PathError
	if errors.As(err, &pathError) {
		err = pathError.Err
	}
	if errors.Is(err, fs.ErrNotExist) {
		return recap.Errorf(recap.NotFound, "not-found", "file %q: %w", name, err)
	}
	return recap.Errorf(recap.Local, "unreadable", "file %q: %w", name, err)
}

func fileChanged(name string, err error) error {
	return recap.Errorf(recap.Integrity, "file-changed", "file %q changed while it was in use: %w", name, err).
		WithHint("run it again once nothing writes to the recap")
}
