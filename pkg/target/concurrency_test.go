// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package target

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"

	"github.com/recap-oci/recap/pkg/recaptest"
)

// stored returns a registry that has this blob, and a Target of a Client that
// makes so many requests at once, which reads it.
func stored(t *testing.T, data []byte, concurrency int) (*recaptest.Registry, *Target, *Client) {
	t.Helper()
	r := recaptest.NewRegistry(t, recaptest.RegistryOptions{})
	c, _ := newTestClient(t, Options{Concurrency: concurrency})
	dst, err := c.Create(t.Context(), Reference{Host: r.Host(), Repository: "team/recaps"})
	if err != nil {
		t.Fatal(err)
	}
	if err := dst.Push(t.Context(), recaptest.BlobOf(data), bytes.NewReader(data)); err != nil {
		t.Fatal(err)
	}
	r.Reset()
	return r, dst, c
}

// However many goroutines start, the host sees no more requests at once than
// it bears, and all get their turn. Bodies count while they are read.
func TestConcurrency(t *testing.T) {
	const limit, goroutines = 3, 40
	data := bytes.Repeat([]byte("0123456789"), 10<<10)
	r, src, _ := stored(t, data, limit)
	var mu sync.Mutex
	now, most := 0, 0
	r.Inject(recaptest.Fault{Times: recaptest.Always, Action: func(w http.ResponseWriter, req *http.Request, next http.Handler) {
		mu.Lock()
		now++
		most = max(most, now)
		mu.Unlock()
		next.ServeHTTP(w, req)
		mu.Lock()
		now--
		mu.Unlock()
	}})
	var open sync.Mutex
	streams, mostStreams := 0, 0
	var wg sync.WaitGroup
	for range goroutines {
		wg.Go(func() {
			rc, err := src.Fetch(t.Context(), recaptest.BlobOf(data))
			if err != nil {
				t.Error(err)
				return
			}
			open.Lock()
			streams++
			mostStreams = max(mostStreams, streams)
			open.Unlock()
			got := make([]byte, len(data)-1)
			if _, err := io.ReadFull(rc, got); err != nil || !bytes.Equal(got, data[:len(got)]) {
				t.Errorf("%v", err)
			}
			open.Lock()
			streams--
			open.Unlock()
			rc.Close()
		})
	}
	wg.Wait()
	if most > limit || mostStreams > limit {
		t.Errorf("%d requests and %d open streams at once, want at most %d", most, mostStreams, limit)
	}
}

// A copy within one registry holds a stream open while it uploads. With all
// places for reading taken, those for writing are not.
func TestReadingDoesNotStarveWriting(t *testing.T) {
	data := bytes.Repeat([]byte("0123456789"), 200<<10)
	r, src, c := stored(t, data, 1)
	dst, err := c.Create(t.Context(), Reference{Host: r.Host(), Repository: "team/other"})
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			rc, err := src.Fetch(t.Context(), recaptest.BlobOf(data))
			if err != nil {
				t.Error(err)
				return
			}
			defer rc.Close()
			if err := dst.Push(t.Context(), recaptest.BlobOf(data), rc); err != nil {
				t.Error(fmt.Errorf("copy %d: %w", i, err))
			}
		})
	}
	wg.Wait()
}
