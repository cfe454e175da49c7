// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package repository

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"os"
	"testing"
	"time"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/recap-oci/recap/pkg/internal/clock"
	"github.com/recap-oci/recap/pkg/recaptest"
	"github.com/recap-oci/recap/pkg/target/internal/credential"
	"github.com/recap-oci/recap/pkg/target/internal/host"
)

// silence is how long the registries of these tests may be silent.
const silence = 30 * time.Second

// create returns team/recaps of a registry, to write to, on a fake clock. The
// texts of retries go to told.
func create(t *testing.T, r *recaptest.Registry, told ...func(text string)) (*Repository, *recaptest.Clock) {
	t.Helper()
	fake := recaptest.NewClock(0)
	clk := clock.Of(fake)
	clk.Rand = func() float64 { return 0.5 }
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if file := r.CAFile(); file != "" {
		pem, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		config.RootCAs = x509.NewCertPool()
		config.RootCAs.AppendCertsFromPEM(pem)
	}
	h := host.New(r.Host(), host.Options{
		Authority: config.RootCAs != nil, TLS: config, Credentials: credential.NewStore(nil, clk),
		UserAgent: "recap", Silence: silence, Clock: clk, Budget: &host.Budget{},
		Notices: host.NewNotices(func(_, text string, _ time.Duration) {
			for _, tell := range told {
				tell(text)
			}
		}, func(string, string) {}, nil),
	})
	t.Cleanup(h.CloseIdle)
	return New(h, "team/recaps", true), fake
}

// pushAll pushes the empty config and a manifest under its digest.
func pushAll(t *testing.T, dst *Repository, desc ocispec.Descriptor, data []byte) {
	t.Helper()
	if err := dst.Push(t.Context(), ocispec.DescriptorEmptyJSON, bytes.NewReader([]byte("{}"))); err != nil {
		t.Fatal(err)
	}
	if err := dst.Push(t.Context(), desc, bytes.NewReader(data)); err != nil {
		t.Fatal(err)
	}
}

// read fetches all of desc.
func read(ctx context.Context, src *Repository, desc ocispec.Descriptor) ([]byte, error) {
	rc, err := src.Fetch(ctx, desc)
	if err != nil {
		return nil, err
	}
	defer rc.Close()
	return io.ReadAll(rc)
}

// stream hides that its content can seek.
type stream struct{ io.Reader }
