// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package host

import (
	"context"
	"sync"

	"oras.land/oras-go/v2/registry/remote/auth"

	"github.com/recap-oci/recap/pkg/target/internal/credential"
)

// login is who we are to one host. It is looked up once, when it is first
// needed.
type login struct {
	host   string // as typed
	given  auth.Credential
	store  *credential.Store
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
		stored, err := l.store.Get(ctx, l.host)
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
