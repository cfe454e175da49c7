// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package target

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"sync"
	"testing"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/recap-oci/recap/pkg/internal/clock"
	"github.com/recap-oci/recap/pkg/recaptest"
)

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
func newTestClient(t *testing.T, opts Options) (*Client, *recaptest.Clock) {
	t.Helper()
	fake := recaptest.NewClock(0)
	clk := clock.Of(fake)
	clk.Rand = func() float64 { return 0.5 }
	c, err := newClient(opts, clk, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c, fake
}

// create opens team/recaps of a registry for writing, with a fake clock.
func create(t *testing.T, r *recaptest.Registry, opts Options) (*Target, *recaptest.Clock) {
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
