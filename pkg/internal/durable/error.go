// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package durable

import (
	"errors"
	"io/fs"
	"syscall"

	"github.com/recap-oci/recap/pkg/recap"
)

// Explain makes an error of the operating system one for people: kind Local,
// with a code that says what kept it and a hint that says what to do. Errors
// that already are for people, and nil, are returned as they are.
func Explain(err error) error {
	if err == nil {
		return nil
	}
	var known *recap.Error
	if errors.As(err, &known) {
		return err
	}
	for _, c := range causes {
		if errors.Is(err, c.is) {
			return recap.Errorf(recap.Local, c.code, "%w", err).WithHint("%s", c.hint)
		}
	}
	return recap.Errorf(recap.Local, "io", "%w", err)
}

// causes is looked through in order: EROFS and ENOSPC say more than the
// permission error that some systems map them to.
var causes = []struct {
	is   error
	code string
	hint string
}{
	{syscall.ENOSPC, "disk-full", "free some space there, then run it again: what was there before is still whole"},
	{syscall.EDQUOT, "disk-full", "the disk quota is used up: free some space there, then run it again"},
	{syscall.EROFS, "read-only", "the file system is mounted read-only: name a place that can be written to"},
	{syscall.EMFILE, "too-many-open-files", "raise the limit with: ulimit -n 4096"},
	{syscall.ENFILE, "too-many-open-files", "the system has no file handles left: end other programs, then run it again"},
	{syscall.ENAMETOOLONG, "name-too-long", "choose a shorter path"},
	{syscall.ENOTDIR, "not-a-directory", "a part of that path is a file: name another place"},
	{syscall.EISDIR, "is-a-directory", "a directory has the name of a file that belongs there: move it away"},
	{fs.ErrPermission, "permission", "check who may write there with: ls -ld"},
}
