// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package transport

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/recap-oci/recap/pkg/internal/clock"
)

// brake decides how many requests one host gets at a time and when it gets
// none. The number grows while answers are quick and halves when the host says
// 429 or 503; a Retry-After stops every goroutine, not only the one that was
// told.
//
// What reads and what writes have places of their own: a copy within one
// registry holds a body open while it uploads, and would wait for itself.
type brake struct {
	clock clock.Clock

	mu        sync.Mutex
	lanes     [2]lane
	notBefore time.Time
}

// lane is the places for one direction.
type lane struct {
	limit   float64
	max     float64
	used    int
	queue   []chan struct{}
	steady  bool          // the host said stop once: grow by one per limit answers, not per answer
	timed   bool          // fastest is known
	fastest time.Duration // to the first byte
	cut     time.Time     // when the limit was last halved
}

const (
	reading = iota // GET and HEAD, held to the end of the body
	writing        // all others, held until the answer starts
)

const (
	initialPlaces = 16
	defaultPlaces = 64
	slack         = 100 * time.Millisecond // an answer this much later than twice the fastest is still quick
)

func newBrake(c clock.Clock, places int) *brake {
	if places <= 0 {
		places = defaultPlaces
	}
	b := &brake{clock: c}
	for i := range b.lanes {
		b.lanes[i] = lane{limit: float64(min(initialPlaces, places)), max: float64(places)}
	}
	return b
}

func laneOf(method string) int {
	if method == http.MethodGet || method == http.MethodHead {
		return reading
	}
	return writing
}

// acquire waits for a place.
func (b *brake) acquire(ctx context.Context, which int) error {
	for {
		if err := b.wait(ctx); err != nil {
			return err
		}
		b.mu.Lock()
		l := &b.lanes[which]
		if l.used < int(l.limit) && len(l.queue) == 0 {
			l.used++
			b.mu.Unlock()
			return nil
		}
		ch := make(chan struct{})
		l.queue = append(l.queue, ch)
		b.mu.Unlock()
		select {
		case <-ch: // the place is ours
		case <-ctx.Done():
			b.mu.Lock()
			if i := slices.Index(l.queue, ch); i >= 0 {
				l.queue = slices.Delete(l.queue, i, i+1)
				b.mu.Unlock()
			} else {
				b.mu.Unlock()
				b.release(which)
			}
			return context.Cause(ctx)
		}
		if !b.paused() {
			return nil
		}
		b.release(which) // told to stop while queueing
	}
}

func (b *brake) release(which int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.lanes[which].used--
	b.lanes[which].serve()
}

// serve gives free places to those who wait, in order.
func (l *lane) serve() {
	for len(l.queue) > 0 && l.used < int(l.limit) {
		l.used++
		close(l.queue[0])
		l.queue = l.queue[1:]
	}
}

// answered takes in how the host took a request sent at start.
func (b *brake) answered(which int, start time.Time, status int) {
	now := b.clock.Now()
	b.mu.Lock()
	defer b.mu.Unlock()
	l := &b.lanes[which]
	if status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable {
		// One crowd of requests is one reason to slow down, however many of
		// them are turned away.
		if !start.Before(l.cut) {
			l.limit, l.steady, l.cut = max(1, l.limit/2), true, now
		}
		return
	}
	took := now.Sub(start)
	if !l.timed || took < l.fastest {
		l.timed, l.fastest = true, took
	}
	if took > 2*l.fastest+slack {
		return
	}
	step := 1.0
	if l.steady {
		step = 1 / l.limit
	}
	l.limit = min(l.max, l.limit+step)
	l.serve()
}

// pause stops all requests for d.
func (b *brake) pause(d time.Duration) {
	until := b.clock.Now().Add(d)
	b.mu.Lock()
	defer b.mu.Unlock()
	if until.After(b.notBefore) {
		b.notBefore = until
	}
}

func (b *brake) paused() bool {
	now := b.clock.Now()
	b.mu.Lock()
	defer b.mu.Unlock()
	return now.Before(b.notBefore)
}

// wait sleeps while the host is paused.
func (b *brake) wait(ctx context.Context) error {
	for {
		now := b.clock.Now()
		b.mu.Lock()
		left := b.notBefore.Sub(now)
		b.mu.Unlock()
		if left <= 0 {
			return ctx.Err()
		}
		if err := b.clock.Sleep(ctx, left); err != nil {
			return err
		}
	}
}
