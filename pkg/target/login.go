// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package target

import (
	"context"
	"errors"
	"net/http"
	"sync"

	"oras.land/oras-go/v2/registry/remote/auth"
	"oras.land/oras-go/v2/registry/remote/credentials"

	"github.com/recap-oci/recap/pkg/recap"
)

// login is who we are to one host. It is looked up once, when it is first
// needed.
type login struct {
	host   string // as typed
	given  auth.Credential
	store  *credentialStore
	secure bool // over TLS, or to this machine

	mu       sync.Mutex
	done     bool
	cred     auth.Credential
	err      error
	withheld bool
}

// get returns the credential, the empty one when there is none.
func (l *login) get(ctx context.Context) (auth.Credential, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.done {
		return l.cred, l.err
	}
	cred := l.given
	if cred == auth.EmptyCredential {
		stored, err := l.store.get(ctx, l.host)
		if err != nil {
			// A helper that hung once is not waited for again.
			l.done, l.err = ctx.Err() == nil, err
			return auth.EmptyCredential, err
		}
		// What was stored for TLS is not for everybody on the way to read.
		if stored != auth.EmptyCredential && !l.secure {
			l.withheld = true
			stored = auth.EmptyCredential
		}
		cred = stored
	}
	l.done, l.cred = true, cred
	return cred, nil
}

// likely reports whether there is a credential. A lookup that fails is
// reported when the registry asks for one; until then there may be no need.
func (l *login) likely(ctx context.Context) bool {
	cred, err := l.get(ctx)
	return err == nil && cred != auth.EmptyCredential
}

// user returns the name that was used, if any was.
func (l *login) user() (string, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.cred == auth.EmptyCredential:
		return "", false
	case l.cred.Username == "":
		return "the stored token", true
	}
	return l.cred.Username, true
}

func (l *login) withheldReason() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.withheld {
		return "the stored one is not sent in the clear"
	}
	return ""
}

// newCredential makes what auth.Client wants of a user name and a secret.
func newCredential(user, secret string) auth.Credential {
	if user == "" && secret != "" {
		return auth.Credential{RefreshToken: secret}
	}
	return auth.Credential{Username: user, Password: secret}
}

// Login checks user and secret against the registry and stores them in the
// first of Options.CredentialFiles: with the helper it names, in the clear
// otherwise, which is a Notice. An empty user makes secret an identity token.
//
// Errors: recap.Usage for a host that is none; recap.Denied when the registry
// does not accept them, or a helper fails; recap.Unavailable; recap.Local when
// they can't be stored.
func (c *Client) Login(ctx context.Context, hostname, user, secret string) error {
	name, err := ParseHost(hostname)
	if err != nil {
		return err
	}
	if secret == "" {
		return recap.Errorf(recap.Usage, "no-password", "no password given for %s", name).WithHint("pipe it in: --password-stdin")
	}
	cred := newCredential(user, secret)
	h := c.newHost(name, &login{host: name, given: cred, store: c.store, secure: true})
	defer h.closeIdle()
	resp, err := h.do(ctx, operation{
		what: "logging in to " + name, method: http.MethodGet, url: h.base.JoinPath("v2/"),
		accept: []int{http.StatusOK}, limit: recap.MaxErrorBody,
	})
	if err != nil {
		return err
	}
	if resp.Request.Header.Get("Authorization") == "" {
		c.notify.warn(name, name+" asks for no login, so the password could not be checked")
	}
	return c.store.put(ctx, name, cred, func() {
		c.notify.warn(name, "the password is stored in the clear in "+c.store.path()+"; a credential helper would keep it safe")
	})
}

// Logout forgets what Login stored.
//
// Errors: recap.Usage for a host that is none; recap.NotFound when nothing is
// stored; recap.Local when the file can't be changed.
func (c *Client) Logout(ctx context.Context, hostname string) error {
	name, err := ParseHost(hostname)
	if err != nil {
		return err
	}
	return c.store.remove(ctx, name)
}

// credentialStore reads and writes the files of docker and podman. A file is
// read anew for each use, since a login changes it, and not before a login is
// wanted: a broken one is no reason not to read a layout.
type credentialStore struct {
	files []string
	clock clock
}

func (s *credentialStore) open(file string, opts credentials.StoreOptions) (credentials.Store, error) {
	store, err := credentials.NewStore(file, opts)
	if err != nil {
		return nil, recap.Errorf(recap.Usage, "bad-credentials", "reading credentials: %s: %w", file, err).
			WithHint("mend or remove the file, or name another: --registry-config FILE")
	}
	return store, nil
}

func (s *credentialStore) path() string { return s.files[0] }

// address is the key under which docker keeps a host's credentials.
func address(host string) string {
	if host == "index.docker.io" {
		host = "docker.io"
	}
	return credentials.ServerAddressFromRegistry(host)
}

func (s *credentialStore) get(ctx context.Context, host string) (auth.Credential, error) {
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

// put stores cred; inClear is called when it is readable in the file.
func (s *credentialStore) put(ctx context.Context, host string, cred auth.Credential, inClear func()) error {
	if len(s.files) == 0 {
		return recap.Errorf(recap.Usage, "no-credential-file", "storing the login of %s: no credential file is known", host).
			WithHint("name one: --registry-config FILE")
	}
	for _, plain := range []bool{false, true} {
		store, err := s.open(s.path(), credentials.StoreOptions{AllowPlaintextPut: plain})
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

func (s *credentialStore) remove(ctx context.Context, host string) error {
	cred, err := s.get(ctx, host)
	if err != nil {
		return err
	}
	if cred == auth.EmptyCredential {
		return recap.Errorf(recap.NotFound, "not-logged-in", "no login of %s is stored", host)
	}
	store, err := s.open(s.path(), credentials.StoreOptions{})
	if err != nil {
		return err
	}
	if err := s.help(ctx, host, func(ctx context.Context) error { return store.Delete(ctx, address(host)) }); err != nil {
		return err
	}
	if cred, err = s.get(ctx, host); err != nil {
		return err
	}
	if cred != auth.EmptyCredential {
		return recap.Errorf(recap.Local, "still-logged-in", "a login of %s is left in a file that recap only reads", host).
			WithHint("remove it from one of %q", s.files[1:])
	}
	return nil
}
