// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/sigstore/oidc"
)

// consent asks before a person's identity is published for the first time: a
// signature with an identity stands in a log that everybody can read and nobody
// can take it out of. A yes is remembered, for that identity.
func (e *env) consent(ctx context.Context, token oidc.Token) error {
	issuer, subject, ok := token.Identity()
	if !ok {
		issuer, subject = token.Issuer(), "who the "+token.String()+" says you are"
	}
	line := safe(subject) + " " + safe(issuer)
	if slices.Contains(e.published(), line) {
		return nil
	}
	fmt.Fprintf(e.stderr, "Signing publishes for ever, in a log that everybody can read:\n  %s\n  by the word of %s, and what is signed, and when\n", safe(subject), safe(issuer))
	yes, err := e.confirm(ctx, "Publish it?")
	if err != nil {
		return err
	}
	if !yes {
		return recap.Errorf(recap.Negative, "not-confirmed", "nothing was signed or published").
			WithHint("sign with a key instead, which publishes nothing: --key recap.key; recap key generate makes one")
	}
	e.remember(line)
	return nil
}

// publishedPath is the list of identities that the user has agreed to publish.
func (e *env) publishedPath() (string, error) {
	dir, err := e.stateDir()
	return filepath.Join(dir, "published"), err
}

// published returns the identities agreed to. What can't be read is asked about
// once more.
func (e *env) published() []string {
	path, err := e.publishedPath()
	if err != nil {
		return nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	return strings.Split(string(text), "\n")
}

func (e *env) remember(line string) {
	path, err := e.publishedPath()
	if err == nil {
		err = os.MkdirAll(filepath.Dir(path), 0o700)
	}
	if err == nil {
		var f *os.File
		if f, err = os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600); err == nil {
			_, err = fmt.Fprintln(f, line)
			err = errors.Join(err, f.Close())
		}
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		e.warn("this will be asked again: %v", err)
	}
}
