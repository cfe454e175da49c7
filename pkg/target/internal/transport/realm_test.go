// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package transport

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/recap-oci/recap/pkg/internal/clock"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/recaptest"
)

// What is at a private address is asked for a token only where the registry is
// private too, and this machine only where the registry is this machine.
func TestRealmByAddress(t *testing.T) {
	asked := 0
	service := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked++ }))
	defer service.Close()
	_, port, _ := strings.Cut(service.Listener.Addr().String(), ":")
	base, err := url.Parse("https://registry.example.com/")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		at      string // where the registry was reached
		inside  bool   // it may have a token service in its network
		allowed bool   // which may be here
	}{
		{"93.184.216.34", false, false},
		{"10.1.2.3", true, false},
		{"127.0.0.1", true, true},
	} {
		way := New(Options{
			Base: base, TLS: &tls.Config{InsecureSkipVerify: true}, Silence: time.Minute,
			Clock: clock.Of(recaptest.NewClock(0)), Moved: func() {},
			Proxy: func(*http.Request) (*url.URL, error) { return nil, nil },
		})
		way.guard.reached(netip.MustParseAddr(tt.at))
		challenge := `Bearer realm="https://localhost:` + port + `/token",service="s"`
		resp := &http.Response{Header: http.Header{"Www-Authenticate": {challenge}}}
		way.realms.rewrite(resp)
		got := resp.Header.Get("Www-Authenticate")
		if (got != challenge) != tt.inside {
			t.Errorf("at %s: %s becomes %s", tt.at, challenge, got)
		}
		if !tt.inside {
			continue
		}
		if realm := realmPattern().FindStringSubmatch(got); realm == nil || !strings.HasPrefix(realm[1], base.String()) {
			t.Fatalf("at %s: %s", tt.at, got)
		} else {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, realm[1], nil)
			if err != nil {
				t.Fatal(err)
			}
			before := asked
			resp, err := way.RoundTrip(req)
			if err == nil {
				resp.Body.Close()
			} else {
				recaptest.WantError(t, err, recap.Denied, "realm-refused")
			}
			if (err == nil) != tt.allowed || (asked != before) != tt.allowed {
				t.Errorf("at %s: %d requests, %v", tt.at, asked-before, err)
			}
		}
		way.CloseIdleConnections()
	}
}
