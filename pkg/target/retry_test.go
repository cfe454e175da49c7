// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package target

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/recaptest"
	"github.com/recap-oci/recap/pkg/target/internal/host"
)

// Waits are in seconds: with a fake clock, chance is always one half.
func TestRetry(t *testing.T) {
	backoff := []float64{0.375, 0.625, 1.125, 2.125}
	for _, tt := range []struct {
		name      string
		action    recaptest.Action
		times     int
		wantErr   recap.Kind // empty: it succeeds
		code      string
		requests  int
		wantWaits []float64
	}{
		{name: "408 once", action: recaptest.Status(408), times: 1, requests: 2, wantWaits: backoff[:1]},
		{name: "429 once", action: recaptest.Status(429), times: 1, requests: 2, wantWaits: backoff[:1]},
		{name: "500 once", action: recaptest.Status(500), times: 1, requests: 2, wantWaits: backoff[:1]},
		{name: "502 twice", action: recaptest.Status(502), times: 2, requests: 3, wantWaits: backoff[:2]},
		{name: "503 four times", action: recaptest.Status(503), times: 4, requests: 5, wantWaits: backoff},
		{name: "504 for ever", action: recaptest.Status(504), times: recaptest.Always, wantErr: recap.Unavailable, code: "registry-unavailable", requests: 5, wantWaits: backoff},
		{name: "429 for ever", action: recaptest.Status(429), times: recaptest.Always, wantErr: recap.Unavailable, code: "rate-limited", requests: 5, wantWaits: backoff},
		{name: "reset", action: recaptest.Reset(), times: 1, requests: 2, wantWaits: backoff[:1]},
		{name: "closed", action: recaptest.Drop(), times: 4, requests: 5, wantWaits: backoff},
		{name: "closed for ever", action: recaptest.Drop(), times: recaptest.Always, wantErr: recap.Unavailable, code: "connection", requests: 5, wantWaits: backoff},
		{name: "cut short", action: recaptest.Truncate(10), times: 2, requests: 3, wantWaits: backoff[:2]},

		{name: "wait 7 seconds", action: recaptest.RetryAfter(429, "7"), times: 1, requests: 2, wantWaits: []float64{7}},
		{name: "wait 60 seconds", action: recaptest.RetryAfter(503, "60"), times: 1, requests: 2, wantWaits: []float64{60}},
		{name: "wait until a date", action: withDate("Sun, 01 Nov 2026 12:00:09 GMT"), times: 1, requests: 2, wantWaits: []float64{9}},
		{name: "wait until a past date", action: withDate("Sun, 01 Nov 2020 12:00:00 GMT"), times: 1, requests: 2, wantWaits: backoff[:1]},
		{name: "wait 0 seconds", action: recaptest.RetryAfter(429, "0"), times: 1, requests: 2, wantWaits: backoff[:1]},
		{name: "wait nonsense", action: recaptest.RetryAfter(429, "-5 apples"), times: 1, requests: 2, wantWaits: backoff[:1]},
		{name: "wait 61 seconds", action: recaptest.RetryAfter(429, "61"), times: 1, wantErr: recap.Unavailable, code: "retry-later", requests: 1},
		{name: "wait an hour", action: recaptest.RetryAfter(503, "3600"), times: 1, wantErr: recap.Unavailable, code: "retry-later", requests: 1},
		{name: "wait a minute each time", action: recaptest.RetryAfter(429, "60"), times: recaptest.Always, wantErr: recap.Unavailable, code: "rate-limited", requests: 3, wantWaits: []float64{60, 60}},

		{name: "400", action: recaptest.Status(400), times: 1, wantErr: recap.Integrity, code: "registry-refuses", requests: 1},
		{name: "405", action: recaptest.Status(405), times: 1, wantErr: recap.Integrity, code: "registry-refuses", requests: 1},
		{name: "413", action: recaptest.Status(413), times: 1, wantErr: recap.Unsafe, code: "registry-limit", requests: 1},
		{name: "422", action: recaptest.Status(422), times: 1, wantErr: recap.Integrity, code: "registry-refuses", requests: 1},
		{name: "501", action: recaptest.Status(501), times: 1, wantErr: recap.Unavailable, code: "unexpected-answer", requests: 1},
		{name: "505", action: recaptest.Status(505), times: 1, wantErr: recap.Unavailable, code: "unexpected-answer", requests: 1},
		{name: "204", action: recaptest.Status(204), times: 1, wantErr: recap.Unavailable, code: "unexpected-answer", requests: 1},
		{name: "304", action: recaptest.Status(304), times: 1, wantErr: recap.Unavailable, code: "unexpected-answer", requests: 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := recaptest.NewRegistry(t, recaptest.RegistryOptions{})
			var told notices
			c, fake := newTestClient(t, Options{OnNotice: told.add})
			src, err := c.Create(t.Context(), Reference{Host: r.Host(), Repository: "team/recaps"})
			if err != nil {
				t.Fatal(err)
			}
			desc, data := recaptest.ManifestOf(t, "one", nil)
			pushAll(t, src, desc, data)
			c.Close() // net/http itself repeats what a kept connection fails at
			r.Reset()
			r.Inject(recaptest.Fault{Times: tt.times, Action: tt.action})
			got, err := read(t.Context(), src, desc)
			if tt.wantErr == "" {
				if err != nil || !bytes.Equal(got, data) {
					t.Errorf("got %d bytes, %v", len(got), err)
				}
			} else {
				recaptest.WantError(t, err, tt.wantErr, tt.code)
				if !strings.Contains(err.Error(), r.Host()) {
					t.Errorf("the host is not named: %v", err)
				}
			}
			if n := len(r.Journal()); n != tt.requests {
				t.Errorf("%d requests, want %d", n, tt.requests)
			}
			if diff := cmp.Diff(tt.wantWaits, fake.Seconds()); diff != "" {
				t.Errorf("waits (-want +got)\n%s", diff)
			}
			if n := len(told.texts(NoticeRetry)); n != len(tt.wantWaits) {
				t.Errorf("%d notices for %d waits", n, len(tt.wantWaits))
			}
		})
	}
}

// withDate answers 429 at noon of the fake clock's day.
func withDate(until string) recaptest.Action {
	return recaptest.Respond(429, http.Header{"Retry-After": {until}, "Date": {"Sun, 01 Nov 2026 12:00:00 GMT"}}, "")
}

// Everything that pushes survives a connection that breaks at any request.
func TestPushSurvivesEachRequest(t *testing.T) {
	layer := bytes.Repeat([]byte("x"), 10<<10)
	desc, data := recaptest.ManifestOf(t, "one", nil, recaptest.BlobOf(layer))
	for name, action := range map[string]recaptest.Action{
		"drop": recaptest.Drop(), "reset": recaptest.Reset(), "lost answer": recaptest.LoseAnswer(),
		"500": recaptest.Status(500), "503": recaptest.Status(503),
	} {
		for nth := 1; ; nth++ {
			r := recaptest.NewRegistry(t, recaptest.RegistryOptions{})
			dst, _ := create(t, r, Options{})
			r.Inject(recaptest.Fault{Nth: nth, Action: action})
			if err := dst.Push(t.Context(), recaptest.BlobOf(layer), bytes.NewReader(layer)); err != nil {
				t.Fatalf("%s at request %d: %v", name, nth, err)
			}
			pushAll(t, dst, desc, data)
			if err := dst.Tag(t.Context(), desc, "v1"); err != nil {
				t.Fatalf("%s at request %d: %v", name, nth, err)
			}
			if err := dst.Untag(t.Context(), "v1"); err != nil {
				t.Fatalf("%s at request %d: %v", name, nth, err)
			}
			if err := dst.Delete(t.Context(), desc); err != nil {
				t.Fatalf("%s at request %d: %v", name, nth, err)
			}
			if r.Faulted() == 0 {
				if nth < 8 {
					t.Fatalf("only %d requests were disturbed", nth-1)
				}
				break
			}
		}
	}
}

// When the answer to a manifest's PUT is lost, the registry is asked what it
// has before it is sent again.
func TestLostAnswerIsNotSentAgain(t *testing.T) {
	r := recaptest.NewRegistry(t, recaptest.RegistryOptions{})
	dst, _ := create(t, r, Options{})
	desc, data := recaptest.ManifestOf(t, "one", nil)
	pushAll(t, dst, desc, data)
	r.Reset()
	r.Inject(recaptest.Fault{Match: recaptest.Match{Method: "PUT"}, Action: recaptest.LoseAnswer()})
	if err := dst.Tag(t.Context(), desc, "v1"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]int{"PUT manifest": 1, "HEAD manifest": 1}, r.Counts()); diff != "" {
		t.Error(diff)
	}
}

// A large content that can't be read twice is not sent twice, nor as if it
// were whole.
func TestStreamGetsOneChance(t *testing.T) {
	r := recaptest.NewRegistry(t, recaptest.RegistryOptions{})
	dst, _ := create(t, r, Options{})
	r.Inject(recaptest.Fault{Match: recaptest.Match{Method: "PUT"}, Action: recaptest.Status(503)})
	data := bytes.Repeat([]byte("x"), host.MaxHeld+1)
	err := dst.Push(t.Context(), recaptest.BlobOf(data), stream{bytes.NewReader(data)})
	recaptest.WantError(t, err, recap.Unavailable, "registry-unavailable")
	if n := r.Count(recaptest.Upload, "PUT"); n != 1 {
		t.Errorf("%d uploads", n)
	}
	if err := dst.Push(t.Context(), recaptest.BlobOf(data[1:]), stream{bytes.NewReader(data[1:])}); err != nil {
		t.Errorf("without a fault: %v", err)
	}
}

// Content is replayed from where it stood when it was handed over.
func TestReplayFromWhereItStood(t *testing.T) {
	r := recaptest.NewRegistry(t, recaptest.RegistryOptions{})
	dst, _ := create(t, r, Options{})
	r.Inject(recaptest.Fault{Match: recaptest.Match{Method: "PUT"}, Action: recaptest.Status(503)})
	content := bytes.NewReader([]byte("skipped:hello"))
	if _, err := content.Seek(8, 0); err != nil {
		t.Fatal(err)
	}
	if err := dst.Push(t.Context(), recaptest.BlobOf([]byte("hello")), content); err != nil {
		t.Fatal(err)
	}
}

// A pause that one request was told is kept by all.
func TestPauseIsShared(t *testing.T) {
	r := recaptest.NewRegistry(t, recaptest.RegistryOptions{})
	c, fake := newTestClient(t, Options{})
	exists := func(repository string) error {
		src, err := c.Open(t.Context(), Reference{Host: r.Host(), Repository: repository})
		if err != nil {
			t.Fatal(err)
		}
		_, err = src.Exists(t.Context(), recaptest.BlobOf(nil))
		return err
	}
	// The first gives up when the registry asks it to wait once more.
	r.Inject(recaptest.Fault{Times: 3, Action: recaptest.RetryAfter(429, "50")})
	recaptest.WantError(t, exists("team/recaps"), recap.Unavailable, "rate-limited")
	if diff := cmp.Diff([]float64{50, 50}, fake.Seconds()); diff != "" {
		t.Error(diff)
	}
	if err := exists("team/other"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]float64{50, 50, 50}, fake.Seconds()); diff != "" {
		t.Error(diff)
	}
}

func TestNobodyListens(t *testing.T) {
	c, fake := newTestClient(t, Options{})
	src, err := c.Open(t.Context(), Reference{Host: "127.0.0.1:1", Repository: "a"})
	if err != nil {
		t.Fatal(err)
	}
	_, err = src.Exists(t.Context(), recaptest.BlobOf(nil))
	recaptest.WantError(t, err, recap.Unavailable, "unreachable")
	if known, ok := errors.AsType[*recap.Error](err); !ok || !strings.Contains(known.Hint, "that the registry runs") {
		t.Errorf("%v is not said what to do about", err)
	}
	if n := len(fake.Sleeps()); n != 2 {
		t.Errorf("%d waits, want 2", n)
	}
}

// A caller who gives up gets his own reason back, at once.
func TestCancel(t *testing.T) {
	r := recaptest.NewRegistry(t, recaptest.RegistryOptions{})
	src, fake := create(t, r, Options{})
	ctx, cancel := context.WithCancel(t.Context())
	r.Inject(recaptest.Fault{Action: func(http.ResponseWriter, *http.Request, http.Handler) {
		cancel()
		panic(http.ErrAbortHandler)
	}})
	_, err := src.Exists(ctx, recaptest.BlobOf(nil))
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	var e *recap.Error
	if errors.As(err, &e) {
		t.Errorf("a caller's own end is classed %s", e.Kind)
	}
	if len(r.Journal()) != 1 || len(fake.Sleeps()) != 0 {
		t.Errorf("%d requests, slept %v", len(r.Journal()), fake.Sleeps())
	}
}

// What a registry says is printed escaped and bounded.
func TestErrorsAreClean(t *testing.T) {
	for name, body := range map[string]string{
		"escape":    `{"errors":[{"code":"X\u001b[2J","message":"\u202etxt\u0007"}]}`,
		"long":      `{"errors":[{"code":"X","message":"` + strings.Repeat("a", 5000) + `"}]}`,
		"many":      `{"errors":[` + strings.Repeat(`{"code":"X","message":"y"},`, 200) + `{"code":"Z"}]}`,
		"newline":   `{"errors":[{"code":"X","message":"a\nerror[ok]: all is well"}]}`,
		"not JSON":  "\x1b]52;c;AAAA\x07",
		"too large": `{"errors":[{"code":"X","message":"` + strings.Repeat("a", recap.MaxErrorBody) + `"}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			r := recaptest.NewRegistry(t, recaptest.RegistryOptions{})
			src, _ := create(t, r, Options{})
			r.Inject(recaptest.Fault{Times: recaptest.Always, Action: recaptest.Respond(400, http.Header{"Content-Type": {"text/plain"}}, body)})
			_, _, err := src.FetchReference(t.Context(), "v1")
			recaptest.WantError(t, err, recap.Integrity, "registry-refuses")
			if len(err.Error()) > 1000 {
				t.Errorf("%d bytes", len(err.Error()))
			}
			for _, c := range err.Error() {
				if !printableRune(c) {
					t.Fatalf("%U is printed: %q", c, err)
				}
			}
		})
	}
}

func TestWarnings(t *testing.T) {
	r := recaptest.NewRegistry(t, recaptest.RegistryOptions{})
	var told notices
	src, _ := create(t, r, Options{OnNotice: told.add})
	n := 0
	r.Inject(recaptest.Fault{Times: recaptest.Always, Action: func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		n++
		w.Header().Add("Warning", `299 - "the same \"each\" time`+"\u202e"+`"`)
		w.Header().Add("Warning", `299 - "number `+strings.Repeat("i", n)+`"`)
		w.Header().Add("Warning", `110 - "stale"`)
		w.WriteHeader(404)
	}})
	for range 20 {
		if _, err := src.Exists(t.Context(), recaptest.BlobOf(nil)); err != nil {
			t.Fatal(err)
		}
	}
	got := told.texts(NoticeWarning)
	if len(got) != 10 {
		t.Errorf("%d warnings, want %d", len(got), 10)
	}
	if want := `the same "each" time\u202e`; got[0] != want {
		t.Errorf("got %q, want %q", got[0], want)
	}
}

// TestVerbose tells of each answer, of refusals too, and by whom a redirect was
// answered without the address that lets in who has it; and nothing unasked.
func TestVerbose(t *testing.T) {
	r := recaptest.NewRegistry(t, recaptest.RegistryOptions{NoReferrers: true})
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("{}")) }))
	defer elsewhere.Close()
	for _, verbose := range []bool{true, false} {
		var told notices
		src, _ := create(t, r, Options{OnNotice: told.add, Verbose: verbose})
		if err := src.Push(t.Context(), ocispec.DescriptorEmptyJSON, strings.NewReader("{}")); err != nil {
			t.Fatal(err)
		}
		if _, err := src.Exists(t.Context(), recaptest.BlobOf([]byte("not there"))); err != nil {
			t.Fatal(err)
		}
		if _, err := src.Predecessors(t.Context(), recaptest.BlobOf([]byte("a subject"))); err != nil {
			t.Fatal(err)
		}
		r.Inject(recaptest.Fault{Match: recaptest.Match{Method: "GET", Kind: recaptest.Blob}, Action: func(w http.ResponseWriter, req *http.Request, _ http.Handler) {
			http.Redirect(w, req, elsewhere.URL+"/secret?signature=secret", http.StatusTemporaryRedirect)
		}})
		rc, err := src.Fetch(t.Context(), ocispec.DescriptorEmptyJSON)
		if err != nil {
			t.Fatal(err)
		}
		_ = rc.Close()
		got := strings.Join(told.texts(NoticeDetail), "\n")
		if !verbose {
			if got != "" {
				t.Errorf("told without being asked: %s", got)
			}
			continue
		}
		for _, want := range []string{
			": POST answered 202 Accepted after ", ": PUT answered 201 Created after ", ": HEAD answered 404 Not Found after ",
			": GET answered 404 Not Found after ", " has no referrers API; what refers to sha256:",
			": GET answered 200 OK by " + strings.TrimPrefix(elsewhere.URL, "http://") + " after ",
		} {
			if !strings.Contains(got, want) {
				t.Errorf("nothing says %q:\n%s", want, got)
			}
		}
		if strings.Contains(got, "secret") {
			t.Errorf("the address of a redirect is told:\n%s", got)
		}
	}
}
