// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package transport

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// guard keeps a registry from pointing us at machines that it can't reach
// itself: the metadata service of a cloud, a router, a database behind our
// firewall. The registry that the user named may be anywhere, and so may the
// proxy. What the registry names, by redirect or as token service, must not
// lie in a private network unless the registry does too, not on this machine
// unless the registry does too, and never on a link-local address. The address
// is looked at when it is dialled, after the name was resolved, so a name that
// changes its address gains nothing; nor does a registry's own, since what counts
// is the most public address that it was reached at.
type guard struct {
	own    string                     // host name of the registry
	found  atomic.Pointer[netip.Addr] // the most public address it was reached at
	dialer net.Dialer

	mu      sync.Mutex
	proxies map[string]bool // host names
}

func newGuard(own string) *guard {
	return &guard{
		own:     strings.ToLower(own),
		dialer:  net.Dialer{Timeout: 30 * time.Second, KeepAlive: 30 * time.Second},
		proxies: map[string]bool{},
	}
}

// ErrInternal is why an address that the registry named is not dialled.
var ErrInternal = errors.New("an address inside a private network")

// dial is http.Transport's DialContext.
func (g *guard) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	name, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	name = strings.ToLower(name)
	if name == g.own {
		conn, err := g.dialer.DialContext(ctx, network, addr)
		if err == nil {
			if a, err := netip.ParseAddrPort(conn.RemoteAddr().String()); err == nil {
				g.reached(a.Addr())
			}
		}
		return conn, err
	}
	g.mu.Lock()
	proxy := g.proxies[name]
	g.mu.Unlock()
	if proxy {
		return g.dialer.DialContext(ctx, network, addr)
	}
	d := g.dialer
	d.ControlContext = func(_ context.Context, _, address string, _ syscall.RawConn) error {
		a, err := netip.ParseAddrPort(address)
		if err != nil {
			return err
		}
		return g.check(a.Addr())
	}
	return d.DialContext(ctx, network, addr)
}

// reached notes that the registry was reached at a. One that answers from outside
// doesn't get inside because its name led there once, too: whoever has a name can
// let it lead anywhere.
func (g *guard) reached(a netip.Addr) {
	a = translated(a.Unmap())
	for {
		known := g.found.Load()
		if known != nil && depth(*known) <= depth(a) || g.found.CompareAndSwap(known, &a) {
			return
		}
	}
}

// depth is how far inside an address is: anywhere, in a private network, here.
func depth(a netip.Addr) int {
	switch {
	case a.IsLoopback():
		return 2
	case isPrivate(a):
		return 1
	}
	return 0
}

// checkName refuses an internal address that is spelt out, which a proxy would
// dial for us. Names are for the dialler.
func (g *guard) checkName(name string) error {
	if a, err := netip.ParseAddr(name); err == nil && !strings.EqualFold(name, g.own) {
		return g.check(a)
	}
	return nil
}

func (g *guard) check(a netip.Addr) error {
	a = translated(a.Unmap())
	own := g.found.Load()
	isMetadata := slices.ContainsFunc(metadata, func(p netip.Prefix) bool { return p.Contains(a) })
	switch {
	case !a.IsValid(), a.IsUnspecified(), a.IsLinkLocalUnicast(), a.IsLinkLocalMulticast(), isMetadata:
		return ErrInternal
	case a.IsLoopback():
		if own == nil || !own.IsLoopback() {
			return ErrInternal
		}
	case isPrivate(a):
		if own == nil || !own.IsLoopback() && !isPrivate(*own) {
			return ErrInternal
		}
	}
	return nil
}

// through remembers what a proxy is called.
func (g *guard) through(proxy func(*http.Request) (*url.URL, error)) func(*http.Request) (*url.URL, error) {
	return func(req *http.Request) (*url.URL, error) {
		u, err := proxy(req)
		if u != nil {
			g.mu.Lock()
			g.proxies[strings.ToLower(u.Hostname())] = true
			g.mu.Unlock()
		}
		return u, err
	}
}

var (
	// sharedSpace is private to carriers and some overlay networks:
	// https://www.rfc-editor.org/rfc/rfc6598.
	sharedSpace = netip.MustParsePrefix("100.64.0.0/10")

	// metadata are the metadata services of clouds that don't use a
	// link-local address, and what else answers only machines of the cloud.
	metadata = []netip.Prefix{
		netip.MustParsePrefix("100.100.100.200/32"),     // Alibaba
		netip.MustParsePrefix("168.63.129.16/32"),       // Azure, on a public address
		netip.MustParsePrefix("192.0.0.192/32"),         // Oracle
		netip.MustParsePrefix("fd00:c1::a9fe:a9fe/128"), // Oracle
		netip.MustParsePrefix("fd00:ec2::/32"),          // Amazon: instances, and pods
		netip.MustParsePrefix("fd20:ce::254/128"),       // Google
		netip.MustParsePrefix("fd00:42::42/128"),        // Scaleway
	}

	// nat64 is how networks without IPv4 write its addresses:
	// https://www.rfc-editor.org/rfc/rfc6052#section-2.1.
	nat64 = netip.MustParsePrefix("64:ff9b::/96")
)

// translated returns the IPv4 address that a network makes of a.
func translated(a netip.Addr) netip.Addr {
	if !nat64.Contains(a) {
		return a
	}
	b := a.As16()
	return netip.AddrFrom4([4]byte(b[12:]))
}

func isPrivate(a netip.Addr) bool { return a.IsPrivate() || sharedSpace.Contains(a) }

// IsLoopback reports whether a host as in a reference can only be this machine.
func IsLoopback(host string) bool {
	name := host
	if n, _, err := net.SplitHostPort(host); err == nil {
		name = n
	}
	name = strings.Trim(name, "[]")
	if strings.EqualFold(name, "localhost") {
		return true
	}
	a, err := netip.ParseAddr(name)
	return err == nil && a.Unmap().IsLoopback()
}
