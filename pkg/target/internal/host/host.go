// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package host

import (
	"context"
	"crypto/tls"
	"net/http"
	"net/url"
	"strings"
	"time"

	"oras.land/oras-go/v2/registry/remote/auth"

	"github.com/recap-oci/recap/pkg/internal/clock"
	"github.com/recap-oci/recap/pkg/target/internal/credential"
	"github.com/recap-oci/recap/pkg/target/internal/transport"
)

// Host is one registry as all who ask it share it: connections, brake, tokens.
type Host struct {
	name      string   // as the user knows it: docker.io
	base      *url.URL // as it is asked: https://registry-1.docker.io
	clock     clock.Clock
	notices   *Notices
	transport *transport.Transport
	login     *login
	auth      *auth.Client
	gates     transport.Gates
	budget    *Budget

	silence time.Duration // how long a peer may be silent
}

// Options is how hosts are reached.
type Options struct {
	PlainHTTP *bool       // nil for HTTP to this machine and TLS to all others
	Authority bool        // TLS trusts an authority of the user's own: nil is TLS to all
	TLS       *tls.Config // certificates

	Username, Password string            // without a user name, the password is an identity token
	Credentials        *credential.Store // asked when there is no password

	UserAgent   string
	Concurrency int           // the most requests in flight in each direction; 64 when zero
	Silence     time.Duration // how long a peer may be silent
	Clock       clock.Clock
	Budget      *Budget
	Notices     *Notices

	Proxy   func(*http.Request) (*url.URL, error) // nil is http.ProxyFromEnvironment
	Network http.RoundTripper                     // instead of the network
}

// New returns the host that name stands for. It makes no request.
func New(name string, opts Options) *Host {
	addr := name
	if addr == "docker.io" || addr == "index.docker.io" {
		addr = "registry-1.docker.io"
	}
	scheme := "https"
	switch {
	case opts.PlainHTTP != nil:
		if *opts.PlainHTTP {
			scheme = "http"
		}
	case transport.IsLoopback(addr) && !opts.Authority:
		scheme = "http"
	}
	h := &Host{
		name:    name,
		base:    &url.URL{Scheme: scheme, Host: addr, Path: "/"},
		clock:   opts.Clock,
		notices: opts.Notices,
		budget:  opts.Budget,
		silence: opts.Silence,
		login: &login{
			host: name, given: credential.New(opts.Username, opts.Password), store: opts.Credentials,
			secure: scheme == "https" || transport.IsLoopback(addr),
		},
	}
	h.transport = transport.New(transport.Options{
		Base: h.base, TLS: opts.TLS, Places: opts.Concurrency, Silence: opts.Silence,
		Clock: opts.Clock, Moved: h.moved, Proxy: opts.Proxy, Network: opts.Network,
	})
	h.auth = &auth.Client{
		Client:     &http.Client{CheckRedirect: h.transport.CheckRedirect, Transport: h.transport},
		Cache:      transport.NewCache(),
		ClientID:   "recap",
		Credential: h.credential,
	}
	h.auth.SetUserAgent(opts.UserAgent)
	return h
}

// Name is the host as the user knows it.
func (h *Host) Name() string { return h.name }

// Base is where it is asked: scheme, host and port.
func (h *Host) Base() *url.URL { return h.base }

// Clock is the clock that it goes by.
func (h *Host) Clock() clock.Clock { return h.clock }

// Notices is where it tells what a person may want to know.
func (h *Host) Notices() *Notices { return h.notices }

// CloseIdle closes the connections that nobody uses.
func (h *Host) CloseIdle() { h.transport.CloseIdleConnections() }

// moved notes that something went forward.
func (h *Host) moved() { h.budget.moved(h.clock.Now()) }

// credential is auth.Client's way to the password. Host is always the
// registry: auth.Client resolves none for any other origin.
func (h *Host) credential(ctx context.Context, hostport string) (auth.Credential, error) {
	if hostport != h.base.Host {
		return auth.EmptyCredential, nil
	}
	return h.login.get(ctx)
}

// warn hands the registry's warnings on.
// https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#warnings
func (h *Host) warn(header http.Header) {
	for _, value := range header.Values("Warning") {
		if text, ok := strings.CutPrefix(value, `299 - "`); ok {
			text = strings.ReplaceAll(strings.TrimSuffix(text, `"`), `\"`, `"`)
			h.notices.Warn(h.name, text)
		}
	}
}
