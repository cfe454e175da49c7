// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package target

import (
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/recaptest"
)

func TestCAFile(t *testing.T) {
	r := recaptest.NewRegistry(t, recaptest.RegistryOptions{TLS: true})
	if err := exists(t, r, Options{CAFile: r.CAFile()}); err != nil {
		t.Error(err)
	}
	no := false
	unknown, fake := newTestClient(t, Options{PlainHTTP: &no})
	src, err := unknown.Open(t.Context(), Reference{Host: r.Host(), Repository: "a"})
	if err != nil {
		t.Fatal(err)
	}
	_, err = src.Exists(t.Context(), recaptest.BlobOf(nil))
	e := recaptest.WantError(t, err, recap.Unavailable, "tls")
	for _, part := range []string{"recaptest registry", "recaptest CA", "valid until"} {
		if !strings.Contains(e.Error(), part) {
			t.Errorf("%q is not in: %v", part, e)
		}
	}
	if !strings.Contains(e.Hint, "--ca-file") || strings.Contains(e.Hint, "insecure") {
		t.Errorf("hint %q", e.Hint)
	}
	if len(fake.Sleeps()) != 0 {
		t.Error("it was tried again")
	}
	insecure, _ := newTestClient(t, Options{PlainHTTP: &no, InsecureUnsafe: true})
	if src, err = insecure.Open(t.Context(), Reference{Host: r.Host(), Repository: "a"}); err != nil {
		t.Fatal(err)
	}
	if _, err := src.Exists(t.Context(), recaptest.BlobOf(nil)); err != nil {
		t.Error(err)
	}
}

func TestCertificates(t *testing.T) {
	ca := recaptest.NewCA(t)
	local := []net.IP{net.IPv4(127, 0, 0, 1)}
	for _, tt := range []struct {
		name string
		leaf recaptest.Leaf
		says []string
		hint string
	}{
		{"expired", recaptest.Leaf{IPs: local, NotBefore: time.Now().Add(-48 * time.Hour), Expiry: time.Now().Add(-24 * time.Hour)}, []string{"expired", "valid until 20"}, "your clock says"},
		{"not yet", recaptest.Leaf{IPs: local, NotBefore: time.Now().Add(12 * time.Hour)}, []string{"not valid yet"}, "your clock says"},
		{"another host's", recaptest.Leaf{Names: []string{"other.example"}, IPs: []net.IP{net.IPv4(10, 0, 0, 1)}}, []string{"other.example", "10.0.0.1"}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := httptest.NewUnstartedServer(http.NotFoundHandler())
			s.Config.ErrorLog = log.New(io.Discard, "", 0)
			s.TLS = &tls.Config{Certificates: []tls.Certificate{ca.Issue(t, tt.leaf)}}
			s.StartTLS()
			defer s.Close()
			c, fake := newTestClient(t, Options{CAFile: ca.File})
			src, err := c.Open(t.Context(), Reference{Host: strings.TrimPrefix(s.URL, "https://"), Repository: "a"})
			if err != nil {
				t.Fatal(err)
			}
			_, err = src.Exists(t.Context(), recaptest.BlobOf(nil))
			e := recaptest.WantError(t, err, recap.Unavailable, "tls")
			for _, part := range tt.says {
				if !strings.Contains(e.Error(), part) {
					t.Errorf("%q is not in: %v", part, e)
				}
			}
			if !strings.Contains(e.Hint, tt.hint) || len(fake.Sleeps()) != 0 {
				t.Errorf("hint %q, slept %v", e.Hint, fake.Sleeps())
			}
		})
	}
}

// TLS to a host without, and the other way round: each says what to type.
func TestTLSMismatch(t *testing.T) {
	no, yes := false, true
	plain := recaptest.NewRegistry(t, recaptest.RegistryOptions{})
	e := recaptest.WantError(t, exists(t, plain, Options{PlainHTTP: &no}), recap.Unavailable, "tls")
	if !strings.Contains(e.Hint, "--plain-http") {
		t.Errorf("hint %q", e.Hint)
	}
	secure := recaptest.NewRegistry(t, recaptest.RegistryOptions{TLS: true})
	src, fake := newTestClient(t, Options{PlainHTTP: &yes})
	dst, err := src.Open(t.Context(), Reference{Host: secure.Host(), Repository: "a"})
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = dst.FetchReference(t.Context(), "v1")
	e = recaptest.WantError(t, err, recap.Unavailable, "tls")
	if !strings.Contains(e.Hint, "--plain-http=false") || len(fake.Sleeps()) != 0 {
		t.Errorf("hint %q, slept %v", e.Hint, fake.Sleeps())
	}
}

// Which scheme a host is asked by.
func TestScheme(t *testing.T) {
	no, yes := false, true
	ca := recaptest.NewCA(t)
	for _, tt := range []struct {
		host string
		opts Options
		want string
	}{
		{"registry.example.com", Options{}, "https"},
		{"localhost:5000", Options{}, "http"},
		{"localhost", Options{}, "http"},
		{"127.0.0.1:5000", Options{}, "http"},
		{"127.1.2.3:5000", Options{}, "http"},
		{"[::1]:5000", Options{}, "http"},
		{"[::1]", Options{}, "http"},
		{"10.0.0.1:5000", Options{}, "https"},
		{"localhost.example.com", Options{}, "https"},
		{"localhost:5000", Options{PlainHTTP: &no}, "https"},
		{"localhost:5000", Options{CAFile: ca.File}, "https"},
		{"localhost:5000", Options{CAFile: ca.File, PlainHTTP: &yes}, "http"},
		{"registry.example.com", Options{PlainHTTP: &yes}, "http"},
	} {
		c, _ := newTestClient(t, tt.opts)
		if got := c.host(tt.host).Base().Scheme; got != tt.want {
			t.Errorf("%s with %+v: %s, want %s", tt.host, tt.opts, got, tt.want)
		}
	}
}

func TestCertificateFiles(t *testing.T) {
	ca := recaptest.NewCA(t)
	dir := t.TempDir()
	junk := write(t, filepath.Join(dir, "junk.pem"), "junk", 0o600)
	for _, tt := range []struct {
		name string
		opts Options
		kind recap.Kind
		code string
	}{
		{"no such CA", Options{CAFile: filepath.Join(dir, "absent")}, recap.Local, "unreadable"},
		{"no CA", Options{CAFile: junk}, recap.Usage, "bad-certificate"},
		{"a certificate without a key", Options{CertFile: ca.File}, recap.Usage, "bad-certificate"},
		{"a key without a certificate", Options{KeyFile: ca.File}, recap.Usage, "bad-certificate"},
		{"a key that is none", Options{CertFile: ca.File, KeyFile: junk}, recap.Usage, "bad-certificate"},
	} {
		_, err := NewClient(tt.opts)
		t.Run(tt.name, func(t *testing.T) { recaptest.WantError(t, err, tt.kind, tt.code) })
	}
}

// shy is a listener that hangs up on the first who call.
type shy struct {
	net.Listener
	times int
}

func (s *shy) Accept() (net.Conn, error) {
	for {
		conn, err := s.Listener.Accept()
		if err != nil || s.times == 0 {
			return conn, err
		}
		s.times--
		_ = conn.Close()
	}
}

// A handshake that breaks off is tried again; who the peer is does not change.
func TestHandshakeBreaks(t *testing.T) {
	ca := recaptest.NewCA(t)
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.Listener = &shy{Listener: s.Listener, times: 2}
	s.TLS = &tls.Config{Certificates: []tls.Certificate{ca.Issue(t, recaptest.Leaf{IPs: []net.IP{net.IPv4(127, 0, 0, 1)}})}}
	s.StartTLS()
	defer s.Close()
	c, fake := newTestClient(t, Options{CAFile: ca.File})
	src, err := c.Open(t.Context(), Reference{Host: strings.TrimPrefix(s.URL, "https://"), Repository: "a"})
	if err != nil {
		t.Fatal(err)
	}
	if there, err := src.Exists(t.Context(), recaptest.BlobOf(nil)); there || err != nil {
		t.Errorf("%t, %v", there, err)
	}
	if n := len(fake.Sleeps()); n != 2 {
		t.Errorf("%d waits, want 2", n)
	}
}
