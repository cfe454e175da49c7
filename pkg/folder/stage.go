// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package folder

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
	paths := make([]string, len(in.receipt.Files))
	for i, f := range in.receipt.Files {
		paths[i] = f.Path
	}
	// The artifact was checked when it was opened. This is the last moment
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
	for _, f := range in.receipt.Files {
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

// stageFile writes one file. Content that is damaged, or isn't there, may be mended;
// once.
func (in *installer) stageFile(ctx context.Context, root *os.Root, f File) error {
	err := in.writeFile(ctx, root, f)
	if err != nil {
		if err := in.content.Mend(ctx, f, err); err != nil {
			return fmt.Errorf("writing %s: %w", recap.Quoted(f.Path), err)
		}
		err = in.writeFile(ctx, root, f)
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", recap.Quoted(f.Path), err)
	}
	if in.opts.OnWritten != nil {
		in.opts.OnWritten(f)
	}
	return nil
}

// writeFile writes f with content that is verified on the way: a file that is
// written is the one that the receipt says, wherever its bytes come from.
func (in *installer) writeFile(ctx context.Context, root *os.Root, f File) (err error) {
	if err := ctx.Err(); err != nil {
		return err
	}
	out, err := root.OpenFile(f.Path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	defer func() {
		if err = errors.Join(err, out.Close()); err != nil {
			root.Remove(f.Path) //nolint:errcheck // the staging directory goes as a whole
		}
	}()
	rc, err := in.content.Open(ctx, f)
	if err != nil {
		return err
	}
	defer rc.Close()
	verified, err := artifact.NewVerifyReader(rc, ocispec.Descriptor{Digest: f.Digest, Size: f.Size})
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, withContext(ctx, verified)); err != nil {
		return err
	}
	return out.Sync()
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
