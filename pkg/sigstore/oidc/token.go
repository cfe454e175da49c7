// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package oidc

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/recap-oci/recap/pkg/recap"
)

// maxToken bounds an identity token. Those of CI services have 1 to 4 KiB.
const maxToken = 64 << 10

// Audience is whom Fulcio wants an identity token to be addressed to, and the
// client that Sigstore's identity providers know.
const Audience = "sigstore"

// Token is an identity token of OpenID Connect: whoever holds it can sign in
// somebody's name until it expires. It therefore never shows itself, however it
// is printed or encoded. What it says is read without verifying it, to tell
// people what will be signed; Fulcio verifies it.
type Token struct {
	raw    string
	source string
	claims tokenClaims
}

// tokenClaims are the claims that the identity in a certificate is made of.
type tokenClaims struct {
	Issuer        string      `json:"iss"`
	Subject       string      `json:"sub"`
	Audience      audience    `json:"aud"`
	Expiry        numericDate `json:"exp"`
	Nonce         string      `json:"nonce"`
	Email         string      `json:"email"`
	EmailVerified looseBool   `json:"email_verified"`
	Federated     federated   `json:"federated_claims"`
	WorkflowRef   looseString `json:"job_workflow_ref"`  // GitHub
	ConfigRef     looseString `json:"ci_config_ref_uri"` // GitLab
	Organization  looseString `json:"organization_slug"` // Buildkite
	Pipeline      looseString `json:"pipeline_slug"`     // Buildkite
}

type federated struct {
	Connector looseString `json:"connector_id"`
}

// NewToken parses an identity token. Source says where it came from, for
// people. A text that is no JSON Web Token is refused with recap.Usage.
func NewToken(raw, source string) (Token, error) {
	raw = strings.TrimSpace(raw)
	claims, err := parseToken(raw)
	if err != nil {
		return Token{}, recap.Errorf(recap.Usage, "bad-token", "the identity token from %s is %w", source, err).
			WithHint("an identity token is a JSON Web Token: three parts with dots between them")
	}
	return Token{raw: raw, source: source, claims: claims}, nil
}

// parseToken reads the claims of a JSON Web Token, whose errors never quote it.
func parseToken(raw string) (tokenClaims, error) {
	if raw == "" {
		return tokenClaims{}, errors.New("empty")
	}
	if len(raw) > maxToken {
		return tokenClaims{}, fmt.Errorf("larger than %d bytes", maxToken)
	}
	parts := strings.Split(raw, ".")
	if len(parts) != 3 || parts[2] == "" {
		return tokenClaims{}, errors.New("not a JSON Web Token")
	}
	var header struct {
		Algorithm string `json:"alg"`
	}
	if err := decodePart(parts[0], &header); err != nil || header.Algorithm == "" {
		return tokenClaims{}, errors.New("not a JSON Web Token")
	}
	var claims tokenClaims
	if err := decodePart(parts[1], &claims); err != nil {
		return tokenClaims{}, errors.New("a JSON Web Token whose claims can't be read")
	}
	if claims.Issuer == "" || claims.Subject == "" {
		return tokenClaims{}, errors.New("a JSON Web Token that doesn't say who issued it to whom")
	}
	return claims, nil
}

func decodePart(part string, into any) error {
	raw, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		return err
	}
	return json.Unmarshal(raw, into)
}

// Source says where the token came from: "GitHub Actions".
func (t Token) Source() string { return t.source }

// Issuer returns who issued the token.
func (t Token) Issuer() string { return t.claims.Issuer }

// Expiry returns until when the token can be used; zero if it doesn't say.
func (t Token) Expiry() time.Time { return t.claims.Expiry.Time }

// Identity forecasts the issuer and subject of a certificate for the token: as
// Fulcio's public instance makes them of an e-mail address, and of the tokens
// of GitHub, GitLab and Buildkite. ok is false for every other token. It is
// what will be published, unless the instance was set up otherwise.
func (t Token) Identity() (issuer, subject string, ok bool) {
	c := t.claims
	switch {
	case c.WorkflowRef != "":
		return c.Issuer, "https://github.com/" + string(c.WorkflowRef), true
	case c.ConfigRef != "":
		return c.Issuer, "https://" + string(c.ConfigRef), true
	case c.Organization != "" && c.Pipeline != "":
		return c.Issuer, "https://buildkite.com/" + string(c.Organization) + "/" + string(c.Pipeline), true
	case c.Email != "" && bool(c.EmailVerified):
		// Sigstore's own provider passes on whom the address was proved to.
		if c.Federated.Connector != "" {
			return string(c.Federated.Connector), c.Email, true
		}
		return c.Issuer, c.Email, true
	default:
		return "", "", false
	}
}

// Audience returns whom the token is addressed to.
func (t Token) Audience() []string { return slices.Clone(t.claims.Audience) }

// Secret returns the token itself, for the one who is to believe it.
func (t Token) Secret() string { return t.raw }

// IsFor reports whether the token is addressed to name.
func (t Token) IsFor(name string) bool { return slices.Contains(t.claims.Audience, name) }

// IsZero reports whether t is no token at all.
func (t Token) IsZero() bool { return t.raw == "" }

// String returns where the token came from, not the token.
func (t Token) String() string { return "identity token from " + t.source }

// GoString does the same for %#v.
func (t Token) GoString() string { return "oidc.Token{" + t.String() + "}" }

// Format does the same for every other verb.
func (t Token) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(t.String())) }

// MarshalText does the same for JSON and logs.
func (t Token) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// Redact takes the token out of a text that a service answered with.
func (t Token) Redact(text string) string {
	if t.IsZero() {
		return text
	}
	text = strings.ReplaceAll(text, t.raw, "(token)")
	for _, part := range strings.Split(t.raw, ".")[1:] {
		text = strings.ReplaceAll(text, part, "(token)")
	}
	return text
}

// The claims of identity providers come in several JSON types.

type audience []string

func (a *audience) UnmarshalJSON(raw []byte) error {
	var one string
	if json.Unmarshal(raw, &one) == nil {
		*a = audience{one}
		return nil
	}
	return json.Unmarshal(raw, (*[]string)(a))
}

type numericDate struct{ time.Time }

func (d *numericDate) UnmarshalJSON(raw []byte) error {
	var seconds float64
	if err := json.Unmarshal(raw, &seconds); err != nil {
		return err
	}
	if seconds > 0 && seconds < 1<<40 {
		d.Time = time.Unix(int64(seconds), 0).UTC()
	}
	return nil
}

type looseBool bool

func (b *looseBool) UnmarshalJSON(raw []byte) error {
	*b = string(raw) == "true" || string(raw) == `"true"`
	return nil
}

// looseString is a claim that is only a forecast's: another type is none.
type looseString string

func (s *looseString) UnmarshalJSON(raw []byte) error {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		*s = looseString(text)
	}
	return nil
}
