// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package host

import (
	"crypto/tls"
	"errors"
	"net"
	"testing"

	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/target/internal/transport"
)

func TestDiagnoseNames(t *testing.T) {
	h := New("h.example", Options{TLS: &tls.Config{MinVersion: tls.VersionTLS12}})
	notFound := &net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: "h.example", IsNotFound: true}}
	slow := &net.OpError{Op: "dial", Err: &net.DNSError{Err: "server misbehaving", Name: "h.example", IsTemporary: true}}
	for _, tt := range []struct {
		err   error
		code  string
		again bool
	}{
		{notFound, "dns", false},
		{slow, "dns", true},
		{&transport.ProxyError{Proxy: "p:1", Status: 407}, "proxy", false},
		{&transport.ProxyError{Proxy: "p:1", Status: 502}, "proxy", true},
		{&net.OpError{Op: "proxyconnect", Err: errors.New("refused")}, "proxy", true},
		{transport.ErrStalled, "stalled", true},
		{transport.ErrInternal, "redirect-refused", false},
		{errors.New("http2: stream closed"), "connection", true},
	} {
		f := h.Diagnose(t.Context(), Operation{What: "x"}, tt.err)
		if f.err == nil || f.err.Code != tt.code || f.Again != tt.again || f.err.Kind != recap.Unavailable {
			t.Errorf("%v: %+v", tt.err, f)
		}
	}
}
