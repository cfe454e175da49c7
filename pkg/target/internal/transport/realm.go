// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package transport

import (
	"crypto/rand"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"

	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/target/internal/printable"
)

// realms are token services in the private network that the registry is in.
//
// auth.Client asks no token service at a private address but at the registry's
// own name, since a registry could have it look into a network that the
// registry can't see itself. Within a company's network that is the usual
// place: a self-hosted forge has its registry and its accounts under two names.
// So for a registry that was itself reached at a private address, over TLS, the
// challenge is made to name a secret address at the registry, and what
// auth.Client sends there goes, over TLS too, to where the registry said. The
// guard still looks at each address that is dialled: never this machine unless
// the registry is here, never a link-local address or a metadata service. A
// token service that redirects is refused.
type realms struct {
	base  *url.URL // of the registry
	guard *guard
	proxy func(*http.Request) (*url.URL, error)

	mu     sync.Mutex
	byName map[string]*url.URL // by the path that stands for it
}

var realmPattern = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)^bearer\s.*?\brealm="([^"]*)"`)
})

// rewrite makes a challenge of the registry name the address that stands for
// its token service, if that is one of ours.
func (r *realms) rewrite(resp *http.Response) {
	challenge := resp.Header.Get("Www-Authenticate")
	found := realmPattern().FindStringSubmatchIndex(challenge)
	if found == nil {
		return
	}
	realm := challenge[found[2]:found[3]]
	u, err := url.Parse(realm)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil ||
		strings.EqualFold(u.Hostname(), r.base.Hostname()) || !r.inside(u) {
		return // auth.Client judges it
	}
	at := r.base.JoinPath(r.name(u))
	at.RawQuery = u.RawQuery
	resp.Header.Set("Www-Authenticate", challenge[:found[2]]+at.String()+challenge[found[3]:])
}

// inside reports whether the registry is in a private network and speaks TLS,
// and u, as far as its name tells, is not where nobody may be sent. Through a
// proxy nobody knows who is where.
func (r *realms) inside(u *url.URL) bool {
	own := r.guard.found.Load()
	if r.base.Scheme != "https" || own == nil || !own.IsLoopback() && !isPrivate(*own) || r.guard.checkName(u.Hostname()) != nil {
		return false
	}
	proxy, err := r.proxy(&http.Request{Method: http.MethodGet, URL: u, Header: http.Header{}})
	return err == nil && proxy == nil
}

// name returns the path that stands for u: nobody else can know it.
func (r *realms) name(u *url.URL) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	for name, known := range r.byName {
		if known.Scheme == u.Scheme && known.Host == u.Host && known.EscapedPath() == u.EscapedPath() {
			return name
		}
	}
	name := "/" + rand.Text()
	if r.byName == nil {
		r.byName = map[string]*url.URL{}
	}
	r.byName[name] = u
	return name
}

// route returns req as it is to be sent, and the token service if it is for one.
func (r *realms) route(req *http.Request) (*http.Request, *url.URL) {
	if !sameOrigin(req.URL, r.base) {
		return req, nil
	}
	r.mu.Lock()
	service := r.byName[req.URL.Path]
	r.mu.Unlock()
	if service == nil {
		return req, nil
	}
	routed := req.Clone(req.Context())
	at := *service
	at.RawQuery, at.Fragment = req.URL.RawQuery, ""
	routed.URL, routed.Host = &at, ""
	return routed, service
}

// judge refuses what must not come of asking a token service.
func (r *realms) judge(service *url.URL, resp *http.Response, err error) error {
	refuse := func(why string) error {
		return recap.Errorf(recap.Denied, "realm-refused", "the registry names the token service %s, which is not asked: %s", printable.Quote(service.Redacted()), why)
	}
	switch {
	case errors.Is(err, ErrInternal):
		return refuse("it is at " + ErrInternal.Error() + " that the registry is not in")
	case err == nil && resp.StatusCode >= http.StatusMultipleChoices && resp.StatusCode < http.StatusBadRequest:
		return refuse("it redirects")
	}
	return err
}
