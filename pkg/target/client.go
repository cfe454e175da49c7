// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package target

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"os"
	"sync"

	"github.com/recap-oci/recap/pkg/internal/clock"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/target/internal/credential"
	"github.com/recap-oci/recap/pkg/target/internal/host"
	"github.com/recap-oci/recap/pkg/target/internal/repository"
)

// Client opens Targets and is what they share: credentials, connections, the
// brake of each host.
type Client struct {
	shared host.Options

	mu    sync.Mutex
	hosts map[string]*host.Host
}

// NewClient returns a Client. It reads the certificates that opts names, and
// nothing from the network. Files that can't be read are recap.Local, files
// that make no sense recap.Usage.
func NewClient(opts Options) (*Client, error) { return newClient(opts, opts.clock(), nil) }

// newClient returns a Client that goes by clk, and sends its requests to network
// if that is not nil.
func newClient(opts Options, clk clock.Clock, network http.RoundTripper) (*Client, error) {
	config, err := tlsConfig(opts)
	if err != nil {
		return nil, err
	}
	budget := opts.Budget
	if budget == nil {
		budget = &Budget{}
	}
	return &Client{
		shared: host.Options{
			PlainHTTP: opts.PlainHTTP, Authority: opts.CAFile != "", TLS: config,
			Username: opts.Username, Password: opts.Password,
			Credentials: credential.NewStore(opts.CredentialFiles, clk),
			UserAgent:   cmp.Or(opts.UserAgent, "recap"),
			Concurrency: opts.Concurrency,
			Silence:     cmp.Or(max(opts.Timeout, 0), defaultTimeout),
			Clock:       clk, Budget: &budget.standstill, Notices: opts.notices(),
			Proxy: opts.Proxy, Network: network,
		},
		hosts: map[string]*host.Host{},
	}, nil
}

// tlsConfig reads the certificates that opts names.
func tlsConfig(opts Options) (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: opts.InsecureUnsafe} // #nosec G402 -- said to be unsafe by its name
	if opts.CAFile != "" {
		pem, err := os.ReadFile(opts.CAFile)
		if err != nil {
			return nil, recap.Errorf(recap.Local, "unreadable", "reading the CA's certificate: %w", err)
		}
		roots, err := x509.SystemCertPool()
		if err != nil {
			roots = x509.NewCertPool()
		}
		if !roots.AppendCertsFromPEM(pem) {
			return nil, recap.Errorf(recap.Usage, "bad-certificate", "%s holds no certificate in PEM form", opts.CAFile)
		}
		config.RootCAs = roots
	}
	if (opts.CertFile == "") != (opts.KeyFile == "") {
		return nil, recap.Errorf(recap.Usage, "bad-certificate", "a client certificate and its key belong together").
			WithHint("give both --cert-file and --key-file")
	}
	if opts.CertFile != "" {
		pair, err := tls.LoadX509KeyPair(opts.CertFile, opts.KeyFile)
		if err != nil {
			return nil, recap.Errorf(recap.Usage, "bad-certificate", "client certificate %s with key %s: %w", opts.CertFile, opts.KeyFile, err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config, nil
}

// Open opens a repository or an existing layout for reading. A registry is not
// asked for anything yet, and login tokens will only allow to pull.
//
// A layout that doesn't exist is recap.NotFound.
func (c *Client) Open(ctx context.Context, ref Reference) (*Target, error) {
	return c.open(ctx, ref, false)
}

// Create opens a repository for writing too, or a layout, which is made when
// it doesn't exist. Login tokens are asked for pull and push at once.
func (c *Client) Create(ctx context.Context, ref Reference) (*Target, error) {
	return c.open(ctx, ref, true)
}

func (c *Client) open(ctx context.Context, ref Reference, write bool) (*Target, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if ref.IsLayout() {
		store, err := openLayout(ctx, ref, write)
		if err != nil {
			return nil, err
		}
		return &Target{store: store, ref: ref}, nil
	}
	if ref.Host == "" || ref.Repository == "" {
		return nil, bad("the reference is empty")
	}
	return &Target{store: repository.New(c.host(ref.Host), ref.Repository, write), ref: ref}, nil
}

// host returns what all Targets of one host share.
func (c *Client) host(name string) *host.Host {
	c.mu.Lock()
	defer c.mu.Unlock()
	h, ok := c.hosts[name]
	if !ok {
		h = host.New(name, c.shared)
		c.hosts[name] = h
	}
	return h
}

// Close closes the connections that nobody uses. Targets stay usable.
func (c *Client) Close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, h := range c.hosts {
		h.CloseIdle()
	}
}
