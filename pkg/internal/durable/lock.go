// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package durable

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/recap-oci/recap/pkg/recap"
)

// The waits between two tries for a lock. Polling, because a blocked flock
// can't be given up when ctx ends.
const (
	firstWait = time.Millisecond
	maxWait   = 25 * time.Millisecond
)

// Lock takes the exclusive lock named path: no other process, and no other
// goroutine of this one, has it until release is called. It waits while ctx
// lasts; a ctx that is cancelled gives its error, one whose time is up a
// *recap.Error of kind Local, code busy, which names the process that holds the
// lock.
//
// The lock is flock on unix and LockFileEx on Windows, so the system frees it
// when its holder dies. The file at path is made when absent, holds the
// holder's process id, and is removed at release; one left by a killed process
// is harmless. On a network file system that has no such lock (old NFS, some
// SMB mounts answer ENOLCK or ENOTSUP) the lock is a second file, path.held,
// that only one can create; there, a holder that was killed leaves it behind,
// and the busy error says to remove it, as nobody can know whether a holder on
// another machine still lives.
func Lock(ctx context.Context, path string) (release func() error, err error) {
	return lock(ctx, path, exclusive)
}

// LockShared takes the lock named path together with others who do, and keeps
// [Lock] waiting until the last of them has released it. In all else it is as
// Lock. Where a file system has no locks, it waits for who holds path.held, and
// keeps nobody waiting itself.
func LockShared(ctx context.Context, path string) (release func() error, err error) {
	return lock(ctx, path, shared)
}

// mode is whom a lock keeps out.
type mode int

const (
	exclusive mode = iota
	shared
)

func lock(ctx context.Context, path string, m mode) (release func() error, err error) {
	for wait := firstWait; ; wait = min(2*wait, maxWait) {
		release, holder, err := tryLock(path, m)
		if err != nil {
			return nil, err
		}
		if release != nil {
			return release, nil
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil, gaveUp(ctx, path, holder)
		case <-timer.C:
		}
	}
}

// tryLock returns a nil release when somebody else, holder, has the lock.
func tryLock(path string, m mode) (release func() error, holder string, err error) {
	if err := step("lock", nil); err != nil {
		return nil, "", Explain(&fs.PathError{Op: "lock", Path: path, Err: err})
	}
	file, err := openLock(path)
	if err != nil {
		return nil, "", Explain(err)
	}
	switch err := flock(file, m); {
	case err == nil:
	case errors.Is(err, errWouldBlock):
		defer file.Close()
		return nil, owner(file), nil
	case errors.Is(err, errors.ErrUnsupported):
		file.Close()
		return tryHold(path+".held", m)
	default:
		file.Close()
		return nil, "", Explain(&fs.PathError{Op: "lock", Path: path, Err: err})
	}
	// The holder before may have removed the file between opening and locking
	// it here; then the lock is on a name that nobody else will see.
	if !isStill(file, path) {
		file.Close()
		return nil, "", nil
	}
	sign(file)
	return func() error {
		// Removed while nobody else has it, or it might be another's by then.
		// Windows may refuse to; the file then stays, which does no harm.
		if m == exclusive || alone(file) && isStill(file, path) {
			_ = os.Remove(path)
		}
		return Explain(file.Close())
	}, "", nil
}

// tryHold is the lock for file systems without any: whoever creates the file.
func tryHold(path string, m mode) (release func() error, holder string, err error) {
	if _, err := os.Lstat(path); m == shared && errors.Is(err, fs.ErrNotExist) {
		return func() error { return nil }, "", nil
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o644) // #nosec G302 -- others may read who holds it
	if errors.Is(err, fs.ErrExist) {
		held, err := os.Open(path)
		if err != nil {
			return nil, "", nil // released meanwhile
		}
		defer held.Close()
		return nil, owner(held) + "; if that process is gone, remove " + path, nil
	}
	if err != nil {
		return nil, "", Explain(err)
	}
	if m == shared { // let go between the two looks
		file.Close()
		return func() error { return nil }, "", Explain(os.Remove(path))
	}
	sign(file)
	return func() error {
		file.Close()
		return Explain(os.Remove(path))
	}, "", nil
}

func gaveUp(ctx context.Context, path, holder string) error {
	if !errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fmt.Errorf("waiting for the lock %q: %w", path, context.Cause(ctx))
	}
	if holder == "" {
		holder = "another process"
	}
	return recap.Errorf(recap.Local, "busy", "the lock %q is held by %s: %w", path, holder, context.Cause(ctx)).
		WithHint("wait until it has ended, then run it again")
}

// sign says in the lock file who holds it. Only people read it. What somebody else
// wrote stays: the name may be a hard link to a file that is no lock.
func sign(file *os.File) {
	info, err := file.Stat()
	if err != nil || !info.Mode().IsRegular() || info.Size() > maxOwner || info.Size() > 0 && owner(file) == "" {
		return
	}
	if _, err := file.Seek(0, io.SeekStart); err == nil && file.Truncate(0) == nil {
		host, _ := os.Hostname()
		_, _ = fmt.Fprintf(file, "process %d on %s\n", os.Getpid(), host)
	}
}

// maxOwner is how much a holder says of itself, in bytes.
const maxOwner = 128

// owner reads what the holder wrote, as much of it as can be shown.
func owner(file *os.File) string {
	text, err := io.ReadAll(io.LimitReader(file, maxOwner))
	text = bytes.TrimSpace(text)
	if err != nil || !bytes.HasPrefix(text, []byte("process ")) {
		return ""
	}
	for _, c := range text {
		if c < ' ' || c > '~' {
			return ""
		}
	}
	return string(text)
}

func isStill(file *os.File, path string) bool {
	mine, err := file.Stat()
	if err != nil {
		return false
	}
	there, err := os.Lstat(path)
	return err == nil && os.SameFile(mine, there)
}
