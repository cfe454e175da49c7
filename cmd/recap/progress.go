// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"sync"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/spf13/pflag"
	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/recap-oci/recap/pkg/transfer"
)

// patience is how long work may go on before it is worth a bar.
const patience = time.Second

// progress draws one bar for a whole transfer, on a terminal only, and only
// for work that takes longer than a moment. It leaves nothing behind.
type progress struct {
	noTTY bool

	mu      sync.Mutex
	e       *env
	what    string
	since   time.Time
	planned int64
	moved   map[digest.Digest]int64
	total   int64 // bytes moved, of all objects
	last    time.Time

	container *mpb.Progress
	bar       *mpb.Bar
}

func (p *progress) register(flags *pflag.FlagSet) {
	flags.BoolVar(&p.noTTY, "no-tty", false, "draw no progress bar")
}

// start begins to listen; what is the verb the bar shows.
func (p *progress) start(e *env, what string) {
	if p.noTTY || !e.ttyErr || e.verbose { // or lines and bar would write over each other
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.e, p.what, p.since, p.moved = e, what, e.now(), map[digest.Digest]int64{}
	p.last = p.since
}

// event takes what a transfer tells. It is safe for concurrent use.
func (p *progress) event(ev transfer.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.e == nil {
		return
	}
	switch ev.Kind {
	case transfer.EventPlanned:
		p.planned += ev.Bytes
	case transfer.EventProgress:
		p.set(ev.Descriptor.Digest, ev.Bytes)
	case transfer.EventDone, transfer.EventExists, transfer.EventMounted:
		p.set(ev.Descriptor.Digest, ev.Descriptor.Size)
	}
	now := p.e.now()
	if p.container == nil && now.Sub(p.since) >= patience && p.total < p.planned {
		p.draw()
	}
	if p.bar != nil {
		p.bar.SetTotal(p.planned, false)
		p.bar.EwmaSetCurrent(p.total, now.Sub(p.last))
		p.last = now
	}
}

func (p *progress) set(d digest.Digest, n int64) {
	p.total += n - p.moved[d]
	p.moved[d] = n
}

func (p *progress) draw() {
	p.container = mpb.New(mpb.WithOutput(p.e.bars), mpb.WithWidth(40), mpb.WithAutoRefresh())
	p.bar = p.container.AddBar(p.planned,
		mpb.BarRemoveOnComplete(),
		mpb.PrependDecorators(decor.Name(p.what+" "), decor.CountersKibiByte("% .1f / % .1f")),
		mpb.AppendDecorators(decor.EwmaSpeed(decor.SizeB1024(0), "% .1f", 30), decor.EwmaETA(decor.ET_STYLE_GO, 30, decor.WCSyncSpace)),
	)
}

// stop removes the bar, so that what is printed next stands alone.
func (p *progress) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.e = nil
	if p.container != nil {
		p.bar.Abort(true)
		p.container.Wait()
	}
}
