// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package transfer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"slices"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/recap-oci/recap/pkg/artifact"
	"github.com/recap-oci/recap/pkg/internal/tasks"
	"github.com/recap-oci/recap/pkg/recap"
)

// writers is how many files are written at once: enough to have one flushed
// while another is read, few enough for any disk.
const writers = 8

// stage writes the files below root, an empty directory that is only ours, and
// makes them durable. It never makes a link and never opens what is there.
func (in *installer) stage(ctx context.Context, root *os.Root) error {
	paths := make([]string, len(in.files))
	for i, f := range in.files {
		paths[i] = f.path
	}
	// The bundle was checked when it was opened. This is the last moment
	// before a path becomes a file, and it costs nothing to look again.
	if err := checkPaths(paths); err != nil {
		return err
	}
	dirs := directories(paths)
	for _, dir := range dirs {
		if err := root.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	group, gctx := tasks.WithContext(ctx)
	group.SetLimit(writers)
	for _, f := range in.files {
		group.Go(func() error { return in.stageFile(gctx, root, f) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	for _, dir := range dirs {
		if err := syncDir(root, dir); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// stageFile writes one file. What the store has may be damaged or, if it was
// believed to be there and isn't wanted elsewhere, missing: then it is fetched
// again, once.
func (in *installer) stageFile(ctx context.Context, root *os.Root, f file) error {
	err := in.writeFile(ctx, root, f)
	if errors.Is(err, recap.Integrity) || isNotFound(err) {
		if err := in.fetcher.fetch(ctx, f.source()); err != nil {
			return err
		}
		err = in.writeFile(ctx, root, f)
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", quoted(f.path), err)
	}
	in.notify.named(EventWriting, f.path, f.blob)
	return nil
}

func (in *installer) writeFile(ctx context.Context, root *os.Root, f file) (err error) {
	if err := ctx.Err(); err != nil {
		return err
	}
	out, err := root.OpenFile(f.path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	defer func() {
		if err = errors.Join(err, out.Close()); err != nil {
			root.Remove(f.path) //nolint:errcheck // the staging directory goes as a whole
		}
	}()
	switch {
	case f.within != nil:
		config, err := artifact.ReadConfig(ctx, in.fetcher.store, f.within)
		if err != nil {
			return err
		}
		if _, err := out.Write(config); err != nil {
			return err
		}
	case f.blob.Size > 0:
		if err := in.copyTo(ctx, out, f.blob); err != nil {
			return err
		}
	}
	return out.Sync()
}

// copyTo copies a blob of the store into out, verified: a file that is written
// is the file that was signed, whatever became of the store.
func (in *installer) copyTo(ctx context.Context, out io.Writer, blob ocispec.Descriptor) error {
	rc, err := in.fetcher.store.Fetch(ctx, blob)
	if err != nil {
		return err
	}
	defer rc.Close()
	verified, err := artifact.NewVerifyReader(rc, blob)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, withContext(ctx, verified))
	return err
}

// withContext ends reading from r when ctx ends, which a local file doesn't do
// by itself.
func withContext(ctx context.Context, r io.Reader) io.Reader {
	return readerFunc(func(p []byte) (int, error) {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		return r.Read(p)
	})
}

type readerFunc func([]byte) (int, error)

func (fn readerFunc) Read(p []byte) (int, error) { return fn(p) }

// directories returns every directory that paths need, the top one included,
// parents first.
func directories(paths []string) []string {
	dirs := map[string]bool{".": true}
	for _, p := range paths {
		for dir := path.Dir(p); !dirs[dir]; dir = path.Dir(dir) {
			dirs[dir] = true
		}
	}
	return slices.Sorted(maps.Keys(dirs))
}

// sameFiles reports whether a and b are the same rows, in any order.
func sameFiles(a, b []ReceiptFile) bool {
	if len(a) != len(b) {
		return false
	}
	rows := make(map[ReceiptFile]int, len(a))
	for _, f := range a {
		rows[f]++
	}
	for _, f := range b {
		if rows[f]--; rows[f] < 0 {
			return false
		}
	}
	return true
}
