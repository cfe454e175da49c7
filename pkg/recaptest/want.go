// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package recaptest

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"time"

	"github.com/recap-oci/recap/pkg/recap"
)

// Until spins until a condition of another goroutine holds.
func Until(t testing.TB, holds func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute) // instead of hanging
	defer cancel()
	for !holds() {
		if ctx.Err() != nil {
			t.Fatal("it never happens")
		}
		runtime.Gosched()
	}
}

// WantError ends the test unless err is of this kind and code, and returns it.
func WantError(t testing.TB, err error, kind recap.Kind, code string) *recap.Error {
	t.Helper()
	var e *recap.Error
	if !errors.As(err, &e) {
		t.Fatalf("got error %v, want %s", err, code)
	}
	if e.Kind != kind || e.Code != code {
		t.Fatalf("got %s [%s] %v, want %s [%s]", e.Kind, e.Code, e, kind, code)
	}
	return e
}
