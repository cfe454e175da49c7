// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"fmt"
	"maps"
	"regexp"
	"slices"

	"github.com/recap-oci/recap/pkg/policy/internal/expression"
	"github.com/recap-oci/recap/pkg/recap"
)

// Matcher recognises an authority's identities in what certificates say. Who
// reads the certificates, and finds them genuine, asks it.
type Matcher []identityMatcher

type identityMatcher struct {
	Identity
	issuer, subject *regexp.Regexp // nil where there is no expression
}

// NewMatcher returns the matcher of a's identities; that of a key recognises
// nobody. It refuses, with recap.Usage, expressions that don't compile.
func NewMatcher(a Authority) (Matcher, error) {
	if a.Keyless == nil {
		return nil, nil
	}
	list := make(Matcher, 0, len(a.Keyless.Identities))
	for _, id := range a.Keyless.Identities {
		m := identityMatcher{Identity: id}
		var err error
		if m.issuer, err = expression.Anchored(id.IssuerRegExp); err == nil {
			m.subject, err = expression.Anchored(id.SubjectRegExp)
		}
		if err != nil {
			return nil, recap.Errorf(recap.Usage, "bad-policy", "identity of authority %q: %w", a.Name, err)
		}
		list = append(list, m)
	}
	return list, nil
}

// Mismatch returns "" when holder is one of m's identities, else in plain words
// why it isn't the one that comes closest. Of holder, whom a certificate names,
// only what is exact is looked at.
func (m Matcher) Mismatch(holder Identity) string {
	reason, closest := "no identity is named", -1
	for _, id := range m {
		why, matched := id.mismatch(holder)
		if why == "" {
			return ""
		}
		if matched > closest {
			reason, closest = why, matched
		}
	}
	return reason
}

// mismatch returns "" when holder is m's, else why not and how many parts
// of it are right before the first that isn't. What either side leaves open
// matches nothing.
func (m identityMatcher) mismatch(holder Identity) (reason string, matched int) {
	if why := differs("issuer", holder.Issuer, m.Issuer, m.issuer); why != "" {
		return why, 0
	}
	if why := differs("subject", holder.Subject, m.Subject, m.subject); why != "" {
		return why, 1
	}
	for i, name := range slices.Sorted(maps.Keys(m.Claims)) {
		switch got, ok := holder.Claims[name]; {
		case !ok:
			return fmt.Sprintf("the certificate doesn't state %s, which has to be %q", name, m.Claims[name]), 2 + i
		case got != m.Claims[name]:
			return fmt.Sprintf("its %s is %q, not %q", name, got, m.Claims[name]), 2 + i
		}
	}
	return "", 0
}

// differs returns "" when got is what is wanted, exactly, by expression, or
// both where both are given. What it is instead stands beside the reason.
func differs(what, got, exact string, expr *regexp.Regexp) string {
	switch {
	case got == "":
		return "the certificate names no " + what
	case exact == "" && expr == nil:
		return "no " + what + " is named"
	case exact != "" && got != exact:
		return fmt.Sprintf("the %s is not %q", what, exact)
	case expr != nil && !expr.MatchString(got):
		return fmt.Sprintf("the %s is not matched by %q", what, expression.Inner(expr))
	}
	return ""
}
