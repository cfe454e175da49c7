// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package host

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/target/internal/transport"
)

// Budget is how long a command may stand still: after two minutes in which
// nothing went forward with any host, no request is tried again. It does not
// end work that moves, however slowly, nor what waits for a person. The zero
// value is a whole one.
type Budget struct {
	mu       sync.Mutex
	progress time.Time // when something last went forward
}

const maxStandstill = 2 * time.Minute

// start lets the time run from the first request on, and again after a rest.
func (b *Budget) start(now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.progress.IsZero() || now.Sub(b.progress) > maxStandstill {
		b.progress = now
	}
}

// moved notes that something went forward.
func (b *Budget) moved(now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.progress = now
}

// covers reports whether it is not yet spent at the time at.
func (b *Budget) covers(at time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return at.Sub(b.progress) <= maxStandstill
}

// Backoff waits before the next attempt, or returns why there is none.
func (h *Host) Backoff(ctx context.Context, op Operation, f *Fault, attempt int) error {
	wait := h.jitter(attempt)
	if f.wait > 0 {
		wait = max(wait, f.wait)
	}
	if f.wait > transport.MaxRetryAfter {
		return recap.Errorf(recap.Unavailable, "retry-later", "%s: the registry asks to wait %s", op.What, f.wait).
			WithHint("try again in %s", f.wait)
	}
	if attempt >= f.attempts() || !h.budget.covers(h.clock.Now().Add(wait)) {
		return f.Final(op, attempt)
	}
	h.notices.Retry(h.name, fmt.Sprintf("%s: %s; next attempt in %s", op.What, f.reason(), wait.Round(10*time.Millisecond)), wait)
	return h.clock.Sleep(ctx, wait)
}

// jitter returns a random wait whose mean doubles with each attempt, so that
// clients that were turned away together don't come back together.
func (h *Host) jitter(attempt int) time.Duration {
	const shortest, longest = 250 * time.Millisecond, 30 * time.Second
	ceiling := min(longest, 2*shortest<<(attempt-1))
	return shortest + time.Duration(h.clock.Rand()*float64(ceiling-shortest))
}
