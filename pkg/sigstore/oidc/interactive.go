// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package oidc

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/sigstore/internal/phrase"
	"github.com/recap-oci/recap/pkg/sigstore/internal/service"
)

// Interactive is how a person is asked who they are.
type Interactive struct {
	// Issuer is the identity provider. Default: [PublicIssuer].
	Issuer string

	// ClientID is how the provider knows recap. Default: [Audience].
	ClientID string

	// Open opens a browser on this machine, as [OpenBrowser] does. Nil, or if it
	// fails: the person is given a code to enter in a browser anywhere, if the
	// provider knows that way, and else a page to open on this machine.
	Open func(ctx context.Context, url string) error

	// Show tells the person where to go. It has to be set.
	Show func(Prompt)
}

// Prompt asks a person to go to a page.
type Prompt struct {
	URL    string    // the page; from outside, print it escaped
	Code   string    // to enter there; empty when a browser was opened
	Expiry time.Time // until when; zero: not said
}

// PublicIssuer is the identity provider of Sigstore's public instance.
const PublicIssuer = "https://oauth2.sigstore.dev/auth"

const oidcService = "the identity provider"

// provider is what an identity provider says about itself.
// https://openid.net/specs/openid-connect-discovery-1_0.html
type provider struct {
	Issuer        string   `json:"issuer"`
	Authorization string   `json:"authorization_endpoint"`
	Token         string   `json:"token_endpoint"`
	Device        string   `json:"device_authorization_endpoint"`
	Challenges    []string `json:"code_challenge_methods_supported"`
	clientID      string
}

// token asks the person.
func (i *Interactive) token(ctx context.Context, c *service.Caller) (Token, error) {
	if i.Show == nil {
		return Token{}, recap.Errorf(recap.Usage, "no-token", "signing with an identity: there is no way to tell a person where to log in")
	}
	issuer, clientID := i.Issuer, i.ClientID
	if issuer == "" {
		issuer = PublicIssuer
	}
	if clientID == "" {
		clientID = Audience
	}
	p, err := discover(ctx, c, issuer)
	if err != nil {
		return Token{}, err
	}
	p.clientID = clientID
	if i.Open == nil && p.Device != "" {
		return i.byCode(ctx, c, p)
	}
	return i.inBrowser(ctx, c, p)
}

func discover(ctx context.Context, c *service.Caller, issuer string) (provider, error) {
	if err := service.Confidential(oidcService, issuer); err != nil {
		return provider{}, err
	}
	got, err := c.Ask(ctx, service.Request{
		Service: oidcService,
		URLs:    []string{strings.TrimSuffix(issuer, "/") + "/.well-known/openid-configuration"},
		Method:  http.MethodGet,
		Header:  service.AcceptJSON(),
	})
	if err != nil {
		return provider{}, err
	}
	var p provider
	if err := json.Unmarshal(got.Body, &p); err != nil {
		return provider{}, service.BadAnswer(oidcService, got.URL, "its description of itself is none: %s", phrase.Short(err.Error()))
	}
	if p.Issuer != issuer {
		return provider{}, service.BadAnswer(oidcService, got.URL, "it says that it is %q", phrase.Short(p.Issuer))
	}
	endpoints := []string{p.Authorization, p.Token}
	if p.Device != "" {
		endpoints = append(endpoints, p.Device)
	}
	for _, address := range endpoints {
		if err := service.Confidential(oidcService, address); err != nil {
			return provider{}, err
		}
	}
	if len(p.Challenges) > 0 && !slices.Contains(p.Challenges, "S256") {
		return provider{}, service.BadAnswer(oidcService, got.URL, "it can't tell who asked for a token (PKCE with S256)")
	}
	return p, nil
}

// proof is a secret of whoever asks for a token, and what is said of it before.
// https://www.rfc-editor.org/rfc/rfc7636
type proof struct{ verifier, challenge string }

func newProof() proof {
	verifier := rand.Text() + rand.Text()
	sum := sha256.Sum256([]byte(verifier))
	return proof{verifier, base64.RawURLEncoding.EncodeToString(sum[:])}
}

// exchange asks the token endpoint. Failure, which the caller waits out or
// explains, is the error that the provider names; the answer is then empty.
func (p provider) exchange(ctx context.Context, c *service.Caller, form url.Values) (raw, failure string, err error) {
	secrets := append(slices.Clone(form["code"]), append(form["device_code"], form["code_verifier"]...)...)
	got, err := c.Ask(ctx, service.Request{
		Service: oidcService,
		URLs:    []string{p.Token},
		Method:  http.MethodPost,
		Header:  map[string]string{"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"},
		Body:    []byte(form.Encode()),
		Pass:    []int{http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden},
		Redact: func(text string) string {
			for _, secret := range secrets {
				text = strings.ReplaceAll(text, secret, "(secret)")
			}
			return text
		},
	})
	if err != nil {
		return "", "", err
	}
	var parsed struct {
		IDToken string `json:"id_token"`
		Error   string `json:"error"`
	}
	if err := json.Unmarshal(got.Body, &parsed); err != nil || parsed.IDToken == "" && parsed.Error == "" {
		return "", "", service.BadAnswer(oidcService, got.URL, "its answer has no identity token")
	}
	if parsed.Error != "" {
		return "", phrase.Short(parsed.Error), nil
	}
	return parsed.IDToken, "", nil
}

// accept checks that a token answers what was asked. It came straight from the
// provider over TLS, which stands for its signature; Fulcio verifies that.
// https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation
func (p provider) accept(raw, nonce string) (Token, error) {
	token, err := NewToken(raw, p.Issuer)
	if err != nil {
		return Token{}, err
	}
	switch {
	case token.Issuer() != p.Issuer:
		return Token{}, service.BadAnswer(oidcService, p.Token, "its token is of another issuer, %q", phrase.Short(token.Issuer()))
	case !token.IsFor(p.clientID):
		return Token{}, service.BadAnswer(oidcService, p.Token, "its token is not for %q", p.clientID)
	case nonce != "" && token.claims.Nonce != nonce:
		return Token{}, service.BadAnswer(oidcService, p.Token, "its token answers another question")
	}
	return token, nil
}

// refusal explains why no token was given.
func (p provider) refusal(failure string) error {
	switch failure {
	case "access_denied":
		return recap.Errorf(recap.Denied, "login-refused", "%s at %s: the login was refused", oidcService, service.PlainAddress(p.Issuer))
	case "expired_token":
		return recap.Errorf(recap.Denied, "login-expired", "%s at %s: nobody logged in in time", oidcService, service.PlainAddress(p.Issuer)).
			WithHint("run it again, and enter the code at once")
	default:
		return recap.Errorf(recap.Denied, "login-refused", "%s at %s refuses: %s", oidcService, service.PlainAddress(p.Issuer), failure)
	}
}
