// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

// Package oidc finds the identity token that somebody signs with: in a variable,
// from a CI service, in a file, or by asking a person in a browser. Start at
// [FindToken]. A [Token] never shows itself, however it is printed; what it says
// is read without verifying it, which is for the certificate authority.
//
// Nothing is sent over lines that others can read, no redirect is followed, and
// no answer longer than a mebibyte is read.
package oidc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/sigstore/internal/service"
)

// TokenFile is where a file with an identity token is looked for by default.
const TokenFile = "/var/run/sigstore/cosign/oidc-token" //nolint:gosec // a path, not a secret

// Notice says that a service keeps FindToken waiting.
type Notice = service.Notice

// Clock tells the time and waits.
type Clock = service.Clock

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
	// the same time, nor after FindToken has returned.
	OnNotice func(Notice)

	// Budget bounds the time lost to services that fail. Default: two minutes.
	Budget time.Duration

	// Clock is what is gone and waited by. Default: the system's.
	Clock Clock
}

// FindToken returns an identity token to sign with, from the first of: what the
// user gave, the variable SIGSTORE_ID_TOKEN, GitHub Actions, Buildkite, a file,
// a person in a browser. What is there and doesn't work is an error; the next
// is not tried, so that nobody signs as somebody else than they think. In CI no
// person is asked.
//
// Errors are of kind recap.Usage (bad-token, no-token, no-token-permission),
// recap.NotFound for a File that isn't there, recap.Unavailable when a provider
// stays away, and recap.Denied when it, or the person, refuses.
func FindToken(ctx context.Context, opts TokenOptions) (Token, error) {
	if err := ctx.Err(); err != nil {
		return Token{}, err
	}
	if opts.Audience == "" {
		opts.Audience = Audience
	}
	c := service.New(service.Options{Transport: opts.Transport, OnNotice: opts.OnNotice, Budget: opts.Budget, Clock: opts.Clock})

	if opts.Flag != "" {
		return givenToken(opts.Flag)
	}
	if raw := opts.variable("SIGSTORE_ID_TOKEN"); raw != "" {
		return NewToken(raw, "SIGSTORE_ID_TOKEN")
	}
	if token, ok, err := githubToken(ctx, c, opts); ok || err != nil {
		return token, err
	}
	if token, ok, err := buildkiteToken(ctx, c, opts); ok || err != nil {
		return token, err
	}
	if token, ok, err := fileToken(opts.File); ok || err != nil {
		return token, err
	}
	if err := opts.inCI(); err != nil {
		return Token{}, err
	}
	if opts.Interactive == nil {
		return Token{}, recap.Errorf(recap.Usage, "no-token", "signing with an identity: there is no identity token, and nobody can be asked").
			WithHint("set SIGSTORE_ID_TOKEN, pass --identity-token FILE, or sign with a key: --key")
	}
	return opts.Interactive.token(ctx, c)
}

// variable returns an environment variable without white space around it; a
// variable that isn't set is empty.
func (o TokenOptions) variable(name string) string {
	if o.Lookup == nil {
		return ""
	}
	value, _ := o.Lookup(name)
	return strings.TrimSpace(value)
}

// givenToken reads what the user gave: a token or a file. Errors don't quote
// it, since it may be a token that was cut off.
func givenToken(given string) (Token, error) {
	const source = "--identity-token"
	given = strings.TrimSpace(given)
	if _, err := parseToken(given); err == nil || strings.HasPrefix(given, "eyJ") {
		return NewToken(given, source) // {" in base64: no file is called so
	}
	raw, err := readToken(given)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Token{}, recap.Errorf(recap.Usage, "no-token", "what %s names is neither a token nor a file that is there", source).
			WithHint("pass the token itself, or the path of a file with it")
	case err != nil:
		return Token{}, recap.Errorf(recap.Local, "io", "reading the file that %s names: %w", source, err)
	}
	return NewToken(raw, source)
}

// fileToken reads the token in a file. ok is false if path is empty and there
// is no file at the default one.
func fileToken(path string) (token Token, ok bool, err error) {
	optional := path == ""
	if optional {
		path = TokenFile
	}
	raw, err := readToken(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && optional:
		return Token{}, false, nil
	case errors.Is(err, fs.ErrNotExist):
		return Token{}, false, recap.Errorf(recap.NotFound, "no-token", "there is no identity token at %q", path)
	case err != nil:
		return Token{}, false, recap.Errorf(recap.Local, "io", "reading the identity token at %q: %w", path, err)
	}
	token, err = NewToken(raw, fmt.Sprintf("%q", path))
	return token, err == nil, err
}

// readToken reads a file. Its errors don't name it.
func readToken(path string) (string, error) {
	raw, err := func() ([]byte, error) {
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		return io.ReadAll(io.LimitReader(f, maxToken+1))
	}()
	if wrapped, ok := errors.AsType[*fs.PathError](err); ok {
		err = wrapped.Err
	}
	return string(raw), err
}

// inCI returns an error if this is a CI job, which says how to get a token
// there. A job has no person to ask, and mustn't wait for one.
func (o TokenOptions) inCI() error {
	missing := func(code, format string, args ...any) *recap.Error {
		return recap.Errorf(recap.Usage, code, "signing with an identity: "+format, args...)
	}
	switch {
	case o.variable("GITHUB_ACTIONS") != "":
		return missing("no-token-permission", "this job of GitHub Actions may not get an identity token").
			WithHint("give it the permission in the workflow: permissions: {id-token: write}")
	case o.variable("GITLAB_CI") != "":
		return missing("no-token", "this GitLab job has no identity token").
			WithHint("ask for one in .gitlab-ci.yml: id_tokens: {SIGSTORE_ID_TOKEN: {aud: %s}}", Audience)
	case o.variable("CIRCLECI") != "":
		return missing("no-token", "this CircleCI job has no identity token for Sigstore").
			WithHint(`get one: export SIGSTORE_ID_TOKEN="$(circleci run oidc get --claims '{"aud":"%s"}')"`, Audience)
	}
	for _, name := range []string{"CI", "BUILDKITE", "TF_BUILD", "JENKINS_URL", "TEAMCITY_VERSION"} {
		if value := o.variable(name); value != "" && value != "false" && value != "0" {
			return missing("no-token", "this is a CI job (%s is set), and it has no identity token", name).
				WithHint("set SIGSTORE_ID_TOKEN, pass --identity-token FILE, or sign with a key: --key")
		}
	}
	return nil
}
