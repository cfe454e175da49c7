// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package target

import (
	"context"
	"time"

	"github.com/recap-oci/recap/pkg/internal/clock"
	"github.com/recap-oci/recap/pkg/target/internal/host"
)

// Clock is time as a [Client] sees it. That of the system is the default;
// tests bring their own, so that no back-off keeps them waiting. Its methods
// are called from many goroutines.
type Clock interface {
	Now() time.Time
	Sleep(ctx context.Context, d time.Duration) error // nil once d has passed, else why ctx ended
	AfterFunc(d time.Duration, f func()) Timer        // as time.AfterFunc
}

// Timer is what a [Clock] returns: the part of *time.Timer that is needed. It is
// an alias, so that a clock needn't import this package to be one.
type Timer = interface {
	Stop() bool
	Reset(d time.Duration) bool
}

// clock returns the clock that o names, the system's if it names none.
func (o Options) clock() clock.Clock {
	if o.Clock == nil {
		return clock.Of(clock.System{})
	}
	return clock.Of(o.Clock)
}

// Budget is how long a command may stand still: after two minutes in which
// nothing went forward with any host, no request is tried again. It does not
// end work that moves, however slowly, nor what waits for a person. The zero
// value is a whole one.
type Budget struct{ standstill host.Budget }
