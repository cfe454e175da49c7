// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/recap-oci/recap/pkg/attest"
	"github.com/recap-oci/recap/pkg/policy"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/sigstore"
)

// policyPath returns the file that decides: the flag's, RECAP_POLICY's, else the
// user's own, which need not exist.
func (e *env) policyPath(flag string) (path string, named bool, err error) {
	if path = either(flag, e.get("RECAP_POLICY")); path != "" {
		return path, true, nil
	}
	dir, err := e.configDir()
	return filepath.Join(dir, "policy.yaml"), false, err
}

// policy loads the policy that decides, and is nil where the user has none.
func (e *env) policy(flag string) (*policy.Policy, error) {
	path, named, err := e.policyPath(flag)
	if err != nil {
		return nil, nil //nolint:nilerr // no home, so no policy in it; who needs one says so
	}
	if !named {
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
	}
	believed, err := policy.Load(path)
	if err != nil {
		return nil, err
	}
	for _, warning := range believed.Warnings {
		if !slices.Contains(e.warned, warning) { // a first trust reads it twice
			e.warn("%s", warning)
			e.warned = append(e.warned, warning)
		}
	}
	return believed, nil
}

// believe returns the policy for p: the one that flags stand for, else the one
// in a file, with what --attestation asks for besides.
func (f *trustFlags) believe(ctx context.Context, e *env, p *pinned) (*policy.Policy, error) {
	believed, err := f.given(ctx, e)
	if err != nil {
		return nil, err
	}
	if believed == nil {
		return nil, f.noPolicy(p)
	}
	return f.ask(believed)
}

// given returns the policy that the flags or the environment name, or the user
// has; nil when there is none.
func (f *trustFlags) given(ctx context.Context, e *env) (*policy.Policy, error) {
	switch {
	case f.identity.given():
		return f.identity.policy(), nil
	case len(f.keys) == 0:
		return e.policy(f.policy)
	}
	var authorities []policy.Authority
	opts := e.keyOptions()
	opts.Offline = f.root.offline
	for _, key := range f.keys {
		authority, err := sigstore.LoadAuthority(ctx, key, opts)
		if err != nil {
			return nil, err
		}
		authorities = append(authorities, authority)
	}
	return policy.ForKeys(authorities...), nil
}

// ask returns the policy with --attestation demanded by every rule.
func (f *trustFlags) ask(believed *policy.Policy) (*policy.Policy, error) {
	if len(f.attestations) == 0 {
		return believed, nil
	}
	var types []string
	for _, name := range f.attestations {
		predicateType, err := attest.PredicateType(name)
		if err != nil {
			return nil, err
		}
		types = append(types, predicateType)
	}
	return believed.Demanding(types...), nil
}

func (f *trustFlags) noPolicy(p *pinned) error {
	return recap.Errorf(recap.Untrusted, "no-policy", "nothing says whom to trust for %s", f.name(p))
}

// isUnknown reports whether err is that nobody said whom to trust.
func (f *trustFlags) isUnknown(err error) bool {
	var known *recap.Error
	return errors.Is(err, policy.ErrNoRule) || errors.As(err, &known) && known.Code == "no-policy"
}

// plainRule says in plain words whom the rule that decided about p trusts.
func (f *trustFlags) plainRule(p *pinned) []string {
	if f.decided == nil {
		return nil
	}
	rule, err := f.decided.RuleFor(f.name(p))
	if err != nil {
		return nil
	}
	return rule.Plain()
}
