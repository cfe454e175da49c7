// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package transport

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/recap-oci/recap/pkg/internal/clock"
	"github.com/recap-oci/recap/pkg/recaptest"
)

func TestBrake(t *testing.T) {
	fake := recaptest.NewClock(0)
	b := newBrake(clock.Of(fake), 40)
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
	now := fake.Now
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
	_ = fake.Sleep(t.Context(), time.Second)
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
	_ = fake.Sleep(t.Context(), time.Minute)
	for range 100 {
		b.answered(reading, slow, 200)
	}
	take(11)
	for range 20 {
		_ = fake.Sleep(t.Context(), time.Second)
		b.answered(reading, now(), 429)
	}
	take(1)
	if got := b.lanes[writing].limit; got != initialPlaces {
		t.Errorf("writing has %v places, but was not told anything", got)
	}
}

// Places are given in order, and not to those who went away.
func TestBrakeQueue(t *testing.T) {
	b := newBrake(clock.Of(recaptest.NewClock(0)), 1)
	if err := b.acquire(t.Context(), writing); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	gone := errors.New("gone")
	left := make(chan error)
	go func() { left <- b.acquire(ctx, writing) }()
	recaptest.Until(t, func() bool { b.mu.Lock(); defer b.mu.Unlock(); return len(b.lanes[writing].queue) == 1 })
	cancel(gone)
	if err := <-left; !errors.Is(err, gone) {
		t.Errorf("got %v", err)
	}
	served := make(chan error)
	go func() { served <- b.acquire(t.Context(), writing) }()
	recaptest.Until(t, func() bool { b.mu.Lock(); defer b.mu.Unlock(); return len(b.lanes[writing].queue) == 1 })
	b.release(writing)
	if err := <-served; err != nil {
		t.Error(err)
	}
	if b.lanes[writing].used != 1 {
		t.Errorf("%d places are used", b.lanes[writing].used)
	}
}
