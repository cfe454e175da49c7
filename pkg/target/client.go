// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package target

import (
	"context"
	"errors"
)

// Client opens Targets and is what they share: credentials, connections, the
// brake of each host.
type Client struct {
	opts Options
}

// NewClient returns a Client. It reads the files that opts names, and nothing
// from the network. Files that can't be read are recap.Local, files that make
// no sense recap.Usage.
func NewClient(opts Options) (*Client, error) { return &Client{opts: opts}, nil }

// Open opens a repository or an existing layout for reading.
func (c *Client) Open(ctx context.Context, ref Reference) (*Target, error) {
	return nil, errors.ErrUnsupported
}

// Create opens a repository for writing too, or a layout, which is made when
// it doesn't exist.
func (c *Client) Create(ctx context.Context, ref Reference) (*Target, error) {
	return nil, errors.ErrUnsupported
}

// Login checks user and secret against the registry and stores them in the
// first of Options.CredentialFiles: with the helper it names, in the clear
// otherwise, which is a Notice. An empty user makes secret an identity token.
func (c *Client) Login(ctx context.Context, host, user, secret string) error {
	return errors.ErrUnsupported
}

// Logout forgets what Login stored; recap.NotFound when there is nothing.
func (c *Client) Logout(ctx context.Context, host string) error { return errors.ErrUnsupported }
