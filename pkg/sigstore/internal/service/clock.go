// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package service

import (
	"context"
	"time"

	"github.com/recap-oci/recap/pkg/internal/clock"
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
		return clock.System{}
	}
	return given
}
