// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package transfer_test

import (
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"oras.land/oras-go/v2/content/memory"

	"github.com/recap-oci/recap/pkg/transfer"
	"github.com/recap-oci/recap/pkg/trust"
)

// events collects what a transfer tells.
type events struct {
	mu  sync.Mutex
	all []transfer.Event
}

func (e *events) add(event transfer.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.all = append(e.all, event)
}

func (e *events) of(kind transfer.EventKind) []transfer.Event {
	return slices.DeleteFunc(slices.Clone(e.all), func(event transfer.Event) bool { return event.Kind != kind })
}

// check sees to it that everything that starts comes to an end, and that as
// much moves as was planned.
func (e *events) check(t *testing.T, moved transfer.Tally) {
	t.Helper()
	open := map[string]bool{}
	var done transfer.Tally
	for _, event := range e.all {
		d := event.Descriptor.Digest.String()
		switch event.Kind {
		case transfer.EventStarted:
			open[d] = true
		case transfer.EventDone, transfer.EventExists, transfer.EventMounted:
			delete(open, d)
			if event.Kind == transfer.EventDone {
				done.Count++
				done.Bytes += event.Descriptor.Size
			}
		case transfer.EventProgress:
			if !open[d] || event.Bytes <= 0 || event.Bytes > event.Descriptor.Size {
				t.Errorf("progress out of order: %+v", event)
			}
		}
	}
	if len(open) > 0 {
		t.Errorf("started and never ended: %v", open)
	}
	if done != moved {
		t.Errorf("told of %+v, the result says %+v", done, moved)
	}
	if planned := e.of(transfer.EventPlanned); len(planned) != 1 || planned[0].Bytes < moved.Bytes {
		t.Errorf("planned %+v, moved %+v", planned, moved)
	}
}

func TestEvents(t *testing.T) {
	files := contents{"index.md": "# A\n", "large.bin": strings.Repeat("x", 1<<20)}
	g, src := build(t, files), memory.New()

	var pushed events
	sent, err := transfer.Push(t.Context(), g, src, []string{"1.0.0", "latest"}, transfer.Unsigned{}, transfer.PushOptions{OnEvent: pushed.add})
	if err != nil {
		t.Fatal(err)
	}
	pushed.check(t, sent.Uploaded)
	if n := len(pushed.of(transfer.EventProgress)); n == 0 {
		t.Errorf("%d times progress of 1 MiB", n)
	}
	var tags []string
	for _, event := range pushed.of(transfer.EventTagged) {
		tags = append(tags, event.Name)
	}
	if !slices.Equal(tags, []string{"1.0.0", "latest"}) {
		t.Errorf("tagged %q", tags)
	}

	var pulled events
	pinned := resolve(t, src, "latest")
	dir := filepath.Join(t.TempDir(), "dir")
	got, err := transfer.Pull(t.Context(), pinned, trust.UnverifiedUnsafe(pinned.Root()), memory.New(), dir, transfer.PullOptions{OnEvent: pulled.add})
	if err != nil {
		t.Fatal(err)
	}
	pulled.check(t, got.Fetched)
	var written []string
	for _, event := range pulled.of(transfer.EventWriting) {
		written = append(written, event.Name)
	}
	slices.Sort(written)
	if !slices.Equal(written, keys(files)) {
		t.Errorf("wrote %q", written)
	}
	if install := pulled.of(transfer.EventInstall); len(install) != 1 || install[0].Name != dir {
		t.Errorf("install %+v", install)
	}
}
