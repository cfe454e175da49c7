// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package oidc

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/sigstore/internal/service"
)

// githubToken asks GitHub for the identity of the job that this is. ok is false
// if it is none, or one that may not have an identity.
// https://docs.github.com/en/actions/reference/security/oidc
func githubToken(ctx context.Context, c *service.Caller, opts TokenOptions) (token Token, ok bool, err error) {
	const who = "GitHub's token service"
	address, secret := opts.variable("ACTIONS_ID_TOKEN_REQUEST_URL"), opts.variable("ACTIONS_ID_TOKEN_REQUEST_TOKEN")
	if address == "" || secret == "" {
		return Token{}, false, nil
	}
	if err := service.Confidential(who, address); err != nil {
		return Token{}, false, err
	}
	u, err := url.Parse(address)
	if err != nil {
		return Token{}, false, recap.Errorf(recap.Usage, "bad-service", "the address in ACTIONS_ID_TOKEN_REQUEST_URL makes no sense")
	}
	query := u.Query()
	query.Set("audience", opts.Audience)
	u.RawQuery = query.Encode()

	got, err := c.Ask(ctx, service.Request{
		Service: who,
		URLs:    []string{u.String()},
		Method:  http.MethodGet,
		Header:  map[string]string{"Authorization": "Bearer " + secret, "Accept": "application/json"},
		Redact:  hide(secret),
	})
	if err != nil {
		return Token{}, false, deniedToken(err, "the job needs the permission, permissions: {id-token: write}, and what it asks with is good while it runs; or sign with a key: --key")
	}
	var parsed struct {
		Value string `json:"value"`
	}
	if err := json.Unmarshal(got.Body, &parsed); err != nil || parsed.Value == "" {
		return Token{}, false, service.BadAnswer(who, got.URL, "its answer has no token")
	}
	token, err = NewToken(parsed.Value, "GitHub Actions")
	return token, err == nil, err
}

// deniedToken adds a hint to the refusal of a CI service's token service.
func deniedToken(err error, hint string) error {
	if refused, ok := errors.AsType[*recap.Error](err); ok && refused.Kind == recap.Denied && refused.Hint == "" {
		_ = refused.WithHint("%s", hint)
	}
	return err
}

// hide returns a function that takes a secret out of a text.
func hide(secret string) func(string) string {
	return func(text string) string { return strings.ReplaceAll(text, secret, "(secret)") }
}
