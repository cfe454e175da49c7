// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package target

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/recaptest"
)

// sink is a server that must not be told anything. It notes what it was.
type sink struct {
	*httptest.Server
	answer http.HandlerFunc

	mu   sync.Mutex
	seen []*http.Request
	body []string
}

func newSink(t *testing.T, cert *tls.Certificate, answer http.HandlerFunc) *sink {
	s := &sink{answer: answer}
	s.Server = httptest.NewUnstartedServer(s)
	if cert != nil {
		s.TLS = &tls.Config{Certificates: []tls.Certificate{*cert}}
		s.StartTLS()
	} else {
		s.Start()
	}
	t.Cleanup(s.Close)
	return s
}

func (s *sink) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	s.seen = append(s.seen, r)
	s.body = append(s.body, string(body))
	s.mu.Unlock()
	if s.answer != nil {
		s.answer(w, r)
	}
}

// check fails the test when the sink was told a secret or sent a body.
func (s *sink) check(t *testing.T) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, r := range s.seen {
		for key := range r.Header {
			switch key {
			case "Accept", "Range", "User-Agent", "Accept-Encoding":
			default:
				t.Errorf("%s %s carries %s: %s", r.Method, r.URL, key, r.Header.Get(key))
			}
		}
		if s.body[i] != "" {
			t.Errorf("%s %s carries a body of %d bytes", r.Method, r.URL, len(s.body[i]))
		}
	}
}

func (s *sink) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.seen)
}

// Readers of blobs are sent to other hosts all the time. Nothing but the wish
// for the blob goes along, and nothing but reading is sent elsewhere.
func TestRedirects(t *testing.T) {
	blob := []byte("hello, world")
	manifest, manifestData := recaptest.ManifestOf(t, "one", nil, recaptest.BlobOf(blob))
	ca := recaptest.NewCA(t)
	cert := ca.Issue(t, recaptest.Leaf{IPs: []net.IP{net.IPv4(127, 0, 0, 1)}})
	operations := map[string]struct {
		kind, method string
		follow       bool
		do           func(*Target) error
	}{
		"fetch a blob": {string(recaptest.Blob), "GET", true, func(dst *Target) error {
			got, err := read(t.Context(), dst, recaptest.BlobOf(blob))
			if err == nil && !bytes.Equal(got, blob) {
				return fmt.Errorf("got %q", got)
			}
			return err
		}},
		"look for a blob": {string(recaptest.Blob), "HEAD", true, func(dst *Target) error {
			_, err := dst.Exists(t.Context(), recaptest.BlobOf(blob))
			return err
		}},
		"open an upload": {string(recaptest.Upload), "POST", false, func(dst *Target) error {
			return dst.Push(t.Context(), recaptest.BlobOf(blob), bytes.NewReader(blob))
		}},
		"send a blob": {string(recaptest.Upload), "PUT", false, func(dst *Target) error {
			return dst.Push(t.Context(), recaptest.BlobOf(blob), bytes.NewReader(blob))
		}},
		"send a manifest": {string(recaptest.Manifest), "PUT", false, func(dst *Target) error {
			return dst.Push(t.Context(), manifest, bytes.NewReader(manifestData))
		}},
		"delete": {string(recaptest.Manifest), "DELETE", false, func(dst *Target) error {
			return dst.Untag(t.Context(), "v1")
		}},
	}
	for _, secure := range []bool{false, true} {
		for _, status := range []int{301, 302, 303, 307, 308} {
			for name, op := range operations {
				for _, to := range []string{"other port", "http", "back to the origin"} {
					t.Run(fmt.Sprintf("%s/%d/tls %v/%s", name, status, secure, to), func(t *testing.T) {
						opts := recaptest.RegistryOptions{TLS: secure, Username: "ann", Password: "secret"}
						r := recaptest.NewRegistry(t, opts)
						serve := func(w http.ResponseWriter, _ *http.Request) {
							w.Header().Set("Content-Length", fmt.Sprint(len(blob)))
							_, _ = w.Write(blob)
						}
						var s *sink
						switch to {
						case "back to the origin":
							s = newSink(t, certIf(secure, &cert), func(w http.ResponseWriter, req *http.Request) {
								http.Redirect(w, req, r.URL()+req.URL.Path, http.StatusTemporaryRedirect)
							})
						case "http":
							s = newSink(t, nil, serve)
						default:
							s = newSink(t, certIf(secure, &cert), serve)
						}
						c, _ := newTestClient(t, Options{Username: "ann", Password: "secret", CAFile: trustBoth(t, r, ca)})
						if !secure {
							c, _ = newTestClient(t, Options{Username: "ann", Password: "secret"})
						}
						dst, err := c.Create(t.Context(), Reference{Host: r.Host(), Repository: "team/recaps"})
						if err != nil {
							t.Fatal(err)
						}
						r.Inject(recaptest.Fault{
							Match: recaptest.Match{Method: op.method, Kind: recaptest.Kind(op.kind), Func: func(r *http.Request) bool { return r.Header.Get("Authorization") != "" }},
							Times: recaptest.Always,
							Action: func(w http.ResponseWriter, req *http.Request, next http.Handler) {
								recaptest.Redirect(status, s.URL+req.URL.Path)(w, req, next)
							},
						})
						err = op.do(dst)
						s.check(t)
						switch {
						case !op.follow, secure && to == "http":
							recaptest.WantError(t, err, recap.Unavailable, "redirect-refused")
							if s.count() != 0 {
								t.Errorf("the other host was asked %d times", s.count())
							}
						case to == "back to the origin":
							// Credentials that were left behind stay behind.
							if err == nil {
								t.Error("it succeeded without credentials")
							}
							journal := r.Journal()
							if last := journal[len(journal)-1]; last.Authorized {
								t.Error("the credentials came back")
							}
						case err != nil:
							t.Error(err)
						case s.count() != 1:
							t.Errorf("the other host was asked %d times", s.count())
						}
					})
				}
			}
		}
	}
}

func certIf(use bool, cert *tls.Certificate) *tls.Certificate {
	if use {
		return cert
	}
	return nil
}

// trustBoth returns a file with both authorities; empty when r has none.
func trustBoth(t *testing.T, r *recaptest.Registry, ca *recaptest.CA) string {
	if r.CAFile() == "" {
		return ""
	}
	return concat(t, r.CAFile(), ca.File)
}

func TestRedirectLoop(t *testing.T) {
	r := recaptest.NewRegistry(t, recaptest.RegistryOptions{})
	src, _ := create(t, r, Options{})
	r.Inject(recaptest.Fault{Times: recaptest.Always, Action: recaptest.Redirect(307, "/v2/again")})
	_, err := src.Fetch(t.Context(), recaptest.BlobOf(nil))
	recaptest.WantError(t, err, recap.Unavailable, "redirect-loop")
	if n := len(r.Journal()); n != 5+1 {
		t.Errorf("%d requests, want %d", n, 5+1)
	}
}

func TestRedirectsThatAreNotFollowed(t *testing.T) {
	for _, to := range []string{
		"http://169.254.169.254/latest/meta-data", "http://100.100.100.200/", "http://[fd00:ec2::254]/", "http://0.0.0.0/",
		"ftp://example.com/x", "file:///etc/passwd", "http://ann:secret@example.com/", "gopher://x/", "https:///x", "http:///v2/",
	} {
		r := recaptest.NewRegistry(t, recaptest.RegistryOptions{})
		src, fake := create(t, r, Options{})
		r.Inject(recaptest.Fault{Times: recaptest.Always, Action: recaptest.Redirect(307, to)})
		_, err := src.Fetch(t.Context(), recaptest.BlobOf(nil))
		recaptest.WantError(t, err, recap.Unavailable, "redirect-refused")
		if strings.Contains(err.Error(), "secret") {
			t.Errorf("%v", err)
		}
		if len(r.Journal()) != 1 || len(fake.Sleeps()) != 0 {
			t.Errorf("%s: %d requests", to, len(r.Journal()))
		}
	}
}

// The bytes of an upload go to the registry's own host or nowhere.
func TestUploadLocation(t *testing.T) {
	for _, secure := range []bool{false, true} {
		r := recaptest.NewRegistry(t, recaptest.RegistryOptions{TLS: secure, Username: "ann", Password: "secret"})
		s := newSink(t, nil, nil)
		_, port, err := net.SplitHostPort(r.Host())
		if err != nil {
			t.Fatal(err)
		}
		scheme, other := "http", "https"
		if secure {
			scheme, other = other, scheme
		}
		for _, tt := range []struct {
			location string
			ok       bool
		}{
			{s.URL + "/upload", false},
			{strings.Replace(s.URL, "http:", "https:", 1) + "/upload", false},
			{"//" + strings.TrimPrefix(s.URL, "http://") + "/upload", false},
			{scheme + "://localhost:" + port + "/upload", false},
			{scheme + "://ann:secret@" + r.Host() + "/upload", false},
			{other + "://" + r.Host() + "/upload", false},
			{"ftp://" + r.Host() + "/upload", false},
			{"http://[::1", false},
			{"", false},
			{"/v2/team/recaps/blobs/uploads/x?state=1", true},
			{"x?state=1", true},
			{scheme + "://" + r.Host() + "/elsewhere?state=1", true},
			{scheme + "://127.0.0.1/elsewhere?state=1", true}, // the port left out
		} {
			t.Run(tt.location, func(t *testing.T) {
				dst, _ := create(t, r, Options{Username: "ann", Password: "secret"})
				r.Reset()
				put := false
				r.Inject(
					recaptest.Fault{
						Match:  recaptest.Match{Method: "POST", Func: authorized},
						Action: recaptest.Respond(202, http.Header{"Location": {tt.location}}, ""),
					},
					recaptest.Fault{Match: recaptest.Match{Method: "PUT"}, Action: func(w http.ResponseWriter, req *http.Request, _ http.Handler) {
						put = req.URL.Query().Get("state") == "1" && req.URL.Query().Get("digest") != ""
						w.WriteHeader(201)
					}},
				)
				err := dst.Push(t.Context(), recaptest.BlobOf([]byte("hello")), strings.NewReader("hello"))
				if tt.ok {
					if err != nil || !put {
						t.Errorf("%v; sent: %v", err, put)
					}
				} else {
					recaptest.WantError(t, err, recap.Unavailable, "upload-location-rejected")
					if put {
						t.Error("the bytes were sent")
					}
				}
				if s.count() != 0 {
					t.Error("another host was asked")
				}
			})
		}
	}
}

func authorized(r *http.Request) bool { return r.Header.Get("Authorization") != "" }
