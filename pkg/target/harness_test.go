// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package target

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/recaptest"
)

// fakeClock sleeps by moving its hands and fires its timers when told.
type fakeClock struct {
	mu     sync.Mutex
	at     time.Time
	slept  []time.Duration
	timers map[*fakeTimer]bool // those armed
}

type fakeTimer struct {
	clock *fakeClock
	d     time.Duration
	f     func()
}

func newFakeClock() *fakeClock {
	return &fakeClock{at: time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC), timers: map[*fakeTimer]bool{}}
}

func (c *fakeClock) clock() clock {
	return clock{
		now: func() time.Time {
			c.mu.Lock()
			defer c.mu.Unlock()
			return c.at
		},
		sleep: func(ctx context.Context, d time.Duration) error {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.at = c.at.Add(d)
			c.slept = append(c.slept, d)
			return ctx.Err()
		},
		after: func(d time.Duration, f func()) Timer {
			t := &fakeTimer{clock: c, d: d, f: f}
			t.Reset(d)
			return t
		},
		rand: func() float64 { return 0.5 },
	}
}

func (t *fakeTimer) Stop() bool {
	t.clock.mu.Lock()
	defer t.clock.mu.Unlock()
	was := t.clock.timers[t]
	delete(t.clock.timers, t)
	return was
}

func (t *fakeTimer) Reset(d time.Duration) bool {
	t.clock.mu.Lock()
	defer t.clock.mu.Unlock()
	was := t.clock.timers[t]
	t.d = d
	t.clock.timers[t] = true
	return was
}

// fire ends the time of every timer of this length that is armed, and returns
// how many there were.
func (c *fakeClock) fire(d time.Duration) int {
	c.mu.Lock()
	var due []*fakeTimer
	for t := range c.timers {
		if t.d == d {
			due = append(due, t)
			delete(c.timers, t)
		}
	}
	c.mu.Unlock()
	for _, t := range due {
		t.f()
	}
	return len(due)
}

// armed returns how many timers of this length run.
func (c *fakeClock) armed(d time.Duration) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := 0
	for t := range c.timers {
		if t.d == d {
			n++
		}
	}
	return n
}

func (c *fakeClock) sleeps() []time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.slept
}

// notices collects what a Client tells.
type notices struct {
	mu  sync.Mutex
	all []Notice
}

func (n *notices) add(notice Notice) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.all = append(n.all, notice)
}

func (n *notices) texts(kind NoticeKind) []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	var out []string
	for _, notice := range n.all {
		if notice.Kind == kind {
			out = append(out, notice.Text)
		}
	}
	return out
}

// newTestClient returns a Client whose clock is fake.
func newTestClient(t *testing.T, opts Options) (*Client, *fakeClock) {
	t.Helper()
	fake := newFakeClock()
	c, err := newClient(opts, fake.clock())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c, fake
}

// create opens team/recaps of a registry for writing, with a fake clock.
func create(t *testing.T, r *recaptest.Registry, opts Options) (*Target, *fakeClock) {
	t.Helper()
	if opts.CAFile == "" {
		opts.CAFile = r.CAFile()
	}
	c, fake := newTestClient(t, opts)
	dst, err := c.Create(t.Context(), Reference{Host: r.Host(), Repository: "team/recaps"})
	if err != nil {
		t.Fatal(err)
	}
	return dst, fake
}

// blobOf is the descriptor of some bytes.
func blobOf(data []byte) ocispec.Descriptor {
	return ocispec.Descriptor{MediaType: "application/octet-stream", Digest: digest.FromBytes(data), Size: int64(len(data))}
}

// manifestOf returns a manifest of blobs, referring to subject if it isn't nil.
func manifestOf(t *testing.T, note string, subject *ocispec.Descriptor, layers ...ocispec.Descriptor) (ocispec.Descriptor, []byte) {
	t.Helper()
	m := ocispec.Manifest{
		Versioned:    specs.Versioned{SchemaVersion: 2},
		MediaType:    ocispec.MediaTypeImageManifest,
		ArtifactType: "application/vnd.test",
		Config:       ocispec.DescriptorEmptyJSON,
		Layers:       layers,
		Subject:      subject,
		Annotations:  map[string]string{"note": note},
	}
	m.Config.Data = nil
	if m.Layers == nil {
		m.Layers = []ocispec.Descriptor{}
	}
	data, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	desc := blobOf(data)
	desc.MediaType = ocispec.MediaTypeImageManifest
	return desc, data
}

// pushAll pushes the empty config and a manifest under its digest.
func pushAll(t *testing.T, dst *Target, desc ocispec.Descriptor, data []byte) {
	t.Helper()
	if err := dst.Push(t.Context(), ocispec.DescriptorEmptyJSON, bytes.NewReader([]byte("{}"))); err != nil {
		t.Fatal(err)
	}
	if err := dst.Push(t.Context(), desc, bytes.NewReader(data)); err != nil {
		t.Fatal(err)
	}
}

// read fetches all of desc.
func read(ctx context.Context, src *Target, desc ocispec.Descriptor) ([]byte, error) {
	rc, err := src.Fetch(ctx, desc)
	if err != nil {
		return nil, err
	}
	defer rc.Close()
	return io.ReadAll(rc)
}

// wantError checks kind and code.
func wantError(t *testing.T, err error, kind recap.Kind, code string) *recap.Error {
	t.Helper()
	var e *recap.Error
	if !errors.As(err, &e) {
		t.Fatalf("got error %v, want %s", err, code)
	}
	if e.Kind != kind || e.Code != code {
		t.Fatalf("got %s [%s] %v, want %s [%s]", e.Kind, e.Code, e, kind, code)
	}
	return e
}

// stream hides that its content can seek.
type stream struct{ io.Reader }

// concat returns a file that holds what both hold.
func concat(t *testing.T, a, b string) string {
	t.Helper()
	var all []byte
	for _, name := range []string{a, b} {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, data...)
	}
	name := filepath.Join(t.TempDir(), "both.pem")
	if err := os.WriteFile(name, all, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func parseURL(t testing.TB, s string) *url.URL {
	t.Helper()
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}
