// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package oidc

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"github.com/recap-oci/recap/pkg/sigstore/internal/service"
)

// buildkiteToken asks Buildkite for the identity of the job that this is. ok is
// false if it is none.
// https://github.com/buildkite/agent/blob/v3.130.0/api/oidc.go
func buildkiteToken(ctx context.Context, c *service.Caller, opts TokenOptions) (token Token, ok bool, err error) {
	const who = "Buildkite's token service"
	secret, job := opts.variable("BUILDKITE_AGENT_ACCESS_TOKEN"), opts.variable("BUILDKITE_JOB_ID")
	if secret == "" || job == "" {
		return Token{}, false, nil
	}
	address := opts.variable("BUILDKITE_AGENT_ENDPOINT")
	if address == "" {
		address = "https://agent.buildkite.com/v3"
	}
	if err := service.Confidential(who, address); err != nil {
		return Token{}, false, err
	}
	body, err := json.Marshal(map[string]string{"audience": opts.Audience})
	if err != nil {
		return Token{}, false, err
	}
	got, err := c.Ask(ctx, service.Request{
		Service: who,
		URLs:    []string{strings.TrimSuffix(address, "/") + "/jobs/" + url.PathEscape(job) + "/oidc/tokens"},
		Method:  http.MethodPost,
		Header:  map[string]string{"Authorization": "Token " + secret, "Content-Type": "application/json", "Accept": "application/json"},
		Body:    body,
		Redact:  hide(secret),
	})
	if err != nil {
		return Token{}, false, deniedToken(err, "what the job asks with is good while it runs, for its own token; or sign with a key: --key")
	}
	var parsed struct {
		Token string `json:"token"`
	}
	if err := json.Unmarshal(got.Body, &parsed); err != nil || parsed.Token == "" {
		return Token{}, false, service.BadAnswer(who, got.URL, "its answer has no token")
	}
	token, err = NewToken(parsed.Token, "Buildkite")
	return token, err == nil, err
}
