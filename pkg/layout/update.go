// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package layout

import (
	"context"
	"fmt"
	"io/fs"
	"slices"
	"sync"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/recap-oci/recap/pkg/internal/durable"
	"github.com/recap-oci/recap/pkg/layout/internal/index"
)

// change changes an index and says whether it did. One that returns an error
// has changed nothing. It may be called again, on another index.
type change func(*index.Index) (changed bool, err error)

// job is a change that waits to be written.
type job struct {
	change change
	done   chan error // holds the result once it is written
}

// jobs are the changes that wait.
type jobs struct {
	mu   sync.Mutex
	list []*job
}

func (j *jobs) add(one *job) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.list = append(j.list, one)
}

func (j *jobs) take() []*job {
	j.mu.Lock()
	defer j.mu.Unlock()
	list := j.list
	j.list = nil
	return list
}

// withdraw takes one back and reports false when it is being written already.
func (j *jobs) withdraw(one *job) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	i := slices.Index(j.list, one)
	if i < 0 {
		return false
	}
	j.list = slices.Delete(j.list, i, i+1)
	return true
}

// update changes the index. When it returns nil the change is durable, and in
// an archive it is remembered for Commit. A ctx that ends before the change is
// being written leaves the index as it was.
//
// Goroutines that come while another one writes have their changes written
// together, at the price of one.
func (s *Store) update(ctx context.Context, c change) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if s.archive {
		return s.updateArchive(c)
	}
	mine := &job{change: c, done: make(chan error, 1)}
	s.jobs.add(mine)
	select {
	case err := <-mine.done:
		return err
	case <-ctx.Done():
		if s.jobs.withdraw(mine) {
			return ctx.Err()
		}
		return <-mine.done
	case s.turn <- struct{}{}:
	}
	defer func() { <-s.turn }()
	select {
	case err := <-mine.done: // whoever had the turn before took it along
		return err
	default:
	}
	lockCtx, cancel := context.WithTimeout(ctx, s.opts.LockTimeout)
	defer cancel()
	release, err := durable.Lock(lockCtx, s.dir.File(lockFile))
	if err != nil {
		s.jobs.withdraw(mine) // nobody else takes jobs while the turn is ours
		return fmt.Errorf("changing index.json of layout %q: %w", s.path, err)
	}
	defer func() { _ = release() }() // an error here means only that the lock file stays
	s.write(s.jobs.take())
	return <-mine.done
}

// write applies jobs to the index as it is on disk and answers each.
func (s *Store) write(jobs []*job) {
	x, err := s.readIndex()
	results := make([]error, len(jobs))
	var changed bool
	if err == nil {
		x = x.Clone()
		for i, j := range jobs {
			var c bool
			c, results[i] = j.change(x)
			changed = changed || c
		}
	}
	if changed {
		err = s.writeIndex(x)
	}
	for i, j := range jobs {
		if results[i] == nil {
			results[i] = err
		}
		j.done <- results[i]
	}
}

func (s *Store) writeIndex(x *index.Index) error {
	data, err := x.Marshal()
	if err != nil {
		return s.inFile(ocispec.ImageIndexFile, err)
	}
	if err := durable.WriteFile(s.dir.File(ocispec.ImageIndexFile), data, 0o644); err != nil {
		return s.inFile(ocispec.ImageIndexFile, err)
	}
	return nil
}

func (s *Store) updateArchive(c change) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return fmt.Errorf("layout %q: %w", s.path, fs.ErrClosed)
	}
	next := s.current.Clone()
	changed, err := c(next)
	if err != nil || !changed {
		return err
	}
	s.current = next
	s.changes = append(s.changes, c)
	return nil
}

// listPending lists the manifests that were pushed and that nothing listed or
// pushed contains.
func (s *Store) listPending(ctx context.Context) error {
	s.mu.RLock()
	var roots []ocispec.Descriptor
	for _, desc := range s.pending {
		roots = append(roots, desc)
	}
	s.mu.RUnlock()
	if len(roots) == 0 {
		return nil
	}
	err := s.update(ctx, func(x *index.Index) (bool, error) {
		changed := false
		for _, desc := range roots {
			changed = x.Add(desc) || changed
		}
		return changed, nil
	})
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, desc := range roots {
		delete(s.pending, desc.Digest)
	}
	return nil
}
