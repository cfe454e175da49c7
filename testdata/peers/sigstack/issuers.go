// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// The issuers whose names policies spell out. Only this process resolves them
// to itself, so certificates carry the very issuer that real ones do.
const (
	gitHubIssuer = "https://token.actions.githubusercontent.com"
	gitLabIssuer = "https://gitlab.com"
)

// requestToken is what a GitHub-style job must present to be given a token.
const requestToken = "a-job-of-this-workflow"

// issuers are the OpenID Connect providers: one for people, whose address is
// its name, and those of two continuous integration services.
type issuers struct {
	key    *rsa.PrivateKey
	signer jose.Signer
	base   string // where they really are
}

func newIssuers(base string) (*issuers, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: key}, (&jose.SignerOptions{}).WithHeader("kid", "1"))
	if err != nil {
		return nil, err
	}
	return &issuers{key: key, signer: signer, base: base}, nil
}

// people is the issuer of e-mail identities.
func (i *issuers) people() string { return i.base + "/people" }

// fulcioConfig says which issuers Fulcio believes, and how it reads them.
func (i *issuers) fulcioConfig() []byte {
	type issuer struct{ IssuerURL, ClientID, Type string }
	text, err := json.Marshal(map[string]any{"OIDCIssuers": map[string]issuer{
		i.people():   {i.people(), "sigstore", "email"},
		gitHubIssuer: {gitHubIssuer, "sigstore", "github-workflow"},
		gitLabIssuer: {gitLabIssuer, "sigstore", "gitlab-pipeline"},
	}})
	if err != nil {
		panic(err) // strings
	}
	return text
}

// register adds the issuers to mux, and to http.DefaultTransport, which Fulcio
// asks with.
func (i *issuers) register(mux *http.ServeMux) {
	for path, name := range map[string]string{"/people": i.people(), "/github": gitHubIssuer, "/gitlab": gitLabIssuer} {
		mux.HandleFunc("GET "+path+"/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
			answer(w, map[string]any{
				"issuer": name, "jwks_uri": i.base + "/keys",
				"authorization_endpoint": i.base + "/authorize", "token_endpoint": i.base + "/token",
				"response_types_supported": []string{"code"}, "subject_types_supported": []string{"public"},
				"id_token_signing_alg_values_supported": []string{"RS256"},
			})
		})
	}
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: i.key.Public(), KeyID: "1", Algorithm: "RS256", Use: "sig"}}})
	})
	// A person's token: /people/token?email=dev@example.com. An hour old and
	// unusable: &expired=1.
	mux.HandleFunc("GET /people/token", func(w http.ResponseWriter, r *http.Request) {
		now := time.Now()
		if r.URL.Query().Get("expired") != "" {
			now = now.Add(-time.Hour)
		}
		email := r.URL.Query().Get("email")
		fmt.Fprint(w, i.mint(i.people(), email, audience(r), now, map[string]any{"email": email, "email_verified": true}))
	})
	// A job's token, as GitHub's runners ask for it: what they put into
	// ACTIONS_ID_TOKEN_REQUEST_URL has a query already.
	mux.HandleFunc("GET /github/token", func(w http.ResponseWriter, r *http.Request) {
		if scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " "); !strings.EqualFold(scheme, "bearer") || token != requestToken {
			http.Error(w, "this is no job", http.StatusUnauthorized)
			return
		}
		claims := gitHubClaims(r.URL.Query())
		subject := fmt.Sprintf("repo:%s:ref:%s", claims["repository"], claims["ref"])
		answer(w, map[string]string{"value": i.mint(gitHubIssuer, subject, audience(r), time.Now(), claims)})
	})
	// A pipeline's token, which GitLab puts into SIGSTORE_ID_TOKEN.
	mux.HandleFunc("GET /gitlab/token", func(w http.ResponseWriter, r *http.Request) {
		claims := gitLabClaims(r.URL.Query())
		subject := fmt.Sprintf("project_path:%s:ref_type:branch:ref:%s", claims["project_path"], claims["ref"])
		fmt.Fprint(w, i.mint(gitLabIssuer, subject, audience(r), time.Now(), claims))
	})
	http.DefaultTransport = detour{http.DefaultTransport, map[string]string{
		strings.TrimPrefix(gitHubIssuer, "https://"): i.base + "/github",
		strings.TrimPrefix(gitLabIssuer, "https://"): i.base + "/gitlab",
	}}
}

func (i *issuers) mint(issuer, subject, audience string, now time.Time, claims map[string]any) string {
	all := map[string]any{"iss": issuer, "sub": subject, "aud": audience, "iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(10 * time.Minute).Unix()}
	for name, value := range claims {
		all[name] = value
	}
	token, err := jwt.Signed(i.signer).Claims(all).Serialize()
	if err != nil {
		panic(err) // the claims are strings and numbers
	}
	return token
}

// gitHubClaims are what GitHub says of a job. The query may ask for another
// repository, workflow, ref or sha.
func gitHubClaims(q url.Values) map[string]any {
	repository := orDefault(q, "repository", "acme/recaps")
	owner, _, _ := strings.Cut(repository, "/")
	ref := orDefault(q, "ref", "refs/tags/v1.0.0")
	sha := orDefault(q, "sha", "0123456789abcdef0123456789abcdef01234567")
	workflow := repository + "/.github/workflows/" + orDefault(q, "workflow", "publish.yml") + "@" + ref
	return map[string]any{
		"job_workflow_ref": workflow, "job_workflow_sha": sha, "workflow_ref": workflow, "workflow_sha": sha,
		"workflow": "publish", "repository": repository, "repository_id": "1001", "repository_owner": owner,
		"repository_owner_id": "1002", "repository_visibility": "public", "ref": ref, "sha": sha,
		"event_name": "push", "run_id": "1003", "run_attempt": "1", "runner_environment": "github-hosted",
	}
}

// gitLabClaims are what GitLab says of a pipeline.
func gitLabClaims(q url.Values) map[string]any {
	project := orDefault(q, "project", "acme/recaps")
	namespace, _, _ := strings.Cut(project, "/")
	sha := orDefault(q, "sha", "0123456789abcdef0123456789abcdef01234567")
	return map[string]any{
		"project_path": project, "project_id": "2001", "namespace_path": namespace, "namespace_id": "2002",
		"pipeline_source": "push", "pipeline_id": "2003", "job_id": "2004", "ref": "main", "ref_type": "branch", "sha": sha,
		"ci_config_ref_uri": "gitlab.com/" + project + "//.gitlab-ci.yml@refs/heads/main", "ci_config_sha": sha,
		"runner_id": 2005, "runner_environment": "gitlab-hosted", "project_visibility": "public",
	}
}

func orDefault(q url.Values, name, value string) string {
	if q.Has(name) {
		return q.Get(name)
	}
	return value
}

func audience(r *http.Request) string { return orDefault(r.URL.Query(), "audience", "sigstore") }

func answer(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(value)
}

// detour sends requests for some hosts elsewhere.
type detour struct {
	http.RoundTripper
	to map[string]string
}

func (d detour) RoundTrip(r *http.Request) (*http.Response, error) {
	if to, ok := d.to[r.URL.Host]; ok {
		u, err := url.Parse(to + r.URL.Path)
		if err != nil {
			return nil, err
		}
		r = r.Clone(r.Context())
		r.URL, r.Host = u, u.Host
	}
	return d.RoundTripper.RoundTrip(r)
}
