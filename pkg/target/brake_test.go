// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package target

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/recap-oci/recap/pkg/recaptest"
)

func TestBrake(t *testing.T) {
	fake := newFakeClock()
	b := newBrake(fake.clock(), 40)
	take := func(want int) {
		t.Helper()
		n := 0
		for ; b.lanes[reading].used < int(b.lanes[reading].limit); n++ {
			if err := b.acquire(t.Context(), reading); err != nil {
				t.Fatal(err)
			}
		}
		if got := b.lanes[reading].used; got != want {
			t.Errorf("%d places, want %d", got, want)
		}
		for range n {
			b.release(reading)
		}
	}
	now := fake.clock().now
	take(initialPlaces)
	for range 8 {
		b.answered(reading, now(), 200) // each quick answer is a place more
	}
	take(initialPlaces + 8)
	for range 100 {
		b.answered(reading, now(), 200)
	}
	take(40)
	start := now()
	_ = fake.clock().sleep(t.Context(), time.Second)
	for range 10 { // one crowd that is turned away is one reason
		b.answered(reading, start, http.StatusTooManyRequests)
	}
	take(20)
	b.answered(reading, now(), http.StatusServiceUnavailable)
	take(10)
	for range 11 { // then one place for as many answers as there are places
		b.answered(reading, now(), 200)
	}
	take(11)
	slow := now()
	_ = fake.clock().sleep(t.Context(), time.Minute)
	for range 100 {
		b.answered(reading, slow, 200)
	}
	take(11)
	for range 20 {
		_ = fake.clock().sleep(t.Context(), time.Second)
		b.answered(reading, now(), 429)
	}
	take(1)
	if got := b.lanes[writing].limit; got != initialPlaces {
		t.Errorf("writing has %v places, but was not told anything", got)
	}
}

// Places are given in order, and not to those who went away.
func TestBrakeQueue(t *testing.T) {
	b := newBrake(newFakeClock().clock(), 1)
	if err := b.acquire(t.Context(), writing); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	gone := errors.New("gone")
	left := make(chan error)
	go func() { left <- b.acquire(ctx, writing) }()
	waitFor(t, func() bool { b.mu.Lock(); defer b.mu.Unlock(); return len(b.lanes[writing].queue) == 1 })
	cancel(gone)
	if err := <-left; !errors.Is(err, gone) {
		t.Errorf("got %v", err)
	}
	served := make(chan error)
	go func() { served <- b.acquire(t.Context(), writing) }()
	waitFor(t, func() bool { b.mu.Lock(); defer b.mu.Unlock(); return len(b.lanes[writing].queue) == 1 })
	b.release(writing)
	if err := <-served; err != nil {
		t.Error(err)
	}
	if b.lanes[writing].used != 1 {
		t.Errorf("%d places are used", b.lanes[writing].used)
	}
}

// waitFor spins until a condition of another goroutine holds.
func waitFor(t *testing.T, ok func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for !ok() {
		if ctx.Err() != nil {
			t.Fatal("it never happens")
		}
	}
}

// However many goroutines start, the host sees no more requests at once than
// it bears, and all get their turn. Bodies count while they are read.
func TestConcurrency(t *testing.T) {
	const limit, goroutines = 3, 40
	data := pattern(100 << 10)
	r, src, _ := stored(t, data, Options{Concurrency: limit})
	var mu sync.Mutex
	now, most := 0, 0
	r.Inject(recaptest.Fault{Times: recaptest.Always, Action: func(w http.ResponseWriter, req *http.Request, next http.Handler) {
		mu.Lock()
		now++
		most = max(most, now)
		mu.Unlock()
		next.ServeHTTP(w, req)
		mu.Lock()
		now--
		mu.Unlock()
	}})
	var open sync.Mutex
	streams, mostStreams := 0, 0
	var wg sync.WaitGroup
	for range goroutines {
		wg.Go(func() {
			rc, err := src.Fetch(t.Context(), blobOf(data))
			if err != nil {
				t.Error(err)
				return
			}
			open.Lock()
			streams++
			mostStreams = max(mostStreams, streams)
			open.Unlock()
			got := make([]byte, len(data)-1)
			if _, err := io.ReadFull(rc, got); err != nil || !bytes.Equal(got, data[:len(got)]) {
				t.Errorf("%v", err)
			}
			open.Lock()
			streams--
			open.Unlock()
			rc.Close()
		})
	}
	wg.Wait()
	if most > limit || mostStreams > limit {
		t.Errorf("%d requests and %d open streams at once, want at most %d", most, mostStreams, limit)
	}
}

// A copy within one registry holds a stream open while it uploads. With all
// places for reading taken, those for writing are not.
func TestReadingDoesNotStarveWriting(t *testing.T) {
	data := pattern(2 << 20)
	_, src, _ := stored(t, data, Options{Concurrency: 1})
	dst := &Target{store: newRepository(src.store.(*repository).host, "team/other", true)}
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			rc, err := src.Fetch(t.Context(), blobOf(data))
			if err != nil {
				t.Error(err)
				return
			}
			defer rc.Close()
			if err := dst.Push(t.Context(), blobOf(data), rc); err != nil {
				t.Error(fmt.Errorf("copy %d: %w", i, err))
			}
		})
	}
	wg.Wait()
}
