// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package layout

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
	"time"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/recap-oci/recap/pkg/internal/durable"
	"github.com/recap-oci/recap/pkg/layout/internal/blob"
	"github.com/recap-oci/recap/pkg/recap"
)

// useFile is there while processes write to a layout, or one prunes it. Who
// writes shares the lock, so that nothing goes between the moment that a blob
// was found there and the moment that a manifest needs it.
const useFile = lockFile + "-use"

// useStep is how exactly the last use of a blob is known.
const useStep = time.Hour

// claim keeps prunes away until Close. Where nothing can be written, nothing
// has to be kept.
func (s *Store) claim(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.opts.LockTimeout)
	defer cancel()
	release, err := durable.LockShared(ctx, s.dir.File(useFile))
	if err == nil {
		s.use = release
		return nil
	}
	if !s.opts.Cache && (errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS)) {
		return nil
	}
	return fmt.Errorf("opening layout %q: %w", s.path, err)
}

// alone keeps everybody away who writes to the layout.
func (s *Store) alone(ctx context.Context) (release func(), err error) {
	if s.archive {
		return nil, recap.Errorf(recap.Usage, "is-an-archive", "layout %q is an archive, which is only written as a whole", s.path).
			WithHint("copy what you need into a new one: recap copy oci-layout://%s:TAG oci-layout://NEW.tar:TAG", s.path)
	}
	ctx, cancel := context.WithTimeout(ctx, s.opts.LockTimeout)
	defer cancel()
	unlock, err := durable.Lock(ctx, s.dir.File(useFile))
	if err != nil {
		return nil, fmt.Errorf("layout %q: %w", s.path, err)
	}
	return func() { _ = unlock() }, nil // an error there means only that the lock file stays
}

// used notes that a blob was in use, which is what its time stands for.
func (s *Store) used(d digest.Digest) {
	if !s.opts.Cache || s.use == nil {
		return
	}
	path := s.dir.File(blob.Name(d))
	info, err := os.Lstat(path)
	if err != nil || time.Since(info.ModTime()).Abs() < useStep {
		return
	}
	now := time.Now()
	_ = os.Chtimes(path, now, now) // best effort: it is only pruned earlier
}

// spoilt makes of a blob that a cache can't read a damaged one: it can be had
// again. Elsewhere it may be the only one there is.
func (s *Store) spoilt(d digest.Digest, err error) error {
	if !s.opts.Cache || !errors.Is(err, fs.ErrPermission) && !errors.Is(err, syscall.EIO) {
		return err
	}
	s.damaged.add(d)
	return recap.Errorf(recap.Integrity, "unreadable", "blob %s can't be read: %w", d, err).
		WithHint("fetch it again: it is then replaced")
}

// beginAnew makes a cache usable that could not be opened because of cause: what
// is wrong goes to the quarantine, blobs stay.
func (s *Store) beginAnew(ctx context.Context, cause error) error {
	if !errors.Is(cause, recap.Integrity) && !errors.Is(cause, recap.Unsafe) {
		return cause
	}
	dir := blob.At(s.path)
	ctx, cancel := context.WithTimeout(ctx, s.opts.LockTimeout)
	defer cancel()
	release, err := durable.Lock(ctx, dir.File(lockFile))
	if err != nil {
		return fmt.Errorf("mending layout %q: %w", s.path, err)
	}
	defer func() { _ = release() }()          // an error here means only that the lock file stays
	if err := s.openDirectory(); err == nil { // another process was quicker
		return nil
	}
	s.dir = dir
	for _, damage := range s.broken() {
		if err := s.setAside(dir, damage); err != nil {
			return fmt.Errorf("mending layout %q: %w", s.path, err)
		}
	}
	if err := s.writeEmptyLayout(dir); err != nil {
		return fmt.Errorf("mending layout %q: %w", s.path, err)
	}
	return s.openDirectory()
}

// dropBadOfCache takes off a cache's index.json what can't be read there: it can be
// had again.
func (s *Store) dropBadOfCache(ctx context.Context) error {
	x, err := s.view()
	if err != nil || len(x.Bad()) == 0 {
		return err
	}
	damage := Damage{Path: ocispec.ImageIndexFile, Code: "bad-entry", What: s.badEntry(x.Bad()[0].Err).Error()}
	if damage.MovedTo, err = s.dropBad(ctx); err != nil {
		return fmt.Errorf("mending layout %q: %w", s.path, err)
	}
	if s.opts.OnDamage != nil {
		s.opts.OnDamage(damage)
	}
	return nil
}

// broken lists what keeps the layout from being opened.
func (s *Store) broken() []Damage {
	var found []Damage
	note := func(name string, err error) {
		var known *recap.Error
		if errors.As(err, &known) && (known.Kind == recap.Integrity || known.Kind == recap.Unsafe) {
			found = append(found, Damage{Path: name, Code: known.Code, What: err.Error()})
		}
	}
	note(ocispec.ImageLayoutFile, s.checkLayoutFile(s.dir))
	if _, err := os.Lstat(s.dir.File(ocispec.ImageIndexFile)); err == nil {
		_, err := s.readIndex()
		note(ocispec.ImageIndexFile, err)
	}
	for _, name := range blob.Directories() {
		if err := s.dir.CheckDirectory(name); err != nil {
			note(name, err)
			break // what is below goes with it
		}
	}
	return found
}
