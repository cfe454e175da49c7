// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package transport

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/target/internal/printable"
)

const maxRedirects = 5

// stayKey marks the context that [Stay] returns.
type stayKey struct{}

// Stay returns the context of a request that is not to be redirected to another
// host: the answer is then the redirect itself.
func Stay(ctx context.Context) context.Context { return context.WithValue(ctx, stayKey{}, true) }

// CheckRedirect is asked by net/http before each hop. A registry may send a
// reader of blobs to its object storage; it may not make us speak in the clear,
// show credentials or headers elsewhere, hand a body to somebody else, or look
// into the network we stand in.
func (t *Transport) CheckRedirect(req *http.Request, via []*http.Request) error {
	first := via[0]
	target := printable.Quote(req.URL.Scheme + "://" + req.URL.Host)
	refuse := func(why string) error {
		return recap.Errorf(recap.Unavailable, "redirect-refused", "the registry redirects to %s: %s", target, why)
	}
	switch {
	case len(via) > maxRedirects:
		return recap.Errorf(recap.Unavailable, "redirect-loop", "the registry redirects more than %d times", maxRedirects)
	case req.URL.Scheme != "https" && req.URL.Scheme != "http", req.URL.Host == "":
		return refuse("not a web address")
	case req.URL.Scheme == "http" && via[len(via)-1].URL.Scheme == "https":
		return refuse("from https to http")
	case req.URL.User != nil:
		return refuse("with a user name in the address")
	}
	left := !sameOrigin(first.URL, req.URL)
	for _, hop := range via[1:] {
		left = left || !sameOrigin(first.URL, hop.URL)
	}
	reads := first.Method == http.MethodGet || first.Method == http.MethodHead
	if !reads && (left || req.Method != first.Method) {
		return refuse("a " + first.Method + " is not sent elsewhere")
	}
	if !left {
		return nil
	}
	if req.Context().Value(stayKey{}) != nil {
		return http.ErrUseLastResponse
	}
	if err := t.guard.checkName(req.URL.Hostname()); err != nil {
		return refuse(err.Error())
	}
	// net/http makes the headers of each hop from the first request's, so what
	// is dropped on one hop has to be dropped again on the next.
	for key := range req.Header {
		switch key {
		case "Accept", "Range", "User-Agent":
		default:
			req.Header.Del(key)
		}
	}
	return nil
}

// sameOrigin reports whether a and b have one scheme, host and port.
func sameOrigin(a, b *url.URL) bool {
	return strings.EqualFold(a.Scheme, b.Scheme) && HostPort(a) == HostPort(b)
}

// HostPort returns u's host with the port that its scheme implies.
func HostPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = "443"
		if strings.EqualFold(u.Scheme, "http") {
			port = "80"
		}
	}
	return strings.ToLower(u.Hostname()) + ":" + port
}
