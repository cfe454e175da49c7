// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package target

import (
	"context"
	"math/rand/v2"
	"time"
)

// Clock is time as a [Client] sees it. That of the system is the default;
// tests bring their own, so that no back-off keeps them waiting. Its methods
// are called from many goroutines.
type Clock interface {
	Now() time.Time
	Sleep(ctx context.Context, d time.Duration) error // nil once d has passed, else why ctx ended
	AfterFunc(d time.Duration, f func()) Timer        // as time.AfterFunc
}

// Timer is what a [Clock] returns: the part of *time.Timer that is needed.
type Timer interface {
	Stop() bool
	Reset(d time.Duration) bool
}

// clock is time and chance, so that tests need neither.
type clock struct {
	now   func() time.Time
	sleep func(ctx context.Context, d time.Duration) error
	after func(d time.Duration, f func()) Timer
	rand  func() float64 // in [0, 1)
}

// clockOf returns the clock that given is, the system's if it is nil.
func clockOf(given Clock) clock {
	c := systemClock()
	if given != nil {
		c.now, c.sleep, c.after = given.Now, given.Sleep, given.AfterFunc
	}
	return c
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
		after: func(d time.Duration, f func()) Timer { return time.AfterFunc(d, f) },
		rand:  rand.Float64,
	}
}
