// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package folder

import (
	"path/filepath"
	"syscall"
	"testing"

	"github.com/recap-oci/recap/pkg/recap"
)

// A pipe is refused without being opened: that would wait for somebody to write
// into it.
func TestPipe(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pulled")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := ReadReceipt(pipe)
	wantCode(t, err, recap.NotFound, "not-a-pull")
	_, err = Status(t.Context(), pipe, StatusOptions{})
	wantCode(t, err, recap.NotFound, "not-a-pull")
	f, err := Open(pipe)
	if err != nil {
		t.Fatal(err)
	}
	wantCode(t, f.Check(t.Context(), Options{}), recap.Local, "destination-not-directory")
}
