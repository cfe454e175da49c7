// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"sync"
	"time"

	"github.com/recap-oci/recap/pkg/target"
)

// sweepClock is a clock on which nobody waits: who sleeps moves its hands, and
// what is to happen later happens when fire is called.
type sweepClock struct {
	mu    sync.Mutex
	at    time.Time
	moved int
	armed map[*sweepTimer]bool
}

type sweepTimer struct {
	clock *sweepClock
	d     time.Duration
	set   time.Time // by the system's clock
	fn    func()
}

func newSweepClock() *sweepClock {
	return &sweepClock{at: time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC), armed: map[*sweepTimer]bool{}}
}

func (c *sweepClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(time.Microsecond)
	return c.at
}

func (c *sweepClock) Sleep(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
	return context.Cause(ctx)
}

func (c *sweepClock) AfterFunc(d time.Duration, fn func()) target.Timer {
	t := &sweepTimer{clock: c, fn: fn}
	t.Reset(d)
	return t
}

func (t *sweepTimer) Stop() bool {
	t.clock.mu.Lock()
	defer t.clock.mu.Unlock()
	was := t.clock.armed[t]
	delete(t.clock.armed, t)
	return was
}

func (t *sweepTimer) Reset(d time.Duration) bool {
	t.clock.mu.Lock()
	defer t.clock.mu.Unlock()
	was := t.clock.armed[t]
	t.clock.armed[t], t.d, t.set = true, d, time.Now()
	return was
}

// fire ends the time of everything that a registry is waited for, and that nothing
// was heard of for a moment: what is only slow on a busy machine is set again with
// every byte, and goes on. A file or a program that is read for a password has less
// time than a registry.
func (c *sweepClock) fire() {
	c.mu.Lock()
	var due []*sweepTimer
	for t := range c.armed {
		moment := 20 * time.Millisecond
		if t.d > time.Minute { // what took minutes to be given up isn't sent again
			moment = 500 * time.Millisecond
		}
		if t.d >= 30*time.Second && time.Since(t.set) > moment {
			due = append(due, t)
			delete(c.armed, t)
		}
	}
	c.mu.Unlock()
	for _, t := range due {
		t.fn()
	}
}

// ticks returns another number each time.
func (c *sweepClock) ticks() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.moved++
	return c.moved
}
