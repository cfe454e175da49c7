// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package target

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"os"
	"sync"
	"time"

	"github.com/recap-oci/recap/pkg/recap"
)

// Client opens Targets and is what they share: credentials, connections, the
// brake of each host.
type Client struct {
	opts   Options
	tls    *tls.Config
	store  *credentialStore
	notify *notifier
	clock  clock
	budget *Budget

	mu    sync.Mutex
	hosts map[string]*host
}

// NewClient returns a Client. It reads the certificates that opts names, and
// nothing from the network. Files that can't be read are recap.Local, files
// that make no sense recap.Usage.
func NewClient(opts Options) (*Client, error) { return newClient(opts, clockOf(opts.Clock)) }

func newClient(opts Options, clk clock) (*Client, error) {
	config, err := tlsConfig(opts)
	if err != nil {
		return nil, err
	}
	budget := opts.Budget
	if budget == nil {
		budget = &Budget{}
	}
	return &Client{
		opts:   opts,
		tls:    config,
		store:  &credentialStore{files: opts.CredentialFiles, clock: clk},
		notify: newNotifier(opts.OnNotice),
		clock:  clk,
		budget: budget,
		hosts:  map[string]*host{},
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
	return &Target{store: newRepository(c.host(ref.Host), ref.Repository, write), ref: ref}, nil
}

// host returns what all Targets of one host share.
func (c *Client) host(name string) *host {
	c.mu.Lock()
	defer c.mu.Unlock()
	h, ok := c.hosts[name]
	if !ok {
		creds := &login{host: name, given: newCredential(c.opts.Username, c.opts.Password), store: c.store}
		h = c.newHost(name, creds)
		creds.secure = h.base.Scheme == "https" || isLoopback(h.base.Host)
		c.hosts[name] = h
	}
	return h
}

// Close closes the connections that nobody uses. Targets stay usable.
func (c *Client) Close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, h := range c.hosts {
		h.closeIdle()
	}
}

func (c *Client) silence() time.Duration {
	if c.opts.Timeout > 0 {
		return c.opts.Timeout
	}
	return 30 * time.Second
}

func (c *Client) userAgent() string {
	if c.opts.UserAgent != "" {
		return c.opts.UserAgent
	}
	return "recap"
}
