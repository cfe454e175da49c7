// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package input_test

import (
	"errors"
	"io"
	"io/fs"
	"testing"

	"github.com/recap-oci/recap/pkg/internal/input"
	"github.com/recap-oci/recap/pkg/recap"
)

func TestUnread(t *testing.T) {
	for _, tt := range []struct {
		cause error
		kind  recap.Kind
		code  string
	}{
		{fs.ErrNotExist, recap.NotFound, "not-found"},
		{fs.ErrPermission, recap.Local, "unreadable"},
		{io.ErrUnexpectedEOF, recap.Local, "io"},
	} {
		err := input.Unread("index.md", &fs.PathError{Op: "open", Path: "index.md", Err: tt.cause})
		var e *recap.Error
		if !errors.As(err, &e) || e.Kind != tt.kind || e.Code != tt.code || !errors.Is(err, tt.cause) {
			t.Errorf("%v: got %#v", tt.cause, err)
		}
	}
}
