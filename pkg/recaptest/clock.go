// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package recaptest

import (
	"context"
	"slices"
	"sync"
	"time"
)

// Clock is a clock on which nobody waits: who sleeps moves its hands, and what is
// to happen later happens when Fire is called. It is a target.Clock. The zero
// value is not ready; see [NewClock].
type Clock struct {
	tick time.Duration

	mu     sync.Mutex
	at     time.Time
	slept  []time.Duration
	timers map[*Timer]bool // those armed
	looked time.Time       // at the timers, by the system's clock
}

// longestLook is how much of the time since somebody looked at the timers counts.
// In more of it nobody had a turn, neither who is waited for nor who looks.
const longestLook = 2 * time.Millisecond

// NewClock returns a clock that shows noon of some day. Each look at it moves it
// by tick, for what takes two equal times for one.
func NewClock(tick time.Duration) *Clock {
	return &Clock{tick: tick, at: time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC), timers: map[*Timer]bool{}}
}

// Now returns what it shows.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(c.tick)
	return c.at
}

// Sleep moves the clock by d, and returns why ctx ended if it has.
func (c *Clock) Sleep(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
	c.slept = append(c.slept, d)
	return context.Cause(ctx)
}

// Sleeps returns how long each of those slept who did, in their order.
func (c *Clock) Sleeps() []time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.slept)
}

// Seconds returns Sleeps in seconds, as tables have them.
func (c *Clock) Seconds() []float64 {
	var all []float64
	for _, d := range c.Sleeps() {
		all = append(all, d.Seconds())
	}
	return all
}

// AfterFunc returns a timer that calls f when it is fired.
func (c *Clock) AfterFunc(d time.Duration, f func()) interface {
	Stop() bool
	Reset(d time.Duration) bool
} {
	t := &Timer{clock: c, f: f}
	t.Reset(d)
	return t
}

// Armed returns how many timers of this length run.
func (c *Clock) Armed(d time.Duration) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := 0
	for t := range c.timers {
		if t.d == d {
			n++
		}
	}
	return n
}

// Fire ends the time of every timer of this length that runs, and returns how
// many there were.
func (c *Clock) Fire(d time.Duration) int {
	return c.FireIf(func(length, _ time.Duration) bool { return length == d })
}

// FireIf ends the time of every timer that runs and is due, by its length and by
// how long it has been left alone, and returns how many there were. For that it is
// called again and again: the time alone is the system's, but of what passes between
// two calls no more than two milliseconds count. So a timer isn't due because the
// process was stopped for a while, or was one of many.
func (c *Clock) FireIf(due func(length, alone time.Duration) bool) int {
	c.mu.Lock()
	now := time.Now()
	passed := min(now.Sub(c.looked), longestLook)
	c.looked = now
	var fired []*Timer
	for t := range c.timers {
		t.alone += passed
		if due(t.d, t.alone) {
			fired = append(fired, t)
			delete(c.timers, t)
		}
	}
	c.mu.Unlock()
	for _, t := range fired {
		t.f()
	}
	return len(fired)
}

// Timer is one of a [Clock].
type Timer struct {
	clock *Clock
	d     time.Duration
	alone time.Duration // see FireIf
	f     func()
}

// Stop is time.Timer's.
func (t *Timer) Stop() bool {
	t.clock.mu.Lock()
	defer t.clock.mu.Unlock()
	was := t.clock.timers[t]
	delete(t.clock.timers, t)
	return was
}

// Reset is time.Timer's.
func (t *Timer) Reset(d time.Duration) bool {
	t.clock.mu.Lock()
	defer t.clock.mu.Unlock()
	was := t.clock.timers[t]
	t.d, t.alone = d, 0
	t.clock.timers[t] = true
	return was
}
