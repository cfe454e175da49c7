// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package oidc_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/sigstore/internal/sigstoretest"
	"github.com/recap-oci/recap/pkg/sigstore/oidc"
)

func environment(variables map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		value, ok := variables[name]
		return value, ok
	}
}

var (
	githubVariables = map[string]string{"CI": "true", "GITHUB_ACTIONS": "true",
		"ACTIONS_ID_TOKEN_REQUEST_URL": "https://github.test/token?api-version=2.0", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "request-secret"}
	buildkiteVariables = map[string]string{"CI": "true", "BUILDKITE": "true",
		"BUILDKITE_AGENT_ACCESS_TOKEN": "agent-secret", "BUILDKITE_JOB_ID": "0192/x", "BUILDKITE_AGENT_ENDPOINT": "https://buildkite.test/v3/"}
)

// ambient answers as the token services of GitHub and Buildkite do, with a
// token for whom one was asked for.
func ambient(t *testing.T) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Host == "github.test" && r.Method == http.MethodGet && r.Header.Get("Authorization") == "Bearer request-secret" && r.URL.Query().Get("api-version") == "2.0":
			sigstoretest.AnswerJSON(t, w, map[string]any{"count": 1, "value": sigstoretest.Token(t, map[string]any{"aud": r.URL.Query().Get("audience"), "sub": "github"})})
		case r.URL.Host == "buildkite.test" && r.Method == http.MethodPost && r.Header.Get("Authorization") == "Token agent-secret" && r.URL.EscapedPath() == "/v3/jobs/0192%2Fx/oidc/tokens":
			var body struct {
				Audience string `json:"audience"`
			}
			if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
				t.Error(err)
			}
			sigstoretest.AnswerJSON(t, w, map[string]any{"token": sigstoretest.Token(t, map[string]any{"aud": body.Audience, "sub": "buildkite"})})
		default:
			t.Errorf("request %s %s", r.Method, r.URL)
			http.Error(w, "no", http.StatusTeapot)
		}
	}
}

// TestFindToken: the first of all sources that is there.
func TestFindToken(t *testing.T) {
	file := sigstoretest.File(t, sigstoretest.Token(t, map[string]any{"iss": "https://file.test"})+"\n")
	flag := sigstoretest.Token(t, map[string]any{"iss": "https://flag.test"})
	variable := sigstoretest.Token(t, map[string]any{"iss": "https://variable.test"})
	with := func(sets ...map[string]string) map[string]string {
		all := map[string]string{}
		for _, set := range sets {
			for name, value := range set {
				all[name] = value
			}
		}
		return all
	}
	here := map[string]string{"SIGSTORE_ID_TOKEN": variable}
	tests := []struct {
		name         string
		flag         string
		variables    map[string]string
		file, source string
	}{
		{"a token from the user, before everything", flag, with(here, githubVariables), file, "--identity-token"},
		{"a file from the user", file, with(here, githubVariables), file, "--identity-token"},
		{"the variable, before CI", "", with(here, githubVariables, buildkiteVariables), file, "SIGSTORE_ID_TOKEN"},
		{"the variable, in GitLab", "", with(here, map[string]string{"GITLAB_CI": "true"}), "", "SIGSTORE_ID_TOKEN"},
		{"GitHub, before Buildkite", "", with(githubVariables, buildkiteVariables), file, "GitHub Actions"},
		{"Buildkite, before a file", "", buildkiteVariables, file, "Buildkite"},
		{"a file", "", nil, file, `"` + file + `"`},
		{"a file in CI", "", map[string]string{"CI": "true"}, file, `"` + file + `"`},
		{"an empty variable counts as none", "", with(githubVariables, map[string]string{"SIGSTORE_ID_TOKEN": " "}), "", "GitHub Actions"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			token, err := oidc.FindToken(t.Context(), oidc.TokenOptions{
				Flag: test.flag, Lookup: environment(test.variables), File: test.file, Transport: sigstoretest.OneService{Handler: ambient(t)}, Interactive: nobody(t),
			})
			if err != nil {
				t.Fatal(sigstoretest.Text(err))
			}
			if token.Source() != test.source {
				t.Errorf("got a token from %q, want %q", token.Source(), test.source)
			}
		})
	}
}

// nobody is a person who must not be asked.
func nobody(t *testing.T) *oidc.Interactive {
	return &oidc.Interactive{
		Open: func(context.Context, string) error { t.Error("a browser was opened"); return nil },
		Show: func(oidc.Prompt) { t.Error("a person was asked") },
	}
}

// What is there and doesn't work is not passed over, and in CI no person is asked.
func TestFindTokenRefuses(t *testing.T) {
	good := sigstoretest.File(t, sigstoretest.Token(t, nil))
	secret := "eyJhbGciOiJSUzI1NiJ9.truncated"
	dir := t.TempDir()
	without := func(variables map[string]string, names ...string) map[string]string {
		rest := map[string]string{}
		for name, value := range variables {
			rest[name] = value
		}
		for _, name := range names {
			delete(rest, name)
		}
		return rest
	}
	edit := func(variables map[string]string, name, value string) map[string]string {
		rest := without(variables)
		rest[name] = value
		return rest
	}
	tests := []struct {
		name      string
		flag      string
		variables map[string]string
		file      string
		answer    http.HandlerFunc
		kind      recap.Kind
		code      string
		text      string
	}{
		{name: "a token that was cut off", flag: secret, file: good, kind: recap.Usage, code: "bad-token", text: "--identity-token"},
		{name: "a file that is not there", flag: filepath.Join(dir, "none"), file: good, kind: recap.Usage, code: "no-token", text: "neither a token nor a file"},
		{name: "a file without a token", flag: sigstoretest.File(t, "hello"), file: good, kind: recap.Usage, code: "bad-token", text: "not a JSON Web Token"},
		{name: "a directory", flag: dir, file: good, kind: recap.Local, code: "io", text: "--identity-token"},
		{name: "a large file", flag: sigstoretest.File(t, strings.Repeat("x", 100<<10)), file: good, kind: recap.Usage, code: "bad-token", text: "larger than"},
		{name: "a bad variable", variables: map[string]string{"SIGSTORE_ID_TOKEN": "changeme"}, file: good, kind: recap.Usage, code: "bad-token", text: "SIGSTORE_ID_TOKEN"},
		{name: "a token file that is not there", file: filepath.Join(dir, "none"), kind: recap.NotFound, code: "no-token", text: "none"},
		{name: "a token file without a token", file: sigstoretest.File(t, "{}"), kind: recap.Usage, code: "bad-token", text: "not a JSON Web Token"},

		{name: "GitHub refuses", variables: githubVariables, file: good, answer: sigstoretest.Status(403, "no permission for request-secret"), kind: recap.Denied, code: "service-refused", text: "no permission for (secret)"},
		{name: "GitHub knows no such job", variables: githubVariables, file: good, answer: sigstoretest.Status(401, "no"), kind: recap.Denied, code: "service-refused", text: "id-token: write"},
		{name: "GitHub answers nothing", variables: githubVariables, file: good, answer: sigstoretest.Says(200, "{}"), kind: recap.Unavailable, code: "bad-answer", text: "GitHub"},
		{name: "GitHub answers a page", variables: githubVariables, file: good, answer: sigstoretest.Says(200, "<html>"), kind: recap.Unavailable, code: "bad-answer", text: "GitHub"},
		{name: "GitHub answers no token", variables: githubVariables, file: good, answer: sigstoretest.Says(200, `{"value":"x"}`), kind: recap.Usage, code: "bad-token", text: "GitHub Actions"},
		{name: "GitHub points elsewhere", variables: githubVariables, file: good, answer: sigstoretest.Status(302, "", "Location", "https://elsewhere.test"), kind: recap.Usage, code: "bad-service", text: "elsewhere.test"},
		{name: "GitHub in the clear", variables: edit(githubVariables, "ACTIONS_ID_TOKEN_REQUEST_URL", "http://github.test/token"), file: good, kind: recap.Usage, code: "insecure-service", text: "https"},
		{name: "GitHub at no address", variables: edit(githubVariables, "ACTIONS_ID_TOKEN_REQUEST_URL", "::"), file: good, kind: recap.Usage, code: "bad-service", text: "GitHub"},
		{name: "Buildkite refuses", variables: buildkiteVariables, file: good, answer: sigstoretest.Status(401, "agent-secret is wrong"), kind: recap.Denied, code: "service-refused", text: "(secret) is wrong"},
		{name: "Buildkite answers nothing", variables: buildkiteVariables, file: good, answer: sigstoretest.Says(201, "[]"), kind: recap.Unavailable, code: "bad-answer", text: "Buildkite"},
		{name: "Buildkite in the clear", variables: edit(buildkiteVariables, "BUILDKITE_AGENT_ENDPOINT", "http://buildkite.test"), file: good, kind: recap.Usage, code: "insecure-service", text: "https"},

		{name: "a GitHub job without permission", variables: without(githubVariables, "ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"), kind: recap.Usage, code: "no-token-permission", text: "id-token: write"},
		{name: "half of what GitHub gives", variables: without(githubVariables, "ACTIONS_ID_TOKEN_REQUEST_TOKEN"), kind: recap.Usage, code: "no-token-permission", text: "id-token: write"},
		{name: "a GitLab job", variables: map[string]string{"GITLAB_CI": "true", "CI": "true"}, kind: recap.Usage, code: "no-token", text: "id_tokens: {SIGSTORE_ID_TOKEN: {aud: sigstore}}"},
		{name: "a CircleCI job", variables: map[string]string{"CIRCLECI": "true"}, kind: recap.Usage, code: "no-token", text: "circleci run oidc get"},
		{name: "a Buildkite job without access", variables: without(buildkiteVariables, "BUILDKITE_AGENT_ACCESS_TOKEN"), kind: recap.Usage, code: "no-token", text: "SIGSTORE_ID_TOKEN"},
		{name: "a Jenkins job", variables: map[string]string{"JENKINS_URL": "https://jenkins.test"}, kind: recap.Usage, code: "no-token", text: "JENKINS_URL"},
		{name: "any CI job", variables: map[string]string{"CI": "1"}, kind: recap.Usage, code: "no-token", text: "CI is set"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			answer := test.answer
			if answer == nil {
				answer = func(_ http.ResponseWriter, r *http.Request) { t.Errorf("request to %s", r.URL) }
			}
			_, err := oidc.FindToken(t.Context(), oidc.TokenOptions{
				Flag: test.flag, Lookup: environment(test.variables), File: test.file, Transport: sigstoretest.OneService{Handler: answer}, Interactive: nobody(t),
			})
			sigstoretest.WantError(t, err, test.kind, test.code, test.text)
			for _, hidden := range []string{secret, "request-secret", "agent-secret", "changeme"} {
				if strings.Contains(sigstoretest.Text(err), hidden) {
					t.Errorf("error %q shows a secret", sigstoretest.Text(err))
				}
			}
		})
	}
}

// Without CI and without anybody to ask, there is no token.
func TestFindTokenNobody(t *testing.T) {
	for _, variables := range []map[string]string{nil, {"CI": "false"}, {"CI": "0"}, {"CI": ""}} {
		_, err := oidc.FindToken(t.Context(), oidc.TokenOptions{Lookup: environment(variables)})
		sigstoretest.WantError(t, err, recap.Usage, "no-token", "--identity-token")
	}
	_, err := oidc.FindToken(t.Context(), oidc.TokenOptions{})
	sigstoretest.WantError(t, err, recap.Usage, "no-token")
	_, err = oidc.FindToken(t.Context(), oidc.TokenOptions{Interactive: &oidc.Interactive{}})
	sigstoretest.WantError(t, err, recap.Usage, "no-token", "no way to tell a person")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := oidc.FindToken(ctx, oidc.TokenOptions{Flag: sigstoretest.Token(t, nil)}); !errors.Is(err, context.Canceled) {
		t.Errorf("got error %v, want %v", err, context.Canceled)
	}
}

// Token services fail now and then, and the audience is the caller's.
func TestFindTokenRetries(t *testing.T) {
	for name, variables := range map[string]map[string]string{"GitHub Actions": githubVariables, "Buildkite": buildkiteVariables} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				calls, notices := 0, 0
				answer := ambient(t)
				token, err := oidc.FindToken(t.Context(), oidc.TokenOptions{
					Lookup: environment(variables), Audience: "some body & co", OnNotice: func(n oidc.Notice) {
						if strings.Contains(n.String(), "api-version") {
							t.Errorf("the notice shows the whole address: %s", n)
						}
						notices++
					},
					Transport: sigstoretest.OneService{Handler: func(w http.ResponseWriter, r *http.Request) {
						if calls++; calls <= 2 {
							_, _ = io.Copy(io.Discard, r.Body)
							w.WriteHeader(http.StatusServiceUnavailable)
							return
						}
						answer(w, r)
					}},
				})
				if err != nil {
					t.Fatal(sigstoretest.Text(err))
				}
				if token.Source() != name || calls != 3 || notices != 2 {
					t.Errorf("got a token from %q after %d calls and %d notices", token.Source(), calls, notices)
				}
			})
		})
	}
}
