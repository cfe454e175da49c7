// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/sigstore"
	"github.com/recap-oci/recap/pkg/sigstore/oidc"
	"github.com/recap-oci/recap/pkg/sigstore/trustroot"
	"github.com/recap-oci/recap/pkg/trust"
)

// signFlags say who signs: the owner of a key, or whoever an identity provider
// says this is.
type signFlags struct {
	key           string
	token         string
	signingConfig string
	root          rootFlags
	issuer        string
	clientID      string
	yes           bool
	dryRun        bool // nothing is signed: nothing is asked
}

func (f *signFlags) register(flags *pflag.FlagSet) {
	flags.StringVar(&f.key, "key", "", "sign with this private key: `FILE`, env://NAME or a KMS address; default: with your identity")
	flags.StringVar(&f.token, "identity-token", "", "identity `TOKEN`, or a file with one; default: SIGSTORE_ID_TOKEN, the CI service's, else a browser")
	flags.StringVar(&f.signingConfig, "signing-config", "", "the services to sign with: a Sigstore signing config in `FILE`")
	f.root.register(flags)
	flags.StringVar(&f.issuer, "oidc-issuer", "", "identity provider to ask in a browser: `URL`; default: as the signing config says")
	flags.StringVar(&f.clientID, "oidc-client-id", "", "`ID` that it knows recap by (default sigstore)")
	flags.BoolVarP(&f.yes, "yes", "y", false, "don't ask before an identity is published")
}

// given returns the first flag that only means something when signing.
func (f *signFlags) given() string {
	for flag, value := range map[string]string{"--key": f.key, "--identity-token": f.token, "--signing-config": f.signingConfig, "--oidc-issuer": f.issuer} {
		if value != "" {
			return flag
		}
	}
	return ""
}

// sealer returns what signs a root and makes the attestations of predicates,
// and what the signatures are read back with. Whatever can be known to keep it
// from finishing, it finds here, before anything is uploaded or published: a
// trusted root that can't be loaded, no services, no token, no consent.
func (f *signFlags) sealer(ctx context.Context, e *env, predicates ...trust.Predicate) (*trust.Sealer, error) {
	if f.key != "" {
		for _, other := range [][2]string{{"--identity-token", f.token}, {"--oidc-issuer", f.issuer}, {"--oidc-client-id", f.clientID}} {
			if other[1] != "" {
				return nil, contradiction("--key", other[0])
			}
		}
	}
	root, err := f.instance(e)
	if err != nil {
		return nil, err
	}
	signer, err := f.signer(ctx, e, root)
	if err != nil {
		return nil, err
	}
	if !f.dryRun {
		if err := settle(ctx, signer, root); err != nil {
			if f.key == "" && errors.Is(err, recap.Unavailable) {
				err = alternatively(err, "sign with a key, which asks nobody: --key recap.key")
			}
			return nil, err
		}
	}
	return trust.NewSealer(signer, sigstore.NewVerifier(sigstore.VerifierOptions{Root: root}), predicates...)
}

// settle has the signer say who it will sign as, for which it needs its services
// and a token, and loads the root where the signatures are verified under it.
func settle(ctx context.Context, signer trust.Signer, root *trustroot.Root) error {
	authority, err := signer.Authority(ctx)
	if err != nil {
		return err
	}
	if authority.Key != nil {
		if need := authority.Required(); need.TLog == 0 && need.Timestamps == 0 {
			return nil
		}
	}
	return root.Load(ctx)
}

func (f *signFlags) signer(ctx context.Context, e *env, root *trustroot.Root) (trust.Signer, error) {
	if f.key != "" {
		opts := e.keyOptions()
		opts.SigningConfig, opts.OnNotice, opts.Clock = f.signingConfig, e.signingNotice, e.clock
		return sigstore.LoadSigner(ctx, f.key, opts)
	}
	return sigstore.NewKeylessSigner(sigstore.KeylessOptions{
		Root:          root,
		SigningConfig: f.signingConfig,
		Token: func(ctx context.Context) (oidc.Token, error) {
			if err := root.Load(ctx); err != nil { // before somebody is asked in vain
				return oidc.Token{}, err
			}
			return f.findToken(ctx, e, root)
		},
		OnNotice: e.signingNotice,
		Clock:    e.clock,
	})
}

// instance returns the root of the Sigstore instance to sign with: of the flag,
// else of the user's policy, else the public one.
func (f *signFlags) instance(e *env) (*trustroot.Root, error) {
	if f.root.path != "" || f.key != "" {
		return f.root.open(e, nil), nil
	}
	policy, err := e.policy("")
	if err != nil {
		return nil, err
	}
	return f.root.open(e, policy), nil
}

// signingNotice says what signing waits for.
func (e *env) signingNotice(n sigstore.Notice) {
	fmt.Fprintf(e.stderr, "waiting: %s\n", safe(strings.TrimPrefix(n.String(), "waiting for ")))
}

// findToken returns a token of whoever signs. A person at a terminal is asked in
// a browser if there is no other, and once before their identity is published.
func (f *signFlags) findToken(ctx context.Context, e *env, root *trustroot.Root) (oidc.Token, error) {
	opts := oidc.TokenOptions{Flag: f.token, Lookup: e.lookup, OnNotice: e.signingNotice, Clock: e.clock}
	token, err := oidc.FindToken(ctx, opts)
	var known *recap.Error
	if e.ttyIn && f.token == "" && errors.As(err, &known) && known.Code == "no-token" {
		if opts.Interactive, err = f.interactive(ctx, e, root); err != nil {
			return oidc.Token{}, err
		}
		token, err = oidc.FindToken(ctx, opts)
	}
	if err != nil {
		return oidc.Token{}, err
	}
	if !e.ttyIn || f.yes {
		return token, nil
	}
	return token, e.consent(ctx, token)
}

// interactive is how to ask a person who they are.
func (f *signFlags) interactive(ctx context.Context, e *env, root *trustroot.Root) (*oidc.Interactive, error) {
	how := &oidc.Interactive{Issuer: f.issuer, ClientID: f.clientID, Open: oidc.OpenBrowser, Show: e.showPrompt}
	if f.issuer == "" {
		var err error
		if how.Issuer, err = sigstore.IssuerOf(ctx, root, f.signingConfig, e.now()); err != nil {
			return nil, err
		}
	}
	return how, nil
}

// showPrompt tells a person where to say who they are.
func (e *env) showPrompt(p oidc.Prompt) {
	until := ""
	if !p.Expiry.IsZero() {
		until = fmt.Sprintf(" (until %s)", p.Expiry.Local().Format(time.TimeOnly))
	}
	if p.Code == "" {
		fmt.Fprintf(e.stderr, "your browser asks who you are; if it doesn't, open%s:\n  %s\n", until, safe(p.URL))
		return
	}
	fmt.Fprintf(e.stderr, "say who you are%s: open\n  %s\nand enter the code %s\n", until, safe(p.URL), safe(p.Code))
}
