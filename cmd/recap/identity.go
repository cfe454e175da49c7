// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"regexp"

	"github.com/spf13/pflag"

	"github.com/recap-oci/recap/pkg/policy"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/trust"
)

// identityFlags name an identity that may sign, as cosign's flags do, except
// that an expression has to match the whole text.
type identityFlags struct {
	subject, subjectRegExp string
	issuer, issuerRegExp   string
}

const (
	flagIdentity       = "certificate-identity"
	flagIdentityRegExp = "certificate-identity-regexp"
	flagIssuer         = "certificate-oidc-issuer"
	flagIssuerRegExp   = "certificate-oidc-issuer-regexp"
)

func (f *identityFlags) register(flags *pflag.FlagSet) {
	flags.StringVar(&f.subject, flagIdentity, "", "accept what this `IDENTITY` signed: an e-mail address, a workflow's URI")
	flags.StringVar(&f.subjectRegExp, flagIdentityRegExp, "", "the same by an `RE2` expression, which has to match all of it")
	flags.StringVar(&f.issuer, flagIssuer, "", "`ISSUER` of that identity: https://token.actions.githubusercontent.com")
	flags.StringVar(&f.issuerRegExp, flagIssuerRegExp, "", "the same by an `RE2` expression, which has to match all of it")
}

func (f *identityFlags) given() bool { return *f != identityFlags{} }

// check refuses half an identity: a subject means something only together with
// who states it.
func (f *identityFlags) check() error {
	switch {
	case !f.given():
		return nil
	case f.subject != "" && f.subjectRegExp != "":
		return contradiction("--"+flagIdentity, "--"+flagIdentityRegExp)
	case f.issuer != "" && f.issuerRegExp != "":
		return contradiction("--"+flagIssuer, "--"+flagIssuerRegExp)
	case f.issuer == "" && f.issuerRegExp == "":
		return recap.Errorf(recap.Usage, "usage", "--%s without its issuer: anybody may state that identity", flagIdentity).
			WithHint("add --%s: https://token.actions.githubusercontent.com for GitHub Actions; recap policy init REF shows it", flagIssuer)
	case f.subject == "" && f.subjectRegExp == "":
		return recap.Errorf(recap.Usage, "usage", "--%s without an identity: that is everybody with an account there", flagIssuer).
			WithHint("add --%s; recap policy init REF shows it", flagIdentity)
	}
	return nil
}

// policy trusts the identity for every name.
func (f *identityFlags) policy() *policy.Policy {
	name := either(f.subject, f.subjectRegExp)
	return &policy.Policy{
		Source: "--" + flagIdentity + " " + name,
		Rules: []policy.Rule{{
			Name:      "--" + flagIdentity,
			Scopes:    []string{"**"},
			Mode:      policy.Enforce,
			Threshold: 1,
			Authorities: []policy.Authority{{Name: name, Keyless: &policy.Keyless{Identities: []policy.Identity{{
				Issuer: f.issuer, IssuerRegExp: f.issuerRegExp, Subject: f.subject, SubjectRegExp: f.subjectRegExp,
			}}}}},
		}},
	}
}

// among returns those of the signers that the flags name; all without flags.
func (f *identityFlags) among(signers []trust.SignatureReport) ([]trust.SignatureReport, error) {
	subject, err := matcher(flagIdentityRegExp, f.subject, f.subjectRegExp)
	if err != nil {
		return nil, err
	}
	issuer, err := matcher(flagIssuerRegExp, f.issuer, f.issuerRegExp)
	if err != nil {
		return nil, err
	}
	var named []trust.SignatureReport
	for _, s := range signers {
		if subject(s.Certificate.Subject) && issuer(s.Certificate.Issuer) {
			named = append(named, s)
		}
	}
	return named, nil
}

// matcher returns what a text must be: exactly so, or all of it as an
// expression says, or anything.
func matcher(flag, exact, expression string) (func(string) bool, error) {
	switch {
	case exact != "":
		return func(s string) bool { return s == exact }, nil
	case expression == "":
		return func(string) bool { return true }, nil
	}
	re, err := regexp.Compile(`\A(?:` + expression + `)\z`)
	if err != nil {
		return nil, recap.Errorf(recap.Usage, "usage", "--%s: %w", flag, err)
	}
	return re.MatchString, nil
}
