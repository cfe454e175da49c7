// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package target

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/recaptest"
)

// badProxy takes CONNECTs and answers them as it likes.
type badProxy struct {
	at       *url.URL
	taken    atomic.Int64 // bytes of answers that somebody took
	mu       sync.Mutex
	requests []*http.Request
}

func newBadProxy(t *testing.T, answer func(n int, w io.Writer)) *badProxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &badProxy{at: &url.URL{Scheme: "http", User: url.UserPassword("proxyuser", "proxysecret"), Host: l.Addr().String()}}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			running.Go(func() {
				defer conn.Close()
				req, err := http.ReadRequest(bufio.NewReader(conn))
				if err != nil {
					return
				}
				p.mu.Lock()
				p.requests = append(p.requests, req)
				n := len(p.requests)
				p.mu.Unlock()
				answer(n, io.MultiWriter(conn, countBytes{&p.taken}))
			})
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		running.Wait()
	})
	return p
}

type countBytes struct{ n *atomic.Int64 }

func (c countBytes) Write(p []byte) (int, error) {
	c.n.Add(int64(len(p)))
	return len(p), nil
}

// endless writes until nobody takes it any more.
func endless(start, again string) func(int, io.Writer) {
	return func(_ int, w io.Writer) {
		_, err := io.WriteString(w, start)
		for block := strings.Repeat(again, 1+4096/len(again)); err == nil; {
			_, err = io.WriteString(w, block)
		}
	}
}

// A proxy that doesn't do its work is named as what fails. It learns no
// password of the registry, and makes nobody read for ever.
func TestProxyFails(t *testing.T) {
	say := func(text string) func(int, io.Writer) {
		return func(_ int, w io.Writer) { _, _ = io.WriteString(w, text) }
	}
	for _, tt := range []struct {
		name     string
		answer   func(int, io.Writer)
		says     string
		requests int
	}{
		{"wants a login", say("HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"x\"\r\n\r\n"), "407", 1},
		{"forbids it", say("HTTP/1.1 403 Forbidden\r\n\r\n"), "403", 1},
		{"can't", say("HTTP/1.1 502 Bad Gateway\r\n\r\n"), "502", 5},
		{"closes", func(int, io.Writer) {}, "closed", 3},
		{"speaks something else", say("SSH-2.0-OpenSSH_9.9\r\n\r\n"), "malformed", 3},
		{"has endless headers", endless("HTTP/1.1 200 OK\r\n", "X-Y: zzzzzzzzzzzzzzzzzzz\r\n"), "makes no connection", 3},
		{"has an endless header", endless("HTTP/1.1 200 OK\r\nX: ", "a"), "makes no connection", 3},
		{"has an endless status", endless("HTTP/1.1 ", "2"), "makes no connection", 3},
		{"refuses endlessly", endless("HTTP/1.1 403 Forbidden\r\n\r\n", "no "), "403", 1},
		{"agrees with a body", endless("HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n", "no "), "TLS", 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := newBadProxy(t, tt.answer)
			c, _ := newTestClient(t, Options{
				Username: "ann", Password: "secret",
				Proxy: func(*http.Request) (*url.URL, error) { return p.at, nil },
			})
			src, err := c.Open(t.Context(), Reference{Host: "registry.example.com", Repository: "a"})
			if err != nil {
				t.Fatal(err)
			}
			_, _, err = src.FetchReference(t.Context(), "v1")
			code := "proxy"
			if tt.says == "TLS" {
				code = "tls"
			}
			e := recaptest.WantError(t, err, recap.Unavailable, code)
			if !strings.Contains(e.Error(), tt.says) || code == "proxy" && (!strings.Contains(e.Error(), p.at.Host) || !strings.Contains(e.Hint, "HTTPS_PROXY")) {
				t.Errorf("%v\nhint: %s", e, e.Hint)
			}
			if strings.Contains(e.Error(), "secret") {
				t.Errorf("a password is printed: %v", e)
			}
			c.Close()
			p.mu.Lock()
			defer p.mu.Unlock()
			if len(p.requests) != tt.requests {
				t.Errorf("%d requests, want %d", len(p.requests), tt.requests)
			}
			for _, req := range p.requests {
				if req.Method != http.MethodConnect || req.Header.Get("Authorization") != "" {
					t.Errorf("it was sent %s %v", req.Method, req.Header)
				}
			}
			// What sockets hold on the way counts too.
			if most := int64(tt.requests) * 16 << 20; p.taken.Load() > most {
				t.Errorf("%d bytes were taken", p.taken.Load())
			}
		})
	}
}
