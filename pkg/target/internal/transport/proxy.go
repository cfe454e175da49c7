// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package transport

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"github.com/recap-oci/recap/pkg/target/internal/printable"
)

// BehindProxyError is why no connection came about through a proxy.
type BehindProxyError struct {
	Proxy string
	Err   error
}

// Error is the reason's.
func (e *BehindProxyError) Error() string { return e.Err.Error() }

// Unwrap returns the reason.
func (e *BehindProxyError) Unwrap() error { return e.Err }

// ProxyError is a proxy's refusal to connect.
type ProxyError struct {
	Proxy  string
	Status int
}

// Error names the proxy, fit to print.
func (e *ProxyError) Error() string {
	return fmt.Sprintf("proxy %s answers %d %s", printable.Quote(e.Proxy), e.Status, http.StatusText(e.Status))
}

// proxyAnswered gives a proxy's refusal a type.
func proxyAnswered(_ context.Context, proxy *url.URL, _ *http.Request, resp *http.Response) error {
	if resp.StatusCode == http.StatusOK {
		return nil
	}
	return &ProxyError{Proxy: proxy.Host, Status: resp.StatusCode}
}
