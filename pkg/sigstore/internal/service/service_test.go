// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package service_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/sigstore/internal/service"
	"github.com/recap-oci/recap/pkg/sigstore/internal/sigstoretest"
)

// network is a transport that answers with a function.
type network func(*http.Request) (*http.Response, error)

func (n network) RoundTrip(r *http.Request) (*http.Response, error) { return n(r) }

// failing is a network on which nothing gets through.
func failing(err error) network {
	return func(*http.Request) (*http.Response, error) { return nil, err }
}

// says answers with a status and a body.
func says(status int, body io.Reader) network {
	return func(r *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: status, Body: io.NopCloser(body), Header: http.Header{}, Request: r}, nil
	}
}

func asking(addresses ...string) service.Request {
	return service.Request{Service: "the oracle", URLs: addresses, Method: http.MethodPost, Body: []byte("what?"), Header: service.AcceptJSON()}
}

// TestAnswerIsBounded: a mebibyte is read, and no more; a status that is passed is
// passed however much is said.
func TestAnswerIsBounded(t *testing.T) {
	for _, tt := range []struct {
		size, status int
		code         string
	}{
		{1 << 20, 200, ""},
		{1<<20 + 1, 200, "bad-answer"},
		{1 << 20, 409, ""},
		{1<<20 + 1, 409, "bad-answer"},
		{1<<20 + 1, 403, "service-refused"},
	} {
		t.Run(fmt.Sprint(tt.status, " ", tt.size), func(t *testing.T) {
			left := io.LimitReader(endless{}, int64(tt.size)+100) // which nobody reads
			body := &io.LimitedReader{R: left, N: int64(tt.size)}
			r := asking("https://oracle.test")
			r.Pass = []int{409}
			got, err := service.New(service.Options{Transport: says(tt.status, body)}).Ask(t.Context(), r)
			if tt.code == "" {
				if err != nil || len(got.Body) != tt.size || got.Status != tt.status || got.URL != "https://oracle.test" {
					t.Errorf("got %d bytes of status %d from %q, %v", len(got.Body), got.Status, got.URL, err)
				}
				return
			}
			var e *recap.Error
			if !errors.As(err, &e) || e.Code != tt.code || len(got.Body) > 0 {
				t.Errorf("got %d bytes, %v; want %s", len(got.Body), err, tt.code)
			}
			if len(sigstoretest.Text(err)) > 1000 {
				t.Errorf("the error has %d bytes", len(sigstoretest.Text(err)))
			}
		})
	}
}

// endless is x for ever.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

// TestNoAnswer: what is wrong is said, and asked about again as often as that helps.
func TestNoAnswer(t *testing.T) {
	lookup := func(found bool) error {
		return &net.OpError{Op: "dial", Err: &net.DNSError{Err: "no\nsuch host", Name: "oracle.test", IsNotFound: !found, IsTemporary: found}}
	}
	const always = 16 // as often as two minutes allow
	for _, tt := range []struct {
		name    string
		address string
		network network
		kind    recap.Kind
		code    string
		text    string
		asked   int
	}{
		{"no such host", "https://oracle.test", failing(lookup(false)), recap.Unavailable, "dns", `looking up "oracle.test": no such host`, 3},
		{"no name server", "https://oracle.test", failing(lookup(true)), recap.Unavailable, "dns", `looking up "oracle.test"`, always},
		{"another trouble", "https://oracle.test", failing(errors.New("it\nbroke")), recap.Unavailable, "connection", "it broke", always},
		{"half an answer", "https://oracle.test", says(200, iotest.ErrReader(io.ErrUnexpectedEOF)), recap.Unavailable, "connection", "unexpected EOF", always},
		{"no address", "https://oracle.test/%zz?secret", failing(nil), recap.Usage, "bad-service", "makes no sense", 0},
		{"an error in words", "https://oracle.test", says(400, strings.NewReader(`{"error":"invalid","error_description":"not\nlike this"}`)), recap.Denied, "service-refused", "400 Bad Request: not like this", 1},
		{"an error by its name", "https://oracle.test", says(400, strings.NewReader(`{"error":["invalid"]}`)), recap.Denied, "service-refused", "400 Bad Request: [invalid]", 1},
		{"an error in JSON without words", "https://oracle.test", says(400, strings.NewReader(`{"status":"bad"}`)), recap.Denied, "service-refused", "refuses: 400 Bad Request", 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				asked := 0
				caller := service.New(service.Options{Transport: network(func(r *http.Request) (*http.Response, error) {
					asked++
					return tt.network(r)
				})})
				_, err := caller.Ask(t.Context(), asking(tt.address))
				sigstoretest.WantError(t, err, tt.kind, tt.code, tt.text)
				if strings.Contains(sigstoretest.Text(err), "secret") {
					t.Errorf("a secret is in the error %q", err)
				}
				if tt.asked == always && asked < 8 || tt.asked != always && asked != tt.asked {
					t.Errorf("asked %d times, want %d", asked, tt.asked)
				}
			})
		})
	}
}

// TestBudgetIsShared: what one question lost the next one lacks, whoever asks; and
// what is awaited no longer is said to nobody.
func TestBudgetIsShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var notices []service.Notice
		caller := service.New(service.Options{
			Transport: failing(errors.New("no")), Budget: 3 * time.Second,
			OnNotice: func(n service.Notice) { notices = append(notices, n) },
		})
		start := caller.Now()
		_, err := caller.Ask(t.Context(), asking("https://one.test", "https://two.test"))
		sigstoretest.WantError(t, err, recap.Unavailable, "connection", service.LaterHint)
		lost := caller.Now().Sub(start)
		want := []service.Notice{
			{Service: "the oracle", Address: "https://one.test", Reason: "no", Attempt: 1, Again: true, Left: 3 * time.Second},
			{Service: "the oracle", Address: "https://two.test", Reason: "no", Attempt: 2, Again: true, Wait: 500 * time.Millisecond, Left: 3 * time.Second},
			{Service: "the oracle", Address: "https://one.test", Reason: "no", Attempt: 3, Again: true, Wait: time.Second, Left: 2500 * time.Millisecond},
		}
		if diff := cmp.Diff(want, notices); diff != "" || lost != 1500*time.Millisecond {
			t.Errorf("lost %s (-want +got):\n%s", lost, diff)
		}
		notices = nil
		if _, err := caller.Ask(t.Context(), asking("https://three.test")); !errors.Is(err, recap.Unavailable) {
			t.Errorf("got %v", err)
		}
		// Half a second and then one are more than a second and a half is left for.
		if lost := caller.Now().Sub(start); lost != 2*time.Second || len(notices) != 1 {
			t.Errorf("lost %s, after %+v", lost, notices)
		}
	})
}

// TestCancelled: who goes away is told why, not what the service did.
func TestCancelled(t *testing.T) {
	enough := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	_, err := service.New(service.Options{Transport: network(func(*http.Request) (*http.Response, error) {
		cancel(enough)
		return nil, errors.New("no")
	})}).Ask(ctx, asking("https://user:pass@oracle.test/?token=secret"))
	if !errors.Is(err, enough) || err.Error() != "asking the oracle at https://oracle.test/: enough" {
		t.Errorf("got %v", err)
	}
}

func TestNotice(t *testing.T) {
	n := service.Notice{Service: "the oracle", Address: "https://oracle.test", Reason: "busy", Left: 90*time.Second + 400*time.Millisecond}
	again, another := n, n
	again.Again, again.Wait, another.Again = true, 1234*time.Millisecond, true
	for want, n := range map[string]service.Notice{
		"waiting for the oracle at https://oracle.test: busy":                              n,
		"the oracle at https://oracle.test: busy; asking again in 1.2s, for 1m30s at most": again,
		"the oracle at https://oracle.test: busy; asking another":                          another,
	} {
		if got := n.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// TestConfidential: a secret goes to nobody but by TLS, or within the machine.
func TestConfidential(t *testing.T) {
	for address, code := range map[string]string{
		"https://oracle.test":             "",
		"https://oracle.test:8443/a?b":    "",
		"HTTPS://oracle.test":             "",
		"http://localhost:8080":           "",
		"http://127.0.0.1":                "",
		"http://127.255.255.254:1":        "",
		"http://[::1]:80/":                "",
		"http://oracle.test":              "insecure-service",
		"http://localhost.oracle.test":    "insecure-service",
		"http://127.0.0.1.oracle.test":    "insecure-service",
		"http://128.0.0.1":                "insecure-service",
		"http://0.0.0.0":                  "insecure-service",
		"http://localhost@oracle.test":    "insecure-service",
		"http://oracle.test#@localhost":   "insecure-service",
		"ftp://localhost":                 "insecure-service",
		"//oracle.test":                   "insecure-service",
		"oracle.test":                     "bad-service",
		"https:///path":                   "bad-service",
		"https:oracle.test":               "bad-service",
		"":                                "bad-service",
		"https://oracle.test:port":        "bad-service",
		"https://user:secret@oracle test": "bad-service",
	} {
		err := service.Confidential("the oracle", address)
		if code == "" {
			if err != nil {
				t.Errorf("%q: got %v", address, err)
			}
			continue
		}
		sigstoretest.WantError(t, err, recap.Usage, code, "the oracle")
	}
}

// TestPlainAddress: what may be secret in an address isn't shown.
func TestPlainAddress(t *testing.T) {
	const none = "(an address that makes no sense)"
	for address, want := range map[string]string{
		"https://oracle.test/a/b":                               "https://oracle.test/a/b",
		"https://user:secret@oracle.test:1/a?key=secret#secret": "https://oracle.test:1/a",
		"https://secret@oracle.test":                            "https://oracle.test",
		"/elsewhere?secret":                                     "/elsewhere",
		"":                                                      "",
		"https://user:secret@oracle.test:port":                  none,
		"https:user:secret@oracle.test":                         none,
		"user:secret@oracle.test":                               none,
	} {
		if got := service.PlainAddress(address); got != want {
			t.Errorf("PlainAddress(%q) = %q, want %q", address, got, want)
		}
	}
}
