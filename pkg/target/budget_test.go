// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package target

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/recaptest"
)

// Without any progress, retries end after two minutes altogether.
func TestBudget(t *testing.T) {
	r := recaptest.NewRegistry(t, recaptest.RegistryOptions{})
	src, fake := create(t, r, Options{})
	r.Inject(recaptest.Fault{Times: recaptest.Always, Action: recaptest.RetryAfter(503, "50")})
	_, err := src.Exists(t.Context(), recaptest.BlobOf(nil))
	e := recaptest.WantError(t, err, recap.Unavailable, "registry-unavailable")
	if diff := cmp.Diff([]float64{50, 50}, fake.Seconds()); diff != "" {
		t.Error(diff)
	}
	if !strings.Contains(e.Error(), "(3 attempts)") {
		t.Errorf("it isn't said how often it was tried: %v", e)
	}
}

// The Clients of one command have one budget: what is spent at one end is not
// there at the other, until something goes forward.
func TestBudgetOfACommand(t *testing.T) {
	budget, fake := &Budget{}, recaptest.NewClock(0)
	for _, tt := range []struct {
		name string
		good bool // the first answer is one
		want int  // waits
	}{
		{"the first end", false, 2},
		{"the other end", false, 0},
		{"an end that gives an answer", true, 2},
	} {
		r := recaptest.NewRegistry(t, recaptest.RegistryOptions{})
		c, err := NewClient(Options{Clock: fake, Budget: budget})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		src, err := c.Open(t.Context(), Reference{Host: r.Host(), Repository: "a"})
		if err != nil {
			t.Fatal(err)
		}
		if tt.good {
			if _, err := src.Exists(t.Context(), recaptest.BlobOf(nil)); err != nil {
				t.Fatal(err)
			}
		}
		before := len(fake.Sleeps())
		r.Inject(recaptest.Fault{Times: recaptest.Always, Action: recaptest.RetryAfter(503, "50")})
		_, err = src.Exists(t.Context(), recaptest.BlobOf(nil))
		recaptest.WantError(t, err, recap.Unavailable, "registry-unavailable")
		if got := len(fake.Sleeps()) - before; got != tt.want {
			t.Errorf("%s: %d waits, want %d", tt.name, got, tt.want)
		}
	}
}
