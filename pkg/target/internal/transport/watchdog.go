// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package transport

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/recap-oci/recap/pkg/internal/clock"
)

// Causes of a request's end when its peer fell silent: in the midst of it, or
// with all of a request in hand that may take long to be answered.
var (
	ErrStalled    = errors.New("the registry fell silent")
	ErrUnanswered = errors.New("the registry does not answer")
)

// MaxPatience is how long an answer may take to what takes long: longer than any was seen to
// take by far, but not for ever.
const MaxPatience = 10 * time.Minute

// watchdog ends a request whose peer is silent for too long. It is armed only
// while the peer's turn is: not while our own side prepares the next bytes to
// send, or has not asked for more.
type watchdog struct {
	limit  time.Duration
	cancel context.CancelCauseFunc
	clock  clock.Clock

	mu    sync.Mutex
	timer clock.Timer
	ended bool
}

func newWatchdog(c clock.Clock, limit time.Duration, cancel context.CancelCauseFunc) *watchdog {
	return &watchdog{limit: limit, cancel: cancel, clock: c}
}

// arm starts the time anew.
func (w *watchdog) arm() {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.ended:
	case w.timer == nil:
		w.timer = w.clock.After(w.limit, func() { w.cancel(ErrStalled) })
	default:
		w.timer.Reset(w.limit)
	}
}

// wait leaves the peer alone with what it was sent.
func (w *watchdog) wait() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ended {
		return
	}
	if w.timer != nil {
		w.timer.Stop()
	}
	// It was its last turn: what is armed from now on is this.
	w.limit = max(w.limit, MaxPatience)
	w.timer = w.clock.After(w.limit, func() { w.cancel(ErrUnanswered) })
}

// disarm stops the time.
func (w *watchdog) disarm() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.timer != nil {
		w.timer.Stop()
	}
}

// end stops it for good.
func (w *watchdog) end() {
	w.mu.Lock()
	w.ended = true
	w.mu.Unlock()
	w.disarm()
}

// sentBody is a request's body on its way out. The time runs while the
// transport has bytes to send, not while they are read from the source.
type sentBody struct {
	io.ReadCloser
	dog   *watchdog
	moved func()
}

func (b *sentBody) Read(p []byte) (int, error) {
	b.dog.disarm()
	n, err := b.ReadCloser.Read(p)
	if n > 0 {
		b.moved()
	}
	b.dog.arm()
	return n, err
}

// receivedBody is a response's body. It gives the request's place back at its
// end, and turns the error of a request ended by the watchdog into the reason.
type receivedBody struct {
	io.ReadCloser
	ctx   context.Context
	dog   *watchdog
	moved func()
	done  func()
	once  sync.Once
}

func (b *receivedBody) Read(p []byte) (int, error) {
	b.dog.arm()
	n, err := b.ReadCloser.Read(p)
	b.dog.disarm()
	if n > 0 {
		b.moved()
	}
	if err != nil {
		if err != io.EOF && errors.Is(context.Cause(b.ctx), ErrStalled) {
			err = ErrStalled
		}
		b.finish()
	}
	return n, err
}

func (b *receivedBody) Close() error {
	err := b.ReadCloser.Close()
	b.finish()
	return err
}

func (b *receivedBody) finish() {
	b.once.Do(func() {
		b.dog.end()
		b.done()
	})
}
