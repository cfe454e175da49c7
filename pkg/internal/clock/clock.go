// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

// Package clock is time and chance, so that tests need neither.
package clock

import (
	"context"
	"math/rand/v2"
	"time"
)

// Clock tells the time, waits and throws dice. Its functions are called from
// many goroutines.
type Clock struct {
	Now   func() time.Time
	Sleep func(ctx context.Context, d time.Duration) error // nil once d has passed, else why ctx ended
	After func(d time.Duration, f func()) Timer            // as time.AfterFunc
	Rand  func() float64                                   // in [0, 1)
}

// Timer is the part of *time.Timer that is needed.
type Timer = interface {
	Stop() bool
	Reset(d time.Duration) bool
}

// Of returns given as a Clock, with the system's dice.
func Of(given interface {
	Now() time.Time
	Sleep(ctx context.Context, d time.Duration) error
	AfterFunc(d time.Duration, f func()) Timer
},
) Clock {
	return Clock{Now: given.Now, Sleep: given.Sleep, After: given.AfterFunc, Rand: rand.Float64}
}

// System is the clock of the system.
type System struct{}

// Now is time.Now.
func (System) Now() time.Time { return time.Now() }

// AfterFunc is time.AfterFunc.
func (System) AfterFunc(d time.Duration, f func()) Timer { return time.AfterFunc(d, f) }

// Sleep returns nil once d has passed, else why ctx ended.
func (System) Sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
