// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package recaptest

import (
	"context"
	"math"
	"runtime/metrics"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// rounds is a barrier that every request stops at. When the client has nothing
// more to ask, all that wait go through together, and that is one round. So
// two requests fall into different rounds only when the client could not ask
// the second before the first was answered, however quick the machine is.
//
// When a client in this process is idle can be seen: none of its goroutines
// runs or wants to. Of one in another process it can only be guessed, by a
// settle in which nothing arrives and no byte moves. A tick that comes late
// shows a machine too busy for the guess, and the settle starts again; so a
// slow machine makes the measurement slow, not wrong.
type rounds struct {
	movements atomic.Uint64 // arrivals, bytes, ends
	process   *activity     // used by watch alone, of which there is one at a time

	mu       sync.Mutex
	waiting  []chan int
	active   int // let through and not finished
	done     int
	watching bool
}

func newRounds() *rounds { return &rounds{process: newActivity()} }

// moved notes that the client or the registry did something.
func (r *rounds) moved() { r.movements.Add(1) }

func (r *rounds) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.done
}

func (r *rounds) reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.done = 0
}

// enter returns in which round the request was let through, and what to call
// when it has been answered.
func (r *rounds) enter(ctx context.Context) (round int, leave func()) {
	r.moved()
	ch := make(chan int, 1)
	r.mu.Lock()
	r.waiting = append(r.waiting, ch)
	if !r.watching {
		r.watching = true
		go r.watch()
	}
	r.mu.Unlock()
	select {
	case round = <-ch:
	case <-ctx.Done(): // the client went away
		r.mu.Lock()
		defer r.mu.Unlock()
		if i := slices.Index(r.waiting, ch); i >= 0 {
			r.waiting = slices.Delete(r.waiting, i, i+1)
		} else {
			r.active--
		}
		return 0, func() {}
	}
	return round, func() {
		r.moved()
		r.mu.Lock()
		r.active--
		r.mu.Unlock()
	}
}

// watch lets rounds through until nobody waits.
func (r *rounds) watch() {
	const (
		tick = 2 * time.Millisecond
		calm = int(settle / tick)
		// An idle client may wait for an answer to go on that is held until
		// another one, under way, is taken: that one is not waited for.
		entangled = 20 * calm
		// A process where other tests never rest is not waited for for ever.
		restless = int(5 * time.Second / tick)
	)
	quiet, idle := 0, 0
	last := r.movements.Load()
	for {
		start := time.Now()
		time.Sleep(tick)
		late := time.Since(start) > 4*tick
		now := r.movements.Load()
		if now != last {
			last, quiet, idle = now, 0, 0
			continue
		}
		quiet++
		if late || r.process.busy() {
			idle = 0
		} else {
			idle++
		}
		r.mu.Lock()
		if len(r.waiting) == 0 {
			r.watching = false
			r.mu.Unlock()
			return
		}
		if idle >= calm && r.active <= 0 || idle >= entangled || quiet >= restless {
			r.release()
			quiet, idle = 0, 0
		}
		r.mu.Unlock()
	}
}

func (r *rounds) release() {
	r.done++
	for _, ch := range r.waiting {
		ch <- r.done
	}
	r.active += len(r.waiting)
	r.waiting = nil
}

// activity watches the goroutines of this process.
type activity struct {
	samples []metrics.Sample
	outside uint64 // the fewest ever seen in system calls: those that stay there
}

// newActivity is called before the client has started, so that what is in a
// system call then is likely to stay there: a wait for signals, say.
func newActivity() *activity {
	a := &activity{
		samples: []metrics.Sample{
			{Name: "/sched/goroutines/runnable:goroutines"},
			{Name: "/sched/goroutines/running:goroutines"},
			{Name: "/sched/goroutines/not-in-go:goroutines"},
		},
		outside: math.MaxUint64,
	}
	a.busy()
	return a
}

// busy reports whether a goroutine other than this one runs, wants to run, or
// is in a system call, such as an fsync.
func (a *activity) busy() bool {
	metrics.Read(a.samples)
	var n [3]uint64
	for i, s := range a.samples {
		if s.Value.Kind() == metrics.KindUint64 { // older runtimes don't know
			n[i] = s.Value.Uint64()
		}
	}
	a.outside = min(a.outside, n[2])
	return n[0]+n[1] > 1 || n[2] > a.outside
}
