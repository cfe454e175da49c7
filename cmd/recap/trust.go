// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"strings"

	"github.com/spf13/pflag"

	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/sigstore"
	"github.com/recap-oci/recap/pkg/transfer"
	"github.com/recap-oci/recap/pkg/trust"
)

// trustFlags say whom a verb that uses content believes.
type trustFlags struct {
	keys       []string
	unverified bool
}

func (f *trustFlags) register(flags *pflag.FlagSet) {
	f.registerKey(flags)
	flags.BoolVar(&f.unverified, "unverified", false, "accept what nobody vouches for")
}

func (f *trustFlags) registerKey(flags *pflag.FlagSet) {
	flags.StringArrayVar(&f.keys, "key", nil, "accept what this public key signed: `FILE` or env://NAME; of several, one is enough")
}

// admit decides whether what root names may be used: the one place where a verb
// gets something to pull or read from.
func (f *trustFlags) admit(ctx context.Context, e *env, p *pinned, verb string) (*trust.Admitted, error) {
	switch {
	case len(f.keys) > 0 && f.unverified:
		return nil, recap.Errorf(recap.Usage, "usage", "--key and --unverified contradict each other")
	case f.unverified:
		e.warn("%s is not verified: nobody is known to vouch for it", p.exact())
		return trust.UnverifiedUnsafe(p.Root()), nil
	case len(f.keys) == 0:
		return nil, recap.Errorf(recap.Untrusted, "no-policy", "nothing says whom to trust for %s", p.ref.Name()).
			WithHint("recap %s %s --key PUBLISHER.pub, or --unverified to take it from anybody", verb, p.ref)
	}
	return f.verify(ctx, e, p)
}

// verify admits what one of the keys vouches for.
func (f *trustFlags) verify(ctx context.Context, e *env, p *pinned) (*trust.Admitted, error) {
	var authorities []trust.Authority
	for _, key := range f.keys {
		authority, err := sigstore.LoadAuthority(ctx, key, e.keyOptions())
		if err != nil {
			return nil, err
		}
		authorities = append(authorities, authority)
	}
	gate, err := trust.NewGate(trust.KeyPolicy(authorities...), sigstore.NewVerifier(sigstore.VerifierOptions{}), trust.GateOptions{})
	if err != nil {
		return nil, err
	}
	request := trust.Request{Name: p.ref.Name(), Root: p.Root()}
	if p.ref.Digest == "" {
		request.Tag = p.ref.Tag()
	}
	return gate.Admit(ctx, p, request)
}

func (e *env) keyOptions() sigstore.KeyOptions {
	return sigstore.KeyOptions{Getenv: e.get, Password: e.password}
}

// sealer returns what signs a root with the private key at keyRef.
func (e *env) sealer(ctx context.Context, keyRef string) (*trust.Sealer, error) {
	if keyRef == "" {
		return nil, recap.Errorf(recap.Usage, "usage", "signing needs --key").WithHint("recap key generate makes a key pair; then --key recap.key")
	}
	signer, err := sigstore.LoadSigner(ctx, keyRef, e.keyOptions())
	if err != nil {
		return nil, err
	}
	return trust.NewSealer(signer, sigstore.NewVerifier(sigstore.VerifierOptions{}), trust.SignPredicate())
}

// seal returns the seal of a push: by the key, or none, which is said aloud
// because consumers will be refused.
func (e *env) seal(ctx context.Context, sign bool, keyRef string) (transfer.Sealer, error) {
	if !sign {
		if keyRef != "" {
			return nil, recap.Errorf(recap.Usage, "usage", "--key without --sign").WithHint("add --sign")
		}
		return transfer.Unsigned{}, nil
	}
	return e.sealer(ctx, keyRef)
}

// voucher says in one phrase who vouches for what a report is about.
func voucher(r trust.Report) string {
	switch r.Verdict {
	case trust.VerdictVerified:
		return "verified: signed by " + safe(strings.Join(r.Authorities, ", "))
	case trust.VerdictWarned:
		return "NOT verified (the policy only warns): " + safe(r.Reason)
	case trust.VerdictOwnSource:
		return "your own source"
	}
	return "NOT verified"
}
