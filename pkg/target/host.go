// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package target

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"oras.land/oras-go/v2/registry/remote/auth"

	"github.com/recap-oci/recap/pkg/recap"
)

// host is one registry as all Targets of a Client share it: connections,
// brake, tokens.
type host struct {
	name   string   // as the user knows it: docker.io
	base   *url.URL // as it is asked: https://registry-1.docker.io
	clock  clock
	notify *notifier
	brake  *brake
	guard  *guard
	login  *login
	auth   *auth.Client
	gates  gates
	budget *Budget

	silence time.Duration // how long a peer may be silent
}

// newHost returns the host that name stands for. It makes no request.
func (c *Client) newHost(name string, creds *login) *host {
	addr := name
	if addr == "docker.io" || addr == "index.docker.io" {
		addr = "registry-1.docker.io"
	}
	scheme := "https"
	switch {
	case c.opts.PlainHTTP != nil:
		if *c.opts.PlainHTTP {
			scheme = "http"
		}
	case isLoopback(addr) && c.opts.CAFile == "":
		scheme = "http"
	}
	h := &host{
		name:   name,
		base:   &url.URL{Scheme: scheme, Host: addr, Path: "/"},
		clock:  c.clock,
		notify: c.notify,
		brake:  newBrake(c.clock, c.opts.Concurrency),
		login:  creds,
		budget: c.budget,

		silence: c.silence(),
	}
	h.guard = newGuard(h.base.Hostname())
	proxy := c.opts.Proxy
	if proxy == nil {
		proxy = http.ProxyFromEnvironment
	}
	h.auth = &auth.Client{
		Client: &http.Client{
			CheckRedirect: h.checkRedirect,
			Transport: &transport{
				base: &http.Transport{
					Proxy:                  h.guard.through(proxy),
					OnProxyConnectResponse: proxyAnswered,
					DialContext:            h.guard.dial,
					TLSClientConfig:        c.tls.Clone(),
					TLSHandshakeTimeout:    10 * time.Second,
					ForceAttemptHTTP2:      true,
					DisableCompression:     true, // digests are of the bytes sent
					MaxIdleConnsPerHost:    defaultPlaces,
					IdleConnTimeout:        90 * time.Second,
					MaxResponseHeaderBytes: 256 << 10,
					WriteBufferSize:        64 << 10,
					ReadBufferSize:         64 << 10,
				},
				brake:   h.brake,
				clock:   c.clock,
				silence: h.silence,
				host:    addr,
				moved:   h.moved,
				realms:  &realms{base: h.base, guard: h.guard, proxy: proxy},
				proxy:   proxy,
			},
		},
		Cache:      gatedCache{auth.NewCache()},
		ClientID:   "recap",
		Credential: h.credential,
	}
	h.auth.SetUserAgent(c.userAgent())
	return h
}

// closeIdle closes the connections that nobody uses.
func (h *host) closeIdle() {
	h.auth.Client.Transport.(*transport).base.(*http.Transport).CloseIdleConnections()
}

// moved notes that something went forward.
func (h *host) moved() { h.budget.moved(h.clock.now()) }

// operation is one thing to ask of a registry, as often as it takes.
type operation struct {
	what   string // "fetching manifest v1 of host/repo", for errors
	method string
	url    *url.URL
	header http.Header
	body   *upload  // nil for none
	scopes []string // that a token should cover
	accept []int    // statuses that are an answer; all others are errors

	limit   int64 // read the whole body within the attempt, up to this; 0: leave it to the caller
	once    bool  // the caller repeats it
	known   bool  // something lists it: that it isn't there is not believed at once
	patient bool  // the answer may take as long as it takes
	stay    bool  // a redirect to another host is the answer

	// landed is asked when it is unknown whether the registry did what it was
	// asked; true ends the operation well, without an answer.
	landed func(ctx context.Context) bool
}

// answer is a response whose body is either open or, with operation.limit,
// read.
type answer struct {
	*http.Response
	data []byte
}

const maxAttempts = 5

// do performs op until it is answered, refused, or the budget is spent. The
// answer is nil when op.landed said that nothing is left to do.
func (h *host) do(ctx context.Context, op operation) (*answer, error) {
	h.budget.start(h.clock.now())
	for attempt := 1; ; attempt++ {
		resp, err := h.try(ctx, op)
		if err == nil {
			return resp, nil
		}
		fault := h.diagnose(ctx, op, err)
		if op.known && attempt == 1 && fault.err != nil && errors.Is(fault.err, recap.NotFound) {
			fault.again = true // one of several servers may not have caught up
		}
		if fault.unsure && op.landed != nil && op.landed(ctx) {
			return nil, nil
		}
		if !fault.again || op.once || op.body != nil && !op.body.replays() {
			return nil, fault.final(op, attempt)
		}
		if err := h.backoff(ctx, op, fault, attempt); err != nil {
			return nil, err
		}
	}
}

// try makes one attempt.
func (h *host) try(ctx context.Context, op operation) (*answer, error) {
	ctx = auth.WithScopesForHost(ctx, h.base.Host, op.scopes...)
	if op.patient {
		ctx = context.WithValue(ctx, patientKey{}, true)
	}
	if op.stay {
		ctx = context.WithValue(ctx, stayKey{}, true)
	}
	ctx, leave, err := h.pass(ctx, op.scopes)
	if err != nil {
		return nil, err
	}
	defer leave()
	req, err := http.NewRequestWithContext(ctx, op.method, op.url.String(), nil)
	if err != nil {
		return nil, err
	}
	for key, values := range op.header {
		req.Header[key] = slices.Clone(values)
	}
	if op.body != nil {
		if err := op.body.attach(req); err != nil {
			return nil, err
		}
	}
	resp, err := h.auth.Do(req)
	if op.body != nil {
		if source := op.body.failure(); source != nil {
			if err == nil {
				_ = resp.Body.Close()
			}
			return nil, source
		}
	}
	if err != nil {
		return nil, err
	}
	h.warn(resp.Header)
	if !slices.Contains(op.accept, resp.StatusCode) {
		defer func() { _ = resp.Body.Close() }()
		return nil, newRefusal(resp, h.clock.now())
	}
	if op.limit == 0 {
		return &answer{Response: resp}, nil
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.ContentLength > op.limit {
		return nil, tooLarge(op.what, op.limit)
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, op.limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > op.limit {
		return nil, tooLarge(op.what, op.limit)
	}
	return &answer{Response: resp, data: data}, nil
}

// pass lets the first request of a scope through and holds the others until it
// is known how to authenticate, if it is likely that they must.
func (h *host) pass(ctx context.Context, scopes []string) (context.Context, func(), error) {
	scheme, err := h.auth.Cache.GetScheme(ctx, h.base.Host)
	known := err == nil
	if known && scheme == auth.SchemeBasic || !known && !h.login.likely(ctx) {
		return ctx, func() {}, nil
	}
	g, first := h.gates.get(strings.Join(scopes, " "))
	if !first {
		return ctx, func() {}, g.wait(ctx)
	}
	return context.WithValue(ctx, gateKey{}, g), g.open, nil
}

// credential is auth.Client's way to the password. Host is always the
// registry: auth.Client resolves none for any other origin.
func (h *host) credential(ctx context.Context, hostport string) (auth.Credential, error) {
	if hostport != h.base.Host {
		return auth.EmptyCredential, nil
	}
	return h.login.get(ctx)
}

// warn hands the registry's warnings on.
// https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#warnings
func (h *host) warn(header http.Header) {
	for _, value := range header.Values("Warning") {
		if text, ok := strings.CutPrefix(value, `299 - "`); ok {
			text = strings.ReplaceAll(strings.TrimSuffix(text, `"`), `\"`, `"`)
			h.notify.warn(h.name, text)
		}
	}
}

// proxyAnswered gives a proxy's refusal a type.
func proxyAnswered(_ context.Context, proxy *url.URL, _ *http.Request, resp *http.Response) error {
	if resp.StatusCode == http.StatusOK {
		return nil
	}
	return &proxyError{proxy: proxy.Host, status: resp.StatusCode}
}

type proxyError struct {
	proxy  string
	status int
}

func (e *proxyError) Error() string {
	return fmt.Sprintf("proxy %s answers %d %s", quote(e.proxy), e.status, http.StatusText(e.status))
}

func tooLarge(what string, limit int64) error {
	return recap.Errorf(recap.Unsafe, "too-large", "%s: the answer is larger than %d bytes", what, limit)
}
