// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package recaptest

import (
	"context"
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/olareg/olareg"
	"github.com/olareg/olareg/config"
)

// RegistryOptions says what kind of registry to be. The zero value is an open
// one over HTTP, in memory, with the referrers API and deletion.
type RegistryOptions struct {
	Dir         string // keep the contents here, as OCI layouts; empty: in memory
	Upstream    string // hand every request on to the registry at this URL instead of keeping anything
	NoReferrers bool   // no referrers API: clients keep fallback tags
	NoDelete    bool   // deletion answers 405

	TLS                bool   // serve TLS under a CA of its own; see [Registry.CAFile]
	Username, Password string // require these: by Basic, or in exchange for a token
	Token              bool   // require a Bearer token of the registry's own /token
	AnonymousPull      bool   // with Token: anybody gets a token to pull with

	// HoldAnswers holds every request until the client is idle and then lets
	// all that wait go at once. [Registry.Depth] counts how often.
	HoldAnswers bool
}

// Registry is a registry under test: olareg, wrapped in what watches and
// disturbs it. It ends with the test. Its methods may be called at any time,
// from any goroutine.
//
// olareg loses referrers that many clients push at the same moment, so it is
// no oracle for that.
type Registry struct {
	opts   RegistryOptions
	server *httptest.Server
	store  *olareg.Server
	answer http.Handler // what answers when nothing disturbs it: the store, or the way upstream
	ca     *CA
	rounds *rounds
	tokens tokens
	ended  chan struct{}

	mu      sync.Mutex
	journal []*Request
	faults  []*script
}

// NewRegistry starts a registry on loopback.
func NewRegistry(t testing.TB, opts RegistryOptions) *Registry {
	t.Helper()
	deletes, referrers := !opts.NoDelete, !opts.NoReferrers
	conf := config.Config{Storage: config.ConfigStorage{StoreType: config.StoreMem}}
	if opts.Dir != "" {
		conf.Storage.StoreType, conf.Storage.RootDir = config.StoreDir, opts.Dir
	}
	conf.Storage.GC.Frequency = -1 // nothing goes away behind a test's back
	conf.API.DeleteEnabled = &deletes
	conf.API.Blob.DeleteEnabled = &deletes
	conf.API.Referrer.Enabled = &referrers

	r := &Registry{opts: opts, store: olareg.New(conf), rounds: newRounds(), ended: make(chan struct{})}
	r.answer = r.store
	if opts.Upstream != "" {
		r.answer = upstream(t, opts.Upstream)
	}
	r.server = httptest.NewUnstartedServer(r)
	r.server.Config.ErrorLog = log.New(io.Discard, "", 0) // aborted handlers and refused handshakes are on purpose
	if opts.TLS {
		r.ca = NewCA(t)
		r.server.TLS = &tls.Config{
			MinVersion:   tls.VersionTLS12,
			Certificates: []tls.Certificate{r.ca.Issue(t, Leaf{IPs: []net.IP{net.IPv4(127, 0, 0, 1)}})},
		}
		r.server.StartTLS()
	} else {
		r.server.Start()
	}
	t.Cleanup(func() {
		close(r.ended)
		r.server.CloseClientConnections() // a client may have left a body open
		r.server.Close()
		if err := r.store.Close(); err != nil {
			t.Errorf("closing the registry's store: %v", err)
		}
	})
	return r
}

// Host returns the registry's address, such as 127.0.0.1:41234.
func (r *Registry) Host() string {
	_, host, _ := strings.Cut(r.server.URL, "://")
	return host
}

// URL returns the registry's address with its scheme.
func (r *Registry) URL() string { return r.server.URL }

// CAFile returns the path of the PEM certificate of the CA that a TLS
// registry's certificate is issued by; empty without TLS.
func (r *Registry) CAFile() string {
	if r.ca == nil {
		return ""
	}
	return r.ca.File
}

// Depth returns how many rounds of requests there were since the start or the
// last Reset: the longest chain of requests of which each could only start
// after the one before was answered. It needs HoldAnswers and panics without.
func (r *Registry) Depth() int {
	if !r.opts.HoldAnswers {
		panic("recaptest: Depth needs RegistryOptions.HoldAnswers")
	}
	return r.rounds.count()
}

// Reset empties the journal, sets the rounds to zero and forgets all faults.
// The contents stay.
func (r *Registry) Reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.journal, r.faults = nil, nil
	r.rounds.reset()
}

// ServeHTTP answers one request as a client would see it.
func (r *Registry) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	entry := r.begin(req)
	req.Body = &watchedBody{ReadCloser: req.Body, registry: r, entry: entry}
	ww := &watchedWriter{ResponseWriter: w, registry: r, entry: entry}
	if r.opts.HoldAnswers {
		round, leave := r.rounds.enter(req.Context())
		defer leave()
		r.mu.Lock()
		entry.Round = round
		r.mu.Unlock()
	}
	if act := r.fault(req, entry); act != nil {
		// The client's end is the only one a fault may wait for, besides ours.
		ctx, cancel := context.WithCancel(req.Context())
		defer cancel()
		go func() {
			select {
			case <-r.ended:
				cancel()
			case <-ctx.Done():
			}
		}()
		act(ww, req.WithContext(ctx), http.HandlerFunc(r.serve))
		return
	}
	r.serve(ww, req)
}

// serve is the registry without faults.
func (r *Registry) serve(w http.ResponseWriter, req *http.Request) {
	if r.opts.Token && req.URL.Path == tokenPath {
		r.issueToken(w, req)
		return
	}
	if !r.admit(w, req) {
		return
	}
	r.answer.ServeHTTP(w, req)
}

// upstream returns a handler that asks the registry at address.
func upstream(t testing.TB, address string) http.Handler {
	t.Helper()
	target, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return &httputil.ReverseProxy{
		Rewrite: func(p *httputil.ProxyRequest) {
			p.SetURL(target)
			// Locations in answers must lead back here, not past the journal.
			p.Out.Host = p.In.Host
		},
		ErrorLog: log.New(io.Discard, "", 0), // clients of tests go away on purpose
	}
}

// A settle is how long nobody may ask for anything before the client counts as
// idle.
const settle = 16 * time.Millisecond
