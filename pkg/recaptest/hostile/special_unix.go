// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package hostile

import (
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"syscall"
)

// special makes what is neither file nor directory.
func special(dir, name, kind string) error {
	path := filepath.Join(dir, name)
	if kind == "pipe" {
		return syscall.Mkfifo(path, 0o600)
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return fmt.Errorf("%w: %w", errors.ErrUnsupported, err) // such as a path too long for one
	}
	l.SetUnlinkOnClose(false)
	return l.Close()
}
