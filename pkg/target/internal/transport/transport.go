// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package transport

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/recap-oci/recap/pkg/internal/clock"
	"github.com/recap-oci/recap/pkg/recap"
)

// Transport sends single requests to one host, and to where that host
// redirects: it takes a place at the brake, watches for silence, and tells the
// brake how the request was taken. Authentication and redirects are above it,
// retries above those.
//
// It is the Transport of an http.Client whose CheckRedirect is its own.
type Transport struct {
	base    http.RoundTripper
	brake   *brake
	guard   *guard
	clock   clock.Clock
	silence time.Duration
	host    string // of the registry
	moved   func()
	realms  *realms
	proxy   func(*http.Request) (*url.URL, error)
}

// Options is how a registry is reached.
type Options struct {
	Base    *url.URL // of the registry: https://registry-1.docker.io/
	TLS     *tls.Config
	Places  int           // the most requests in flight in each direction; 64 when zero
	Silence time.Duration // how long a peer may be silent
	Clock   clock.Clock
	Moved   func() // bytes moved or an answer came: there is progress

	Proxy   func(*http.Request) (*url.URL, error) // nil is http.ProxyFromEnvironment
	Network http.RoundTripper                     // instead of the network
}

// New returns the way to one registry. It makes no request.
func New(opts Options) *Transport {
	proxy := opts.Proxy
	if proxy == nil {
		proxy = http.ProxyFromEnvironment
	}
	g := newGuard(opts.Base.Hostname())
	network := opts.Network
	if network == nil {
		network = &http.Transport{
			Proxy:                  g.through(proxy),
			OnProxyConnectResponse: proxyAnswered,
			DialContext:            g.dial,
			TLSClientConfig:        opts.TLS.Clone(),
			TLSHandshakeTimeout:    10 * time.Second,
			ForceAttemptHTTP2:      true,
			DisableCompression:     true, // digests are of the bytes sent
			MaxIdleConnsPerHost:    defaultPlaces,
			IdleConnTimeout:        90 * time.Second,
			MaxResponseHeaderBytes: 256 << 10,
			WriteBufferSize:        64 << 10,
			ReadBufferSize:         64 << 10,
		}
	}
	return &Transport{
		base:    network,
		brake:   newBrake(opts.Clock, opts.Places),
		guard:   g,
		clock:   opts.Clock,
		silence: opts.Silence,
		host:    opts.Base.Host,
		moved:   opts.Moved,
		realms:  &realms{base: opts.Base, guard: g, proxy: proxy},
		proxy:   proxy,
	}
}

// CloseIdleConnections closes the connections that nobody uses.
func (t *Transport) CloseIdleConnections() {
	if network, ok := t.base.(*http.Transport); ok {
		network.CloseIdleConnections()
	}
}

// patientKey marks the context that [Patient] returns.
type patientKey struct{}

// Patient returns the context of a request whose answer may take as long as it
// takes: a registry on object storage checks every child of an index before it
// answers, and 1,000 of them took 42 seconds.
func Patient(ctx context.Context) context.Context {
	return context.WithValue(ctx, patientKey{}, true)
}

// RoundTrip implements http.RoundTripper.
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Host == "" { // of all there is to ask, only a token service can be nowhere
		if req.Body != nil {
			_ = req.Body.Close()
		}
		return nil, recap.Errorf(recap.Denied, "realm-refused", "the registry wants a token and names no token service to get it from").
			WithHint("check that the reference names a registry; if it does, its operator has to mend its WWW-Authenticate header")
	}
	req, service := t.realms.route(req)
	resp, err := t.send(req)
	if service != nil {
		if judged := t.realms.judge(service, resp, err); judged != nil {
			if err == nil {
				_ = resp.Body.Close()
			}
			return nil, judged
		}
	}
	if err == nil && resp.StatusCode == http.StatusUnauthorized && service == nil && req.URL.Host == t.host {
		t.realms.rewrite(resp)
	}
	return resp, err
}

func (t *Transport) send(req *http.Request) (*http.Response, error) {
	which := laneOf(req.Method)
	if err := t.brake.acquire(req.Context(), which); err != nil {
		if req.Body != nil {
			_ = req.Body.Close()
		}
		return nil, err
	}
	ctx, cancel := context.WithCancelCause(req.Context())
	dog := newWatchdog(t.clock, t.silence, cancel)
	patient := ctx.Value(patientKey{}) != nil
	var connected atomic.Bool
	// A connection being made has timeouts of its own.
	out := req.WithContext(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) {
			connected.Store(true)
			dog.arm()
		},
		WroteRequest: func(httptrace.WroteRequestInfo) {
			if patient {
				dog.wait()
			} else {
				dog.arm()
			}
		},
	}))
	if req.Body != nil && req.Body != http.NoBody {
		out.Body = &sentBody{ReadCloser: req.Body, dog: dog, moved: t.moved}
	}
	start := t.clock.Now()
	resp, err := t.base.RoundTrip(out)
	if err != nil {
		dog.end()
		t.brake.release(which)
		for _, silent := range []error{ErrStalled, ErrUnanswered} {
			if errors.Is(context.Cause(ctx), silent) {
				err = silent
			}
		}
		if proxy, _ := t.proxy(req); proxy != nil && !connected.Load() {
			err = &BehindProxyError{Proxy: proxy.Host, Err: err}
		}
		cancel(nil)
		return nil, err
	}
	dog.disarm()
	if req.URL.Host == t.host {
		t.brake.answered(which, start, resp.StatusCode)
		if wait, ok := RetryAfter(resp, t.clock.Now()); ok && wait <= MaxRetryAfter {
			t.brake.pause(wait)
		}
		if resp.StatusCode != http.StatusUnauthorized && strings.HasPrefix(req.URL.Path, "/v2/") {
			gateOf(ctx).open()
		}
	}
	if resp.StatusCode < http.StatusInternalServerError && resp.StatusCode != http.StatusTooManyRequests {
		t.moved()
	}
	if which == writing {
		t.brake.release(which)
	}
	resp.Body = &receivedBody{
		ReadCloser: resp.Body, ctx: ctx, dog: dog, moved: t.moved,
		done: func() {
			if which == reading {
				t.brake.release(which)
			}
			cancel(nil)
		},
	}
	return resp, nil
}
