// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package oidc_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/sigstore/internal/sigstoretest"
	"github.com/recap-oci/recap/pkg/sigstore/oidc"
)

// part encodes a part of a JSON Web Token.
func part(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

func TestTokenIdentity(t *testing.T) {
	github := map[string]any{"iss": "https://token.actions.githubusercontent.com", "sub": "repo:acme/app:ref:refs/heads/main", "email": nil,
		"job_workflow_ref": "acme/app/.github/workflows/rel.yml@refs/heads/main"}
	tests := []struct {
		name            string
		claims          map[string]any
		issuer, subject string // empty: no forecast
	}{
		{"e-mail", nil, "https://issuer.test", "somebody@example.com"},
		{"e-mail, verified as text", map[string]any{"email_verified": "true"}, "https://issuer.test", "somebody@example.com"},
		{"e-mail through Sigstore's provider", map[string]any{"iss": oidc.PublicIssuer, "federated_claims": map[string]any{"connector_id": "https://accounts.google.com"}},
			"https://accounts.google.com", "somebody@example.com"},
		{"unverified e-mail", map[string]any{"email_verified": false}, "", ""},
		{"e-mail that says nothing of being verified", map[string]any{"email_verified": nil}, "", ""},
		{"GitHub", github, "https://token.actions.githubusercontent.com", "https://github.com/acme/app/.github/workflows/rel.yml@refs/heads/main"},
		{"GitLab", map[string]any{"iss": "https://gitlab.com", "email": nil, "ci_config_ref_uri": "gitlab.com/acme/app//.gitlab-ci.yml@refs/heads/main"},
			"https://gitlab.com", "https://gitlab.com/acme/app//.gitlab-ci.yml@refs/heads/main"},
		{"GitLab, of a user with an e-mail", map[string]any{"iss": "https://gitlab.com", "ci_config_ref_uri": "gitlab.com/acme/app//.gitlab-ci.yml@refs/heads/main"},
			"https://gitlab.com", "https://gitlab.com/acme/app//.gitlab-ci.yml@refs/heads/main"},
		{"Buildkite", map[string]any{"iss": "https://agent.buildkite.com", "email": nil, "organization_slug": "acme", "pipeline_slug": "release"},
			"https://agent.buildkite.com", "https://buildkite.com/acme/release"},
		{"Buildkite without a pipeline", map[string]any{"email": nil, "organization_slug": "acme"}, "", ""},
		{"a service account", map[string]any{"email": nil}, "", ""},
		{"claims of strange types", map[string]any{"email": nil, "job_workflow_ref": 7, "email_verified": []any{}, "federated_claims": map[string]any{"connector_id": 1}}, "", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			token, err := oidc.NewToken(sigstoretest.Token(t, test.claims), "a test")
			if err != nil {
				t.Fatal(err)
			}
			issuer, subject, ok := token.Identity()
			if issuer != test.issuer || subject != test.subject || ok != (test.subject != "") {
				t.Errorf("got %q, %q, %v, want %q, %q", issuer, subject, ok, test.issuer, test.subject)
			}
		})
	}
}

func TestNewTokenRefuses(t *testing.T) {
	header, claims, signature := part(`{"alg":"RS256"}`), part(`{"iss":"i","sub":"s"}`), part("x")
	for _, test := range []struct{ name, raw, text string }{
		{"nothing", " \n", "empty"},
		{"a password", "hunter2", "not a JSON Web Token"},
		{"two parts", header + "." + claims, "not a JSON Web Token"},
		{"four parts", header + "." + claims + "." + signature + ".", "not a JSON Web Token"},
		{"no signature", header + "." + claims + ".", "not a JSON Web Token"},
		{"a file's name", "a.b.c", "not a JSON Web Token"},
		{"a header without algorithm", part("{}") + "." + claims + "." + signature, "not a JSON Web Token"},
		{"claims that are no JSON", header + "." + part("{") + "." + signature, "claims can't be read"},
		{"claims that are a list", header + "." + part("[]") + "." + signature, "claims can't be read"},
		{"a date that is a text", header + "." + part(`{"iss":"i","sub":"s","exp":"tomorrow"}`) + "." + signature, "claims can't be read"},
		{"an audience that is a number", header + "." + part(`{"iss":"i","sub":"s","aud":1}`) + "." + signature, "claims can't be read"},
		{"no issuer", header + "." + part(`{"sub":"s"}`) + "." + signature, "who issued it"},
		{"no subject", header + "." + part(`{"iss":"i"}`) + "." + signature, "who issued it"},
		{"too much", header + "." + claims + "." + strings.Repeat("x", 64<<10), "larger than"},
	} {
		t.Run(test.name, func(t *testing.T) {
			token, err := oidc.NewToken(test.raw, "a test")
			sigstoretest.WantError(t, err, recap.Usage, "bad-token", test.text, "from a test")
			if token.Issuer() != "" {
				t.Error("got a token beside the error")
			}
			if len(test.raw) > 3 && strings.Contains(sigstoretest.Text(err), test.raw) {
				t.Errorf("error %q quotes the token", sigstoretest.Text(err))
			}
		})
	}
}

// However it is printed, a token is not seen.
func TestTokenHidesItself(t *testing.T) {
	raw := sigstoretest.Token(t, nil)
	token, err := oidc.NewToken("  "+raw+"\n", "a test")
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("got", "token", token)
	encoded, err := json.Marshal(map[string]any{"token": token, "pointer": &token})
	if err != nil {
		t.Fatal(err)
	}
	seen := log.String() + string(encoded)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%T"} {
		seen += fmt.Sprintf(verb, token) + fmt.Sprintf(verb, &token) + fmt.Sprintf(verb, []any{token, struct{ T oidc.Token }{token}})
	}
	for _, piece := range strings.Split(raw, ".")[1:] {
		if strings.Contains(seen, piece) || strings.Contains(seen, fmt.Sprintf("%x", piece)) {
			t.Errorf("the token is seen in %q", seen)
		}
	}
	if !strings.Contains(seen, "identity token from a test") {
		t.Errorf("nothing tells where the token is from: %q", seen)
	}
	if got := time.Until(token.Expiry()); got < 50*time.Minute || got > time.Hour {
		t.Errorf("expires in %s, want an hour", got)
	}
}

func FuzzNewToken(f *testing.F) {
	f.Add(part(`{"alg":"RS256"}`) + "." + part(`{"iss":"i","sub":"s","aud":["a"],"exp":1e300,"email":"e","email_verified":"true","federated_claims":{"connector_id":"c"}}`) + ".x")
	f.Add(part(`{"alg":"none"}`) + "." + part(`{"iss":"i","sub":"s","exp":-1,"job_workflow_ref":{}}`) + ".x")
	f.Add("...")
	f.Add("         a           ")
	f.Fuzz(func(t *testing.T, raw string) {
		token, err := oidc.NewToken(raw, "a test")
		if err != nil {
			if secret := strings.TrimSpace(raw); len(secret) > 20 && strings.Contains(sigstoretest.Text(err), secret) {
				t.Errorf("error %q quotes the token", sigstoretest.Text(err))
			}
			return
		}
		if token.Issuer() == "" {
			t.Error("a token without issuer")
		}
		if issuer, subject, ok := token.Identity(); ok && (issuer == "" || subject == "") {
			t.Errorf("half a forecast: %q, %q", issuer, subject)
		}
		if token.Expiry().Year() > 99999 {
			t.Errorf("expires %s", token.Expiry())
		}
	})
}
