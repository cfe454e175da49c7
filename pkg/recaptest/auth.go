// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package recaptest

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
)

const tokenPath = "/token"

// tokens are those issued and not expired, with what each allows.
type tokens struct {
	mu      sync.Mutex
	granted map[string][]grant
}

type grant struct {
	repository string
	actions    []string
}

// ExpireTokens makes every token worthless that was issued so far.
func (r *Registry) ExpireTokens() {
	r.tokens.mu.Lock()
	defer r.tokens.mu.Unlock()
	r.tokens.granted = nil
}

// admit reports whether req may go on; otherwise it has been answered.
func (r *Registry) admit(w http.ResponseWriter, req *http.Request) bool {
	switch {
	case r.opts.Token:
		repository, action := need(req)
		token, _ := strings.CutPrefix(req.Header.Get("Authorization"), "Bearer ")
		if r.tokens.allow(token, repository, action) {
			return true
		}
		challenge := fmt.Sprintf("Bearer realm=%q,service=%q", r.URL()+tokenPath, r.Host())
		if repository != "" {
			challenge += fmt.Sprintf(",scope=%q", "repository:"+repository+":"+action)
		}
		unauthorized(w, challenge)
		return false
	case r.opts.Username != "" || r.opts.Password != "":
		if r.known(req) {
			return true
		}
		unauthorized(w, `Basic realm="recaptest"`)
		return false
	}
	return true
}

// need says what the token of req must allow; distribution asks for the same.
func need(req *http.Request) (repository, action string) {
	rest, _ := strings.CutPrefix(req.URL.Path, "/v2/")
	for _, part := range []string{"/manifests/", "/blobs/", "/referrers/", "/tags/"} {
		if i := strings.LastIndex(rest, part); i > 0 {
			repository = rest[:i]
			break
		}
	}
	switch req.Method {
	case http.MethodGet, http.MethodHead:
		return repository, "pull"
	case http.MethodDelete:
		return repository, "delete"
	}
	return repository, "push"
}

func (t *tokens) allow(token, repository, action string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	grants, ok := t.granted[token]
	if !ok {
		return false
	}
	return repository == "" || slices.ContainsFunc(grants, func(g grant) bool {
		return g.repository == repository && slices.Contains(g.actions, action)
	})
}

// issueToken answers as https://distribution.github.io/distribution/spec/auth/token/ says.
func (r *Registry) issueToken(w http.ResponseWriter, req *http.Request) {
	known := r.known(req)
	if !known && (!r.opts.AnonymousPull || req.Header.Get("Authorization") != "") {
		unauthorized(w, `Basic realm="recaptest"`)
		return
	}
	var grants []grant
	for _, scope := range req.URL.Query()["scope"] {
		parts := strings.Split(scope, ":")
		if len(parts) != 3 || parts[0] != "repository" {
			continue
		}
		actions := strings.Split(parts[2], ",")
		if !known {
			actions = slices.DeleteFunc(actions, func(a string) bool { return a != "pull" })
		}
		grants = append(grants, grant{repository: parts[1], actions: actions})
	}
	token := rand.Text()
	r.tokens.mu.Lock()
	if r.tokens.granted == nil {
		r.tokens.granted = map[string][]grant{}
	}
	r.tokens.granted[token] = grants
	r.tokens.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"token": token, "expires_in": 300})
}

// known reports whether req carries the user name and password.
func (r *Registry) known(req *http.Request) bool {
	user, password, ok := req.BasicAuth()
	return ok && user == r.opts.Username && password == r.opts.Password
}

func unauthorized(w http.ResponseWriter, challenge string) {
	w.Header().Set("WWW-Authenticate", challenge)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusUnauthorized)
	_, _ = w.Write([]byte(`{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}`))
}
