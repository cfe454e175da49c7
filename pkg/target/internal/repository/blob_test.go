// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package repository

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/recaptest"
	"github.com/recap-oci/recap/pkg/target/internal/host"
	"github.com/recap-oci/recap/pkg/target/internal/printable"
	"github.com/recap-oci/recap/pkg/target/internal/transport"
)

// pattern is n bytes of which no two neighbourhoods are alike.
func pattern(n int) []byte {
	data := make([]byte, 0, n+8)
	for i := 0; len(data) < n; i++ {
		data = strconv.AppendInt(data, int64(i), 36)
	}
	return data[:n]
}

// stored returns a registry that has this blob, and a Target that reads it.
func stored(t *testing.T, data []byte) (*recaptest.Registry, *Repository, *recaptest.Clock) {
	t.Helper()
	r := recaptest.NewRegistry(t, recaptest.RegistryOptions{})
	dst, fake := create(t, r)
	if err := dst.Push(t.Context(), recaptest.BlobOf(data), bytes.NewReader(data)); err != nil {
		t.Fatal(err)
	}
	r.Reset()
	return r, dst, fake
}

var getBlob = recaptest.Match{Method: "GET", Kind: recaptest.Blob}

func TestFetchResumes(t *testing.T) {
	data := pattern(3 << 20)
	r, src, fake := stored(t, data)
	r.Inject(
		recaptest.Fault{Match: getBlob, Action: recaptest.Truncate(1000)},
		recaptest.Fault{Match: getBlob, Action: recaptest.Truncate(0)},
		recaptest.Fault{Match: getBlob, Action: recaptest.Status(503)},
		recaptest.Fault{Match: getBlob, Action: recaptest.Truncate(1 << 20)},
	)
	got, err := read(t.Context(), src, recaptest.BlobOf(data))
	if err != nil || !bytes.Equal(got, data) {
		t.Fatalf("%d bytes, %v", len(got), err)
	}
	// How much of a cut connection arrives is up to the system; that the rest
	// is asked for is not.
	journal := r.Journal()
	if len(journal) != 5 {
		t.Fatalf("%d requests", len(journal))
	}
	for i, e := range journal {
		if asked := e.Header.Get("Range"); (asked == "") != (i == 0) || i > 0 && !strings.HasSuffix(asked, "-"+strconv.Itoa(len(data)-1)) {
			t.Errorf("request %d asks for %q", i, asked)
		}
	}
	if n := len(fake.Sleeps()); n != 4 {
		t.Errorf("%d waits", n)
	}
}

// A registry that sends everything where the rest was asked for is read
// through once, not for ever.
func TestFetchWithoutRanges(t *testing.T) {
	data := pattern(100 << 10)
	withoutRange := func(n int64) recaptest.Action {
		return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			r = r.Clone(r.Context())
			r.Header.Del("Range")
			recaptest.Truncate(n)(w, r, next)
		}
	}
	r, src, _ := stored(t, data)
	r.Inject(
		recaptest.Fault{Match: getBlob, Action: withoutRange(50 << 10)},
		recaptest.Fault{Match: getBlob, Times: recaptest.Always, Action: withoutRange(1 << 20)},
	)
	if got, err := read(t.Context(), src, recaptest.BlobOf(data)); err != nil || !bytes.Equal(got, data) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	r.Reset()
	r.Inject(recaptest.Fault{Match: getBlob, Times: recaptest.Always, Action: withoutRange(50 << 10)})
	_, err := read(t.Context(), src, recaptest.BlobOf(data))
	recaptest.WantError(t, err, recap.Unavailable, "connection")
	if n := len(r.Journal()); n > 3 {
		t.Errorf("%d requests", n)
	}
}

// A connection that breaks after each byte is given up.
func TestFetchThatCrawls(t *testing.T) {
	data := pattern(100 << 10)
	r, src, _ := stored(t, data)
	r.Inject(recaptest.Fault{Match: getBlob, Times: recaptest.Always, Action: recaptest.Truncate(1)})
	_, err := read(t.Context(), src, recaptest.BlobOf(data))
	recaptest.WantError(t, err, recap.Unavailable, "connection")
	if n := len(r.Journal()); n != host.MaxAttempts {
		t.Errorf("%d requests, want %d", n, host.MaxAttempts)
	}
}

// Wrong pieces are never put together.
func TestFetchOfLies(t *testing.T) {
	data := pattern(64 << 10)
	longer := append(bytes.Clone(data), 'x')
	cut := recaptest.Fault{Match: getBlob, Action: recaptest.Truncate(1000)}
	chunked := func(body []byte) recaptest.Action {
		return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
			for len(body) > 0 {
				n := min(len(body), 4096)
				_, _ = w.Write(body[:n])
				body = body[n:]
				_ = http.NewResponseController(w).Flush()
			}
		}
	}
	for _, tt := range []struct {
		name   string
		faults []recaptest.Fault
		kind   recap.Kind
		code   string
	}{
		{"shorter", []recaptest.Fault{{Action: recaptest.Respond(200, http.Header{"Content-Length": {"65535"}}, string(data[1:]))}}, recap.Integrity, "size-mismatch"},
		{"longer", []recaptest.Fault{{Action: recaptest.Respond(200, http.Header{"Content-Length": {"65537"}}, string(longer))}}, recap.Integrity, "size-mismatch"},
		{"longer, of unknown length", []recaptest.Fault{{Action: chunked(longer)}}, recap.Integrity, "size-mismatch"},
		{"gone meanwhile", []recaptest.Fault{cut, {Match: getBlob, Times: recaptest.Always, Action: recaptest.Status(404)}}, recap.NotFound, "not-found"},
		{"a piece at once", []recaptest.Fault{{Action: recaptest.Respond(206, http.Header{"Content-Range": {"bytes 0-65535/65536"}}, string(data))}}, recap.Unavailable, "unexpected-answer"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, src, _ := stored(t, data)
			r.Inject(tt.faults...)
			_, err := read(t.Context(), src, recaptest.BlobOf(data))
			recaptest.WantError(t, err, tt.kind, tt.code)
		})
	}
}

// A piece that is not the one asked for is dropped, and the whole asked for
// once, without a range; what comes then is whole, or nothing is.
func TestFetchOfOtherPieces(t *testing.T) {
	data := pattern(64 << 10)
	for _, tt := range []struct {
		name   string
		action recaptest.Action
	}{
		{"another piece", recaptest.Respond(206, http.Header{"Content-Range": {"bytes 0-64535/65536"}}, string(data[1000:]))},
		{"a piece of nothing", recaptest.Respond(206, nil, string(data[1000:]))},
		{"a piece of another whole", recaptest.Respond(206, http.Header{"Content-Range": {"bytes 1000-65535/70000"}}, string(data[1000:]))},
		{"no such range", recaptest.Status(416)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ranged := recaptest.Match{Method: "GET", Kind: recaptest.Blob, Func: func(r *http.Request) bool { return r.Header.Get("Range") != "" }}
			for _, breaks := range []int{1, 2} {
				r, src, _ := stored(t, data)
				r.Inject(
					recaptest.Fault{Match: ranged, Times: recaptest.Always, Action: tt.action},
					recaptest.Fault{Match: getBlob, Times: breaks, Action: recaptest.Truncate(1000)},
				)
				got, err := read(t.Context(), src, recaptest.BlobOf(data))
				if breaks == 1 && (err != nil || !bytes.Equal(got, data)) {
					t.Errorf("%d bytes, %v", len(got), err)
				}
				if breaks == 2 {
					recaptest.WantError(t, err, recap.Unavailable, "connection")
				}
			}
		})
	}
}

// What is gone for a moment is asked for once more; what stays away is named.
func TestFetchOfWhatIsGone(t *testing.T) {
	data := pattern(100)
	for _, tt := range []struct{ times, requests int }{{1, 2}, {recaptest.Always, 2}} {
		r, src, _ := stored(t, data)
		r.Inject(recaptest.Fault{Match: getBlob, Times: tt.times, Action: recaptest.Status(404)})
		got, err := read(t.Context(), src, recaptest.BlobOf(data))
		if tt.times == 1 && (err != nil || !bytes.Equal(got, data)) {
			t.Errorf("gone once: %d bytes, %v", len(got), err)
		}
		if tt.times != 1 {
			e := recaptest.WantError(t, err, recap.NotFound, "not-found")
			if !strings.Contains(e.Error(), printable.Digest(recaptest.BlobOf(data).Digest)) || !strings.Contains(e.Error(), "2 attempts") {
				t.Errorf("it isn't said what was not found, and how often: %v", e)
			}
		}
		if n := len(r.Journal()); n != tt.requests {
			t.Errorf("%d requests, want %d", n, tt.requests)
		}
	}
}

// Of unknown length is fine, and so is a shorter stream that is taken up.
func TestFetchChunked(t *testing.T) {
	data := pattern(64 << 10)
	r, src, _ := stored(t, data)
	r.Inject(recaptest.Fault{Match: getBlob, Action: func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		_, _ = w.Write(data[:1000])
		_ = http.NewResponseController(w).Flush()
		_, _ = w.Write(data[1000:2000])
	}})
	if got, err := read(t.Context(), src, recaptest.BlobOf(data)); err != nil || !bytes.Equal(got, data) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	if n := len(r.Journal()); n != 2 {
		t.Errorf("%d requests", n)
	}
}

func TestFetchSeeks(t *testing.T) {
	data := pattern(10_000)
	_, src, _ := stored(t, data)
	rc, err := src.Fetch(t.Context(), recaptest.BlobOf(data))
	if err != nil {
		t.Fatal(err)
	}
	s := rc.(io.ReadSeekCloser)
	for _, tt := range []struct {
		offset int64
		whence int
		want   int64
	}{{0, io.SeekStart, 0}, {100, io.SeekStart, 100}, {-10, io.SeekEnd, 9990}, {0, io.SeekEnd, 10_000}, {-10_000, io.SeekCurrent, 0}} {
		at, err := s.Seek(tt.offset, tt.whence)
		if err != nil || at != tt.want {
			t.Fatalf("Seek: %d, %v", at, err)
		}
		got, err := io.ReadAll(s)
		if err != nil || !bytes.Equal(got, data[at:]) {
			t.Fatalf("after Seek to %d: %d bytes, %v", at, len(got), err)
		}
	}
	if _, err := s.Seek(-1, io.SeekStart); err == nil {
		t.Error("Seek before the start")
	}
	if _, err := s.Seek(10_001, io.SeekStart); err == nil {
		t.Error("Seek behind the end")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Read(make([]byte, 1)); !errors.Is(err, errClosed) {
		t.Errorf("Read after Close: %v", err)
	}
	if _, err := s.Seek(0, io.SeekStart); !errors.Is(err, errClosed) {
		t.Errorf("Seek after Close: %v", err)
	}
}

// From one repository to another of the same registry, with a fault in the
// middle of the second: the source is read again.
func TestCopyBetweenRepositories(t *testing.T) {
	data := pattern(3 << 20)
	r, src, _ := stored(t, data)
	dst := New(src.host, "team/other", true)
	r.Inject(recaptest.Fault{Match: recaptest.Match{Method: "PUT"}, Action: recaptest.Status(503)})
	rc, err := src.Fetch(t.Context(), recaptest.BlobOf(data))
	if err != nil {
		t.Fatal(err)
	}
	defer rc.Close()
	if err := dst.Push(t.Context(), recaptest.BlobOf(data), rc); err != nil {
		t.Fatal(err)
	}
	if got, err := read(t.Context(), dst, recaptest.BlobOf(data)); err != nil || !bytes.Equal(got, data) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

// A peer that falls silent is left, before its answer and in the middle of it.
// The fake clock fires the watchdog once the registry has stalled.
func TestStall(t *testing.T) {
	data := pattern(1 << 20)
	for _, tt := range []struct {
		name  string
		after int64
	}{{"before the answer", -1}, {"in the body", 1000}} {
		t.Run(tt.name, func(t *testing.T) {
			r, src, fake := stored(t, data)
			stalled := make(chan struct{})
			r.Inject(recaptest.Fault{Match: getBlob, Action: func(w http.ResponseWriter, req *http.Request, next http.Handler) {
				close(stalled)
				recaptest.Stall(tt.after)(w, req, next)
			}})
			go func() {
				<-stalled
				for fake.Fire(silence) == 0 { // until the client waits
					runtime.Gosched()
				}
			}()
			if got, err := read(t.Context(), src, recaptest.BlobOf(data)); err != nil || !bytes.Equal(got, data) {
				t.Errorf("%d bytes, %v", len(got), err)
			}
			if n := len(fake.Sleeps()); n != 1 {
				t.Errorf("%d waits, want 1", n)
			}
		})
	}
}

// A registry may think about a manifest for much longer than it may be silent.
func TestNoStallWhileAManifestIsAccepted(t *testing.T) {
	r := recaptest.NewRegistry(t, recaptest.RegistryOptions{})
	dst, fake := create(t, r)
	desc, data := recaptest.ManifestOf(t, "one", nil)
	if err := dst.Push(t.Context(), recaptest.BlobOf([]byte("{}")), strings.NewReader("{}")); err != nil {
		t.Fatal(err)
	}
	r.Reset()
	r.Inject(recaptest.Fault{Match: recaptest.Match{Method: "PUT"}, Action: func(w http.ResponseWriter, req *http.Request, next http.Handler) {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			t.Error(err)
		}
		// The body is here, so the client will soon know that it is sent.
		bound, cancel := context.WithTimeout(req.Context(), time.Minute) // instead of hanging
		defer cancel()
		for fake.Armed(silence) > 0 {
			if bound.Err() != nil {
				t.Error("the time runs while the manifest is thought about")
				break
			}
			runtime.Gosched()
		}
		req.Body = io.NopCloser(bytes.NewReader(body))
		next.ServeHTTP(w, req)
	}})
	if err := dst.Push(t.Context(), desc, bytes.NewReader(data)); err != nil {
		t.Fatal(err)
	}
	if n := len(r.Journal()); n != 1 {
		t.Errorf("%d requests", n)
	}
}

// But not for ever. What was sent is looked for then, and not sent again.
func TestPatienceEnds(t *testing.T) {
	desc, manifest := recaptest.ManifestOf(t, "one", nil)
	for _, tt := range []struct {
		name   string
		desc   ocispec.Descriptor
		data   []byte
		stored bool
		want   map[string]int
	}{
		{"manifest, not stored", desc, manifest, false, map[string]int{"PUT manifest": 1, "HEAD manifest": 1}},
		{"manifest, stored", desc, manifest, true, map[string]int{"PUT manifest": 1, "HEAD manifest": 1}},
		{"blob, not stored", recaptest.BlobOf([]byte("x")), []byte("x"), false, map[string]int{"POST upload": 1, "PUT upload": 1, "HEAD blob": 1}},
		{"blob, stored", recaptest.BlobOf([]byte("x")), []byte("x"), true, map[string]int{"POST upload": 1, "PUT upload": 1, "HEAD blob": 1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := recaptest.NewRegistry(t, recaptest.RegistryOptions{})
			dst, fake := create(t, r)
			if err := dst.Push(t.Context(), recaptest.BlobOf([]byte("{}")), strings.NewReader("{}")); err != nil {
				t.Fatal(err)
			}
			r.Reset()
			r.Inject(recaptest.Fault{Match: recaptest.Match{Method: "PUT"}, Times: recaptest.Always, Action: func(w http.ResponseWriter, req *http.Request, next http.Handler) {
				if tt.stored {
					next.ServeHTTP(httptest.NewRecorder(), req)
				}
				for req.Context().Err() == nil && fake.Fire(transport.MaxPatience) == 0 { // until the client waits
					runtime.Gosched()
				}
				recaptest.Stall(-1)(w, req, next)
			}})
			err := dst.Push(t.Context(), tt.desc, bytes.NewReader(tt.data))
			if tt.stored && err != nil {
				t.Error(err)
			}
			if !tt.stored {
				e := recaptest.WantError(t, err, recap.Unavailable, "stalled")
				if !strings.Contains(e.Error(), "10m") {
					t.Errorf("it isn't said how long it was waited for: %v", e)
				}
			}
			if diff := cmp.Diff(tt.want, r.Counts()); diff != "" {
				t.Error(diff)
			}
		})
	}
}
