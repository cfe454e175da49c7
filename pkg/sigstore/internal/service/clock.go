// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package service

import (
	"context"
	"time"
)

// Clock tells the time and waits. Whatever is a clock to pkg/target is one here.
type Clock interface {
	Now() time.Time
	Sleep(ctx context.Context, d time.Duration) error // nil once d has passed, else why ctx ended
	AfterFunc(d time.Duration, f func()) Timer        // as time.AfterFunc
}

// Timer is what a [Clock] returns: the part of *time.Timer that is needed.
type Timer = interface {
	Stop() bool
	Reset(d time.Duration) bool
}

// ClockOr returns given or, if that is nil, the system's.
func ClockOr(given Clock) Clock {
	if given == nil {
		return system{}
	}
	return given
}

// system is the clock of the system.
type system struct{}

func (system) Now() time.Time { return time.Now() }

func (system) AfterFunc(d time.Duration, f func()) Timer { return time.AfterFunc(d, f) }

func (system) Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
