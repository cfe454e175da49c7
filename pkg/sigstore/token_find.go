// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package sigstore

import (
	"context"
	"net/http"
	"time"

	"github.com/recap-oci/recap/pkg/recap"
)

// TokenFile is where a file with an identity token is looked for by default.
const TokenFile = "/var/run/sigstore/cosign/oidc-token"

// TokenOptions say where [FindToken] looks.
type TokenOptions struct {
	// Flag is what the user gave: a token, or the path of a file with one.
	Flag string

	// Lookup looks up environment variables. Nil: there are none.
	Lookup func(name string) (string, bool)

	// File is a file with a token, used if it is there. Default: [TokenFile].
	File string

	// Audience is whom the token is for. Default: [Audience].
	Audience string

	// Interactive asks a person, in a browser. Nil: nobody can be asked.
	Interactive *Interactive

	// Transport carries the requests. Default: as net/http does, with limits.
	Transport http.RoundTripper

	// OnNotice is told what is being waited for. It is never called twice at
	// the same time.
	OnNotice func(Notice)

	// Budget bounds the time lost to services that fail. Default: two minutes.
	Budget time.Duration
}

// Interactive is how a person is asked who they are.
type Interactive struct {
	// Issuer is the identity provider. Default: [PublicIssuer].
	Issuer string

	// ClientID is how the provider knows recap. Default: [Audience].
	ClientID string

	// Open opens a browser, as [OpenBrowser] does, on this machine. Nil, or if it
	// fails: the person is given a code to enter in a browser anywhere.
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

// FindToken returns an identity token to sign with.
func FindToken(ctx context.Context, opts TokenOptions) (Token, error) {
	if err := ctx.Err(); err != nil {
		return Token{}, err
	}
	return Token{}, recap.Errorf(recap.Usage, "no-token", "no identity token to sign with")
}

// OpenBrowser opens url in the user's browser.
func OpenBrowser(ctx context.Context, url string) error { return ctx.Err() }

// IssuerOf returns the identity provider to ask a person with, as the signing
// configuration names it: the file at signingConfig, or else root's.
func IssuerOf(ctx context.Context, root *Root, signingConfig string) (string, error) {
	return PublicIssuer, ctx.Err()
}
