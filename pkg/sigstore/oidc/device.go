// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package oidc

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"time"

	"github.com/recap-oci/recap/pkg/sigstore/internal/service"
)

const (
	defaultInterval = 5 * time.Second
	longestInterval = time.Minute
	longestLogin    = 15 * time.Minute // that a person is waited for
)

// byCode gives the person a code to enter in a browser, on any machine, and
// asks until they have. https://www.rfc-editor.org/rfc/rfc8628
func (i *Interactive) byCode(ctx context.Context, c *service.Caller, p provider) (Token, error) {
	proof := newProof()
	form := url.Values{
		"client_id":             {p.clientID},
		"scope":                 {"openid email"},
		"code_challenge":        {proof.challenge},
		"code_challenge_method": {"S256"},
	}
	got, err := c.Ask(ctx, service.Request{
		Service: oidcService,
		URLs:    []string{p.Device},
		Method:  http.MethodPost,
		Header:  map[string]string{"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"},
		Body:    []byte(form.Encode()),
	})
	if err != nil {
		return Token{}, err
	}
	var device struct {
		Code     string `json:"device_code"`
		UserCode string `json:"user_code"`
		URL      string `json:"verification_uri"`
		FullURL  string `json:"verification_uri_complete"`
		Interval int64  `json:"interval"`
		Expires  int64  `json:"expires_in"`
	}
	if err := json.Unmarshal(got.Body, &device); err != nil || device.Code == "" || device.UserCode == "" || device.URL == "" {
		return Token{}, service.BadAnswer(oidcService, got.URL, "its answer has no code to enter")
	}
	interval, patience := defaultInterval, longestLogin
	if device.Interval > 0 && device.Interval <= int64(longestInterval/time.Second) {
		interval = time.Duration(device.Interval) * time.Second
	}
	if device.Expires > 0 && device.Expires < int64(longestLogin/time.Second) {
		patience = time.Duration(device.Expires) * time.Second
	}
	deadline := c.Now().Add(patience)
	page := device.FullURL
	if page == "" {
		page = device.URL
	}
	i.Show(Prompt{URL: page, Code: device.UserCode, Expiry: deadline})

	for {
		if deadline.Sub(c.Now()) < interval {
			return Token{}, p.refusal("expired_token")
		}
		if err := c.Sleep(ctx, interval); err != nil {
			return Token{}, err
		}
		raw, failure, err := p.exchange(ctx, c, url.Values{
			"grant_type":    {"urn:ietf:params:oauth:grant-type:device_code"},
			"device_code":   {device.Code},
			"client_id":     {p.clientID},
			"scope":         {"openid email"},
			"code_verifier": {proof.verifier},
		})
		switch {
		case err != nil:
			return Token{}, err
		case failure == "":
			return p.accept(raw, "")
		case failure == "slow_down":
			interval = min(interval+defaultInterval, longestInterval)
		case failure != "authorization_pending":
			return Token{}, p.refusal(failure)
		}
	}
}
