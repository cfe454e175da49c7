// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package target

import (
	"context"
	"math/rand/v2"
	"time"
)

// clock is time and chance, so that tests need neither.
type clock struct {
	now   func() time.Time
	sleep func(ctx context.Context, d time.Duration) error
	after func(d time.Duration, f func()) timer
	rand  func() float64 // in [0, 1)
}

// timer is the part of *time.Timer that a watchdog needs.
type timer interface {
	Stop() bool
	Reset(d time.Duration) bool
}

func systemClock() clock {
	return clock{
		now: time.Now,
		sleep: func(ctx context.Context, d time.Duration) error {
			t := time.NewTimer(d)
			defer t.Stop()
			select {
			case <-t.C:
				return nil
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		},
		after: func(d time.Duration, f func()) timer { return time.AfterFunc(d, f) },
		rand:  rand.Float64,
	}
}
