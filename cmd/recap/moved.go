// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/target"
)

// movedAfter is how long something takes that is worth one more request: what its
// tag names in the end.
const movedAfter = 10 * time.Second

// movedPatience is how long a note is worth waiting for. What it is about is done: a
// registry that has fallen silent by now keeps nobody from the answer.
const movedPatience = 5 * time.Second

// noteMoved says so if the tag that p was resolved from names something else by now.
// Nothing depends on it: p stays what it was resolved to. It is asked when that took
// long, or failed, with err, because something wasn't there.
func (p *pinned) noteMoved(ctx context.Context, e *env, err error) {
	gone := errors.Is(err, recap.NotFound)
	if p.ref.Digest != "" || p.ref.IsLayout() || !gone && (err != nil || e.now().Sub(p.asked) < movedAfter) {
		return
	}
	tag, wrong := p.ref.Target()
	if wrong != nil {
		return
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer e.after(movedPatience, cancel).Stop()
	current, wrong := p.target.Resolve(ctx, tag)
	if wrong != nil || current.Digest == p.Root().Digest {
		return // it is only a note
	}
	what := "what was taken is what it named before"
	if gone {
		what = "what it named before may be gone: run the same command again"
	}
	fmt.Fprintf(e.stderr, "note: %s names %s by now; %s\n", safe(p.ref.String()), current.Digest, what)
}

// after calls fn once d has passed, by the clock that registries are waited for by.
func (e *env) after(d time.Duration, fn func()) target.Timer {
	if e.clock == nil {
		return time.AfterFunc(d, fn)
	}
	return e.clock.AfterFunc(d, fn)
}
