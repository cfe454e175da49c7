// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package target

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"time"
)

// transport sends single requests to one host, and to where that host
// redirects: it takes a place at the brake, watches for silence, and tells the
// brake how the request was taken. Authentication and redirects are above it,
// retries above those.
type transport struct {
	base    http.RoundTripper
	brake   *brake
	clock   clock
	silence time.Duration
	host    string // of the registry
	moved   func() // bytes moved or an answer came: there is progress
	realms  *realms
	proxy   func(*http.Request) (*url.URL, error)
}

// behindProxyError is why no connection came about through a proxy.
type behindProxyError struct {
	proxy string
	err   error
}

func (e *behindProxyError) Error() string { return e.err.Error() }
func (e *behindProxyError) Unwrap() error { return e.err }

// patientKey marks the context of a request whose answer may take as long as
// it takes: a registry on object storage checks every child of an index before
// it answers, and 1,000 of them took 42 seconds.
type patientKey struct{}

// RoundTrip implements http.RoundTripper.
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
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

func (t *transport) send(req *http.Request) (*http.Response, error) {
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
	start := t.clock.now()
	resp, err := t.base.RoundTrip(out)
	if err != nil {
		dog.end()
		t.brake.release(which)
		for _, silent := range []error{errStalled, errUnanswered} {
			if errors.Is(context.Cause(ctx), silent) {
				err = silent
			}
		}
		if proxy, _ := t.proxy(req); proxy != nil && !connected.Load() {
			err = &behindProxyError{proxy: proxy.Host, err: err}
		}
		cancel(nil)
		return nil, err
	}
	dog.disarm()
	if req.URL.Host == t.host {
		t.brake.answered(which, start, resp.StatusCode)
		if wait, ok := retryAfter(resp, t.clock.now()); ok && wait <= maxRetryAfter {
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
