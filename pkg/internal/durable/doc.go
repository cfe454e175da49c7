// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

// Package durable changes files so that a reader, or the next run after a
// crash, finds the old content or the new and nothing between.
//
// A file is written beside its final name, flushed, closed, renamed over that
// name, and then its directory is flushed ([WriteFile], [Create]). What a
// process that was killed leaves behind is a temporary file whose name tells
// whose it was; [Reap] removes it once that process is gone. Who reads a file,
// changes it and writes it back holds a [Lock] meanwhile.
//
// # What systems differ in
//
// On Windows a rename replaces its target (MoveFileEx with
// MOVEFILE_REPLACE_EXISTING), but fails while somebody has the target open; it
// is tried again for a short while. Directories can't be flushed there and
// [SyncDir] does nothing. On macOS flushing means F_FULLFSYNC. A file system
// that can't flush at all (some FUSE and network mounts answer ENOTSUP or
// EINVAL) is taken as it is: nothing better can be had there.
//
// # Errors
//
// What the operating system refuses comes back as a *recap.Error of kind Local
// that wraps the cause: codes disk-full, permission, read-only,
// not-a-directory, too-many-open-files, name-too-long, busy, or io. So
// errors.Is(err, fs.ErrNotExist) and the like still hold.
//
// # Tests of crashes
//
// Built with the tag recapfailpoint, the variable RECAP_FAILPOINT makes the
// process kill itself (kill:N) or run out of disk (enospc:N) at its N-th
// durable step. Without the tag there is no such code.
package durable
