// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package sigstore_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/recaptest"
	"github.com/recap-oci/recap/pkg/sigstore"
	"github.com/recap-oci/recap/pkg/sigstore/internal/sigstoretest"
)

// A signer goes by the clock that it was given: it waits by it, and by it a
// certificate gets too old.
func TestSignerGoesByItsClock(t *testing.T) {
	clock := recaptest.NewClock(0)
	fake := newFakeSigstore(t)
	down := true
	fake.fault = func(_ string, n int) http.HandlerFunc {
		if down || n == 1 {
			return sigstoretest.Status(http.StatusServiceUnavailable, "later", "Retry-After", "10")
		}
		return nil
	}
	signer := fake.keyless(v1Only(t), sigstoretest.Token(t, nil), func(opts *sigstore.KeylessOptions) {
		opts.Clock, opts.Budget = clock, 35*time.Second
	})
	_, err := signer.Sign(t.Context(), []byte(about(root)))
	sigstoretest.WantError(t, err, recap.Unavailable, "service-unavailable", "later")
	if slept := clock.Seconds(); len(slept) != 3 || slept[0] != 10 {
		t.Errorf("it slept %v seconds, want three times the 10 that the service asks for", slept)
	}

	down = false
	fake.calls = map[string]int{}
	signer = fake.keyless(v1Only(t), sigstoretest.Token(t, nil), func(opts *sigstore.KeylessOptions) { opts.Clock = clock })
	for range 2 {
		if _, err := signer.Sign(t.Context(), []byte(about(root))); err != nil {
			t.Fatal(sigstoretest.Text(err))
		}
	}
	if n := fake.count("fulcio.test"); n != 2 { // the first of which failed
		t.Errorf("the certificate authority was asked %d times for one certificate, want 2", n)
	}
	if err := clock.Sleep(t.Context(), 9*time.Minute); err != nil {
		t.Fatal(err)
	}
	if _, err := signer.Sign(t.Context(), []byte(about(root))); err != nil {
		t.Fatal(sigstoretest.Text(err))
	}
	if n := fake.count("fulcio.test"); n != 3 {
		t.Errorf("the certificate authority was asked %d times, want 3: the certificate was older than half its life", n)
	}
}
