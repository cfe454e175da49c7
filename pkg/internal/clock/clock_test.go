// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package clock_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/recap-oci/recap/pkg/internal/clock"
	"github.com/recap-oci/recap/pkg/recaptest"
)

// Sleep lasts as long as it was asked to, or until the context ends, and says why.
func TestSleep(t *testing.T) {
	enough := errors.New("enough")
	for _, tt := range []struct {
		name      string
		d         time.Duration
		end       time.Duration // of the context; 0: never
		want      error
		wantSlept time.Duration
	}{
		{"to the end", time.Minute, 0, nil, time.Minute},
		{"nothing", 0, 0, nil, 0},
		{"less than nothing", -time.Second, 0, nil, 0},
		{"until the context ends", time.Minute, time.Minute - 1, enough, time.Minute - 1},
		{"before the context ends", time.Minute, time.Minute + 1, nil, time.Minute},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancelCause(t.Context())
				defer cancel(nil)
				if tt.end > 0 {
					defer time.AfterFunc(tt.end, func() { cancel(enough) }).Stop()
				}
				start := time.Now()
				err := clock.System{}.Sleep(ctx, tt.d)
				if slept := time.Since(start); !errors.Is(err, tt.want) || slept != tt.wantSlept {
					t.Errorf("slept %s, %v; want %s, %v", slept, err, tt.wantSlept, tt.want)
				}
			})
		})
	}
}

// What is to happen later happens once its time has come, unless it is stopped,
// and from then on when it is set anew.
func TestAfterFunc(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		system, start := clock.System{}, time.Now()
		fired := make(chan time.Duration, 3) // one more than is wanted
		timer := system.AfterFunc(time.Minute, func() { fired <- time.Since(start) })
		stopped := system.AfterFunc(time.Minute, func() { t.Error("it was stopped") })
		if !stopped.Stop() || stopped.Stop() {
			t.Error("a timer is stopped once")
		}
		if err := system.Sleep(t.Context(), time.Hour); err != nil {
			t.Fatal(err)
		}
		if timer.Stop() || timer.Reset(time.Minute) {
			t.Error("a timer whose time has come is taken for one that runs")
		}
		if err := system.Sleep(t.Context(), time.Hour); err != nil {
			t.Fatal(err)
		}
		if n := len(fired); n != 2 {
			t.Fatalf("fired %d times, want 2", n)
		}
		if first, second := <-fired, <-fired; first != time.Minute || second != time.Hour+time.Minute {
			t.Errorf("fired after %s and %s", first, second)
		}
		if now := system.Now(); now.Sub(start) != 2*time.Hour {
			t.Errorf("it is %s later", now.Sub(start))
		}
	})
}

// Of takes time from where it is told to, and chance from the system.
func TestOf(t *testing.T) {
	fake := recaptest.NewClock(0)
	c := clock.Of(fake)
	start := c.Now()
	if err := c.Sleep(t.Context(), time.Hour); err != nil || c.Now().Sub(start) != time.Hour {
		t.Errorf("slept %s, %v", c.Now().Sub(start), err)
	}
	fired := 0
	timer := c.After(time.Hour, func() { fired++ })
	if fake.Fire(time.Hour) != 1 || fired != 1 || timer.Stop() {
		t.Errorf("fired %d times", fired)
	}
	thrown := map[float64]bool{}
	for range 100 {
		n := c.Rand()
		if n < 0 || n >= 1 {
			t.Fatalf("the dice show %v", n)
		}
		thrown[n] = true
	}
	if len(thrown) < 90 {
		t.Errorf("100 throws show %d numbers", len(thrown))
	}
}
