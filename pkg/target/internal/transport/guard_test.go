// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package transport

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"testing"
)

func TestGuard(t *testing.T) {
	const (
		public, private, loopback, link, metadata = "93.184.216.34", "10.1.2.3", "127.0.0.1", "169.254.169.254", "100.100.100.200"
	)
	for _, tt := range []struct {
		registry, target string
		allowed          bool
	}{
		{public, public, true}, {public, private, false}, {public, loopback, false}, {public, link, false}, {public, metadata, false},
		{public, "100.64.0.1", false}, {public, "192.168.0.1", false}, {public, "::1", false}, {public, "fd00::1", false},
		{public, "fe80::1", false}, {public, "::ffff:10.0.0.1", false}, {public, "::ffff:127.0.0.1", false}, {public, "0.0.0.0", false}, {public, "::", false},
		{public, "2606:2800:220:1::1", true},
		{private, public, true}, {private, private, true}, {private, "100.64.0.1", true}, {private, loopback, false}, {private, link, false}, {private, metadata, false},
		{loopback, public, true}, {loopback, private, true}, {loopback, loopback, true}, {loopback, link, false}, {loopback, metadata, false},
		{"", public, true}, {"", private, false}, {"", loopback, false},
		{public, "64:ff9b::a9fe:a9fe", false}, {public, "64:ff9b::10.0.0.1", false}, {private, "64:ff9b::a9fe:a9fe", false}, {public, "64:ff9b::93.184.216.34", true},
		{public, "168.63.129.16", false}, {private, "168.63.129.16", false},
		{private, "fd00:ec2::254", false}, {private, "fd00:ec2::23", false}, {private, "fd20:ce::254", false}, {private, "fd00:c1::a9fe:a9fe", false},
	} {
		g := newGuard("registry.example.com")
		if tt.registry != "" {
			a := netip.MustParseAddr(tt.registry)
			g.found.Store(&a)
		}
		if err := g.check(netip.MustParseAddr(tt.target)); (err == nil) != tt.allowed {
			t.Errorf("registry at %s points to %s: %v", tt.registry, tt.target, err)
		}
	}
}

// A registry outside doesn't get inside by letting its name lead there as well.
func TestGuardKeepsTheMostPublic(t *testing.T) {
	const public, private, loopback = "93.184.216.34", "10.1.2.3", "127.0.0.1"
	for _, tt := range []struct {
		reached []string
		target  string
		allowed bool
	}{
		{[]string{public, private}, private, false}, {[]string{private, public}, private, false}, {[]string{public, private, private}, private, false},
		{[]string{public, loopback}, loopback, false}, {[]string{loopback, public}, private, false}, {[]string{loopback, private}, loopback, false},
		{[]string{loopback, private}, private, true}, {[]string{private, private}, private, true}, {[]string{private, loopback}, private, true},
	} {
		g := newGuard("registry.example.com")
		for _, a := range tt.reached {
			g.reached(netip.MustParseAddr(a))
		}
		if err := g.check(netip.MustParseAddr(tt.target)); (err == nil) != tt.allowed {
			t.Errorf("registry at %s points to %s: %v", tt.reached, tt.target, err)
		}
	}
}

// A name is judged by the address that is dialled.
func TestGuardDials(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	g := newGuard("registry.example.com")
	if conn, err := g.dial(t.Context(), "tcp", "localhost:"+port); err == nil {
		conn.Close()
		t.Error("a name that means this machine was dialled for a registry elsewhere")
	}
	if conn, err := g.dial(t.Context(), "tcp", l.Addr().String()); err == nil {
		conn.Close()
		t.Error("an address of this machine was dialled for a registry elsewhere")
	}
	proxied := g.through(func(*http.Request) (*url.URL, error) { return url.Parse("http://LOCALHOST:" + port) })
	if _, err := proxied(nil); err != nil {
		t.Fatal(err)
	}
	conn, err := g.dial(t.Context(), "tcp", "localhost:"+port)
	if err != nil {
		t.Fatalf("the user's own proxy: %v", err)
	}
	conn.Close()
	g = newGuard("LOCALHOST")
	if conn, err = g.dial(t.Context(), "tcp", "localhost:"+port); err != nil {
		t.Fatalf("the registry itself: %v", err)
	}
	conn.Close()
	if conn, err = g.dial(t.Context(), "tcp", l.Addr().String()); err != nil {
		t.Fatalf("what a registry on this machine points to: %v", err)
	}
	conn.Close()
}
