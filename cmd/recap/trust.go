// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/pflag"

	"github.com/recap-oci/recap/pkg/policy"
	"github.com/recap-oci/recap/pkg/ratchet"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/sigstore"
	"github.com/recap-oci/recap/pkg/sigstore/trustroot"
	"github.com/recap-oci/recap/pkg/target"
	"github.com/recap-oci/recap/pkg/trust"
)

// trustFlags say whom a verb that uses content believes, on what evidence, and
// what it remembers of that.
type trustFlags struct {
	keys         []string
	identity     identityFlags
	policy       string
	attestations []string
	root         rootFlags
	as           string
	lock         string
	noState      bool
	unverified   bool

	decided *policy.Policy // what verify decided by
}

func (f *trustFlags) register(flags *pflag.FlagSet) {
	f.registerVerify(flags)
	flags.BoolVar(&f.unverified, "unverified", false, "accept what nobody vouches for")
}

func (f *trustFlags) registerVerify(flags *pflag.FlagSet) {
	f.registerWhom(flags)
	flags.StringVar(&f.policy, "policy", "", "decide by the policy in `FILE` instead of yours")
	flags.StringArrayVar(&f.attestations, "attestation", nil, "ask for an attestation of `TYPE` too: provenance, sbom or a URI")
	flags.StringVar(&f.as, "as", "", "decide and remember as if it came from `HOST/REPO`: for layouts and mirrors")
	flags.StringVar(&f.lock, "lock", "", "hold to the releases in `FILE`, a recap.lock, and bring it up to date")
	flags.BoolVar(&f.noState, "no-state", false, "neither look up nor remember which versions were accepted")
}

// registerWhom adds the flags that stand in place of a policy.
func (f *trustFlags) registerWhom(flags *pflag.FlagSet) {
	flags.StringArrayVar(&f.keys, "key", nil, "accept what this public key signed: `FILE`, env://NAME or a KMS address; of several, one is enough")
	f.identity.register(flags)
	f.root.register(flags)
	flags.BoolVar(&f.root.offline, "offline", false, "never ask the network: only layouts, and trust material that is here")
}

// check refuses flags that contradict each other, before anything is done.
func (f *trustFlags) check() error {
	if err := f.identity.check(); err != nil {
		return err
	}
	var given []string
	for flag, set := range map[string]bool{"--key": len(f.keys) > 0, "--certificate-identity": f.identity.given(), "--policy": f.policy != "", "--unverified": f.unverified} {
		if set {
			given = append(given, flag)
		}
	}
	if len(given) > 1 {
		return contradiction(given...)
	}
	if f.unverified && len(f.attestations) > 0 {
		return contradiction("--unverified", "--attestation")
	}
	if f.as == "" {
		return nil
	}
	ref, err := target.ParseReference(f.as)
	if err != nil || ref.IsLayout() || len(ref.Tags) > 0 || ref.Digest != "" {
		return recap.Errorf(recap.Usage, "usage", "--as %s is not HOST/REPO", f.as)
	}
	f.as = ref.Name() // as rules and what is remembered spell it
	return nil
}

func contradiction(flags ...string) error {
	if len(flags) == 2 && flags[0] > flags[1] {
		flags[0], flags[1] = flags[1], flags[0]
	}
	return recap.Errorf(recap.Usage, "usage", "%s contradict each other", strings.Join(flags, " and "))
}

// pin parses a reference, opens where it points and resolves it, unless that
// would need a network that must not be asked. The caller closes it.
func (f *trustFlags) pin(ctx context.Context, e *env, arg string, registry *registryFlags) (*pinned, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	if f.root.offline {
		ref, err := parseReference(arg)
		if err != nil {
			return nil, err
		}
		if !ref.IsLayout() {
			return nil, recap.Errorf(recap.Usage, "offline", "%s is in a registry, which --offline never asks", ref).
				WithHint("while there is a network: recap copy %s %srecaps.tar:TAG", ref, target.LayoutScheme)
		}
	}
	return e.pin(ctx, arg, registry)
}

// name is what the rules of a policy are looked up by.
func (f *trustFlags) name(p *pinned) string {
	if f.as != "" {
		return f.as
	}
	return p.ref.Name()
}

// admit decides whether what p names may be used: the one place where a verb
// gets something to pull or read from.
func (f *trustFlags) admit(ctx context.Context, e *env, p *pinned, verb string) (*trust.Admitted, error) {
	if f.unverified {
		e.warn("%s is not verified: nobody is known to vouch for it", p.exact())
		return trust.UnverifiedUnsafe(p.Root()), nil
	}
	admitted, err := f.verify(ctx, e, p)
	if f.isUnknown(err) && e.ttyIn {
		var trusted bool
		if trusted, err = f.firstTrust(ctx, e, p, err); trusted {
			admitted, err = f.verify(ctx, e, p)
		}
	}
	if err != nil {
		err = f.whatNext(err, p, verb)
		if verb == "pull" && errors.Is(err, recap.Stale) { // what people ask first then
			err = fmt.Errorf("%w; nothing was written", err)
		}
		return nil, err
	}
	return admitted, nil
}

// verify admits what the policy's rule for p is satisfied with, and remembers
// it.
func (f *trustFlags) verify(ctx context.Context, e *env, p *pinned) (*trust.Admitted, error) {
	policy, err := f.believe(ctx, e, p)
	if err != nil {
		return nil, err
	}
	f.decided = policy
	memory, err := f.ratchet(e, p)
	if err != nil {
		return nil, err
	}
	gate, err := trust.NewGate(policy, f.root.verifier(e, policy), trust.GateOptions{Ratchet: memory})
	if err != nil {
		return nil, err
	}
	request := trust.Request{Name: f.name(p), Root: p.Root()}
	if p.ref.Digest == "" {
		request.Tag = p.ref.Tag()
	}
	admitted, err := gate.Admit(ctx, p, request)
	if err != nil {
		return nil, err
	}
	report := admitted.Report()
	if report.Verdict == trust.VerdictWarned {
		e.warn("%s is not verified, and rule %s only warns: %s", p.exact(), report.Rule, report.Reason)
	}
	if report.Rollback.Warning != "" {
		e.warn("%s", report.Rollback.Warning)
	}
	return admitted, nil
}

// ratchet returns what remembers which versions were accepted.
func (f *trustFlags) ratchet(e *env, p *pinned) (*ratchet.Ratchet, error) {
	opts := ratchet.Options{LockPath: f.lock, Now: e.now}
	if f.noState {
		if f.lock != "" {
			return ratchet.New(opts), nil
		}
		e.warn("with --no-state an older version than was accepted before would not be noticed")
		return nil, nil
	}
	path, err := e.statePath()
	switch {
	case p.ref.IsLayout() && f.as == "" && f.lock != "":
		return nil, recap.Errorf(recap.Usage, "usage", "--lock holds releases of repositories, and %s is a layout", p.ref).
			WithHint("say which repository's copy it is: --as HOST/REPO")
	case err == nil:
		opts.Path = path
	case p.ref.IsLayout() && f.as == "" && f.lock == "": // of which nothing is remembered
		return nil, nil
	case f.lock == "":
		return nil, recap.Errorf(recap.Local, "no-home", "remembering what was accepted: %w", err).
			WithHint("set HOME or XDG_STATE_HOME; or --lock recap.lock remembers it there; or --no-state goes on without")
	}
	return ratchet.New(opts), nil
}

// statePath returns the file in which versions are remembered.
func (e *env) statePath() (string, error) {
	dir, err := e.stateDir()
	return filepath.Join(dir, "state.json"), err
}

// rootFlags say which Sigstore instance counts, and whether it may be asked.
type rootFlags struct {
	path    string
	offline bool
}

func (f *rootFlags) register(flags *pflag.FlagSet) {
	flags.StringVar(&f.path, "trusted-root", "", "the Sigstore instance to believe: its trusted_root.json in `FILE`")
}

// open returns the trusted root: of the flag, else the policy's, else the
// public instance's. Nothing is loaded before it is needed.
func (f *rootFlags) open(e *env, policy *policy.Policy) *trustroot.Root {
	opts := trustroot.Options{Path: f.path, Offline: f.offline}
	if f.path == "" && policy != nil {
		opts.Path, opts.TUFMirror, opts.TUFRoot = policy.TrustedRoot.Path, policy.TrustedRoot.TUFMirror, policy.TrustedRoot.TUFRoot
	}
	if dir, err := e.cacheDir(); err == nil { // without one, nothing is kept
		opts.CacheDir = filepath.Join(dir, "tuf")
	}
	return trustroot.New(opts)
}

func (f *rootFlags) verifier(e *env, policy *policy.Policy) trust.Verifier {
	return sigstore.NewVerifier(sigstore.VerifierOptions{Root: f.open(e, policy), Offline: f.offline})
}

func (e *env) keyOptions() sigstore.KeyOptions {
	return sigstore.KeyOptions{Getenv: e.get, Password: e.password}
}
