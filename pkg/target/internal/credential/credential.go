// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

// Package credential keeps who we are to registries where docker and podman
// keep it: in their files, and in the credential helpers that those name.
package credential

import (
	"context"
	"errors"

	"oras.land/oras-go/v2/registry/remote/auth"
	"oras.land/oras-go/v2/registry/remote/credentials"

	"github.com/recap-oci/recap/pkg/internal/clock"
	"github.com/recap-oci/recap/pkg/recap"
)

// New makes what auth.Client wants of a user name and a secret.
func New(user, secret string) auth.Credential {
	if user == "" && secret != "" {
		return auth.Credential{RefreshToken: secret}
	}
	return auth.Credential{Username: user, Password: secret}
}

// Store reads and writes the files of docker and podman. A file is
// read anew for each use, since a login changes it, and not before a login is
// wanted: a broken one is no reason not to read a layout.
type Store struct {
	files []string
	clock clock.Clock
}

// NewStore returns what files hold, asked in this order. Nothing is read yet.
func NewStore(files []string, clk clock.Clock) *Store { return &Store{files: files, clock: clk} }

func (s *Store) open(file string, opts credentials.StoreOptions) (credentials.Store, error) {
	store, err := credentials.NewStore(file, opts)
	if err != nil {
		return nil, recap.Errorf(recap.Usage, "bad-credentials", "reading credentials: %s: %w", file, err).
			WithHint("mend or remove the file, or name another: --registry-config FILE")
	}
	return store, nil
}

// Path is the file that Put writes to.
func (s *Store) Path() string { return s.files[0] }

// address is the key under which docker keeps a host's credentials.
func address(host string) string {
	if host == "index.docker.io" {
		host = "docker.io"
	}
	return credentials.ServerAddressFromRegistry(host)
}

// Get returns the credential of host, the empty one when none is stored.
//
// Errors: recap.Usage for a file that can't be understood; recap.Denied for a
// helper that fails; recap.Local for a file that can't be read.
func (s *Store) Get(ctx context.Context, host string) (auth.Credential, error) {
	for _, file := range s.files {
		store, err := s.open(file, credentials.StoreOptions{})
		if err != nil {
			return auth.EmptyCredential, err
		}
		var cred auth.Credential
		err = s.help(ctx, host, func(ctx context.Context) (err error) {
			cred, err = store.Get(ctx, address(host))
			return err
		})
		if err != nil || cred != auth.EmptyCredential {
			return cred, err
		}
	}
	return auth.EmptyCredential, nil
}

// Put stores cred; inClear is called when it is readable in the file.
func (s *Store) Put(ctx context.Context, host string, cred auth.Credential, inClear func()) error {
	if len(s.files) == 0 {
		return recap.Errorf(recap.Usage, "no-credential-file", "storing the login of %s: no credential file is known", host).
			WithHint("name one: --registry-config FILE")
	}
	for _, plain := range []bool{false, true} {
		store, err := s.open(s.Path(), credentials.StoreOptions{AllowPlaintextPut: plain})
		if err != nil {
			return err
		}
		err = s.help(ctx, host, func(ctx context.Context) error { return store.Put(ctx, address(host), cred) })
		if !errors.Is(err, credentials.ErrPlaintextPutDisabled) {
			if err == nil && plain {
				inClear()
			}
			return err
		}
	}
	return nil
}

// Remove forgets what Put stored: recap.NotFound when that is nothing.
func (s *Store) Remove(ctx context.Context, host string) error {
	cred, err := s.Get(ctx, host)
	if err != nil {
		return err
	}
	if cred == auth.EmptyCredential {
		return recap.Errorf(recap.NotFound, "not-logged-in", "no login of %s is stored", host)
	}
	store, err := s.open(s.Path(), credentials.StoreOptions{})
	if err != nil {
		return err
	}
	if err := s.help(ctx, host, func(ctx context.Context) error { return store.Delete(ctx, address(host)) }); err != nil {
		return err
	}
	if cred, err = s.Get(ctx, host); err != nil {
		return err
	}
	if cred != auth.EmptyCredential {
		return recap.Errorf(recap.Local, "still-logged-in", "a login of %s is left in a file that recap only reads", host).
			WithHint("remove it from one of %q", s.files[1:])
	}
	return nil
}
