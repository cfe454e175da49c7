// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package transport

import (
	"context"
	"io"
	"testing"
	"time"

	"github.com/recap-oci/recap/pkg/internal/clock"
	"github.com/recap-oci/recap/pkg/recaptest"
)

// The time that a peer may be silent starts anew with each piece that comes, so
// that slow is not silent.
func TestSlowIsNotSilent(t *testing.T) {
	fake := recaptest.NewClock(0)
	ctx, cancel := context.WithCancelCause(t.Context())
	dog := newWatchdog(clock.Of(fake), time.Second, cancel)
	pieces := 0
	body := &receivedBody{ReadCloser: io.NopCloser(readerFunc(func(p []byte) (int, error) {
		if n := fake.Armed(time.Second); n != 1 {
			t.Errorf("%d clocks run while a piece is waited for", n)
		}
		if pieces++; pieces > 100 {
			return 0, io.EOF
		}
		return copy(p, "x"), nil
	})), ctx: ctx, dog: dog, moved: func() {}, done: func() {}}
	for {
		_, err := body.Read(make([]byte, 8))
		if n := fake.Armed(time.Second); n != 0 {
			t.Fatalf("%d clocks run while nobody asks for more", n)
		}
		if err != nil {
			break
		}
	}
	if ctx.Err() != nil || pieces != 101 {
		t.Errorf("%d pieces, %v", pieces, context.Cause(ctx))
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }
