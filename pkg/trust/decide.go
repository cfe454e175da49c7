// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/recap-oci/recap/pkg/recap"
)

// decide says whether the signatures found satisfy the rule and fills in the
// report's authorities. The error is the one that a RefusedError wraps.
func (report *Report) decide(rule Rule) error {
	for _, authority := range rule.Authorities {
		if slices.ContainsFunc(report.Signatures, func(s SignatureReport) bool {
			return s.Outcome == Verified && s.Authority == authority.Name
		}) {
			report.Authorities = append(report.Authorities, authority.Name)
		}
	}
	if len(report.Authorities) >= rule.threshold() {
		return nil
	}
	if n, reason := report.count(Unreachable); n > 0 {
		return recap.Errorf(recap.Unavailable, "referrers-unavailable", "%s: %d of %d referrers could not be examined: %s", report.object(), n, len(report.Signatures), reason).
			WithHint("whether it is signed could not be found out; try again")
	}
	if n, reason := report.count(BadSignature); n > 0 {
		return refusal(ErrBadSignature, "%s: %w%s: %s", report.object(), ErrBadSignature, several(n), reason).
			WithHint("don't use it before its publisher explains it; every signature found is in: recap verify %s --format json", report.reference())
	}
	if n := len(report.Authorities); n > 0 {
		return refusal(ErrThreshold, "%s: %w: %d of %d vouch for it (%s)", report.object(), ErrThreshold, n, rule.threshold(), strings.Join(report.Authorities, ", ")).
			WithHint("%d more must sign it, of: %s", rule.threshold()-n, strings.Join(rule.missing(report.Authorities), ", "))
	}
	if n, reason := report.count(WrongSigner); n > 0 {
		return refusal(ErrWrongSigner, "%s: %w%s: %s", report.object(), ErrWrongSigner, several(n), reason).
			WithHint("if you trust that signer too, pass their public key: --key FILE")
	}
	return refusal(ErrNoSignature, "%s: %w%s", report.object(), ErrNoSignature, report.others()).
		WithHint("its publisher signs it with: recap sign %s --key recap.key; or go on without knowing who published it: --unverified", report.reference())
}

// missing returns the authorities that are not among those that vouch.
func (r Rule) missing(vouching []string) []string {
	var names []string
	for _, authority := range r.Authorities {
		if !slices.Contains(vouching, authority.Name) {
			names = append(names, authority.Name)
		}
	}
	return names
}

// count returns how many referrers had an outcome, and the first's reason.
func (report *Report) count(outcome Outcome) (n int, reason string) {
	for _, s := range report.Signatures {
		// Somebody else's attestation says nothing about who signed. That
		// it is one is only its own claim, but a false claim changes no more
		// than the name of the refusal.
		if outcome == WrongSigner && s.PredicateType != "" && s.PredicateType != predicateTypeSign {
			continue
		}
		if s.Outcome == outcome {
			if n++; n == 1 {
				reason = s.Reason
			}
		}
	}
	return n, reason
}

// others says what was found instead of signatures.
func (report *Report) others() string {
	switch n, reason := report.count(NotASignature); n {
	case 0:
		return ""
	case 1:
		return fmt.Sprintf(" (one referrer: %s)", reason)
	default:
		return fmt.Sprintf(" (%d referrers; the first: %s)", n, reason)
	}
}

func several(n int) string {
	if n == 1 {
		return ""
	}
	return fmt.Sprintf(" (%d of them; the first)", n)
}

// refusal returns an error that wraps one of the sentinels and has its code.
func refusal(sentinel error, format string, args ...any) *recap.Error {
	var e *recap.Error
	errors.As(sentinel, &e)
	return recap.Errorf(recap.Untrusted, e.Code, format, args...)
}

// object names what was examined in errors.
func (report *Report) object() string {
	switch {
	case report.Name == "":
		return report.Digest.String()
	case report.Tag == "":
		return report.reference()
	default:
		return fmt.Sprintf("%s:%s (%s)", report.Name, report.Tag, report.Digest)
	}
}

// reference names what was examined in commands to type: by digest, so that
// they are about what this report is about.
func (report *Report) reference() string {
	if report.Name == "" {
		return "REFERENCE@" + report.Digest.String()
	}
	return report.Name + "@" + report.Digest.String()
}
