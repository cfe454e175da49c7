// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/recap-oci/recap/pkg/policy"
	"github.com/recap-oci/recap/pkg/recap"
)

// decide says whether what was found satisfies the rule, and completes the
// report. The error is the one that a RefusedError wraps.
func (report *Report) decide(rule policy.Rule, found findings) error {
	report.Authorities = found.assign(rule)
	report.Attestations = found.attested(rule)
	report.Signatures = found.reports()

	unmet := slices.IndexFunc(report.Attestations, func(a AttestationReport) bool { return !a.Met })
	enough := len(report.Authorities) >= rule.Required()
	if enough && unmet < 0 {
		return nil
	}
	// Who could not be asked might have been enough.
	if err := found.unanswered(report); err != nil {
		return err
	}
	if enough {
		return report.unattested(rule.Attestations[unmet], found)
	}
	if n, reason, what := found.bad(); n > 0 {
		return refusal(ErrBadSignature, "%s: %w%s: %s", report.object(), ErrBadSignature, several(n), reason).
			WithHint("%s; every signature found, and what is wrong with it: %s", report.afterBad(what), report.explainCommand())
	}
	if n := len(report.Authorities); n > 0 {
		return refusal(ErrThreshold, "%s: %w: %d of %d vouch for it (%s)", report.object(), ErrThreshold, n, rule.Required(), strings.Join(report.Authorities, ", ")).
			WithHint("%d more must sign it, of: %s", rule.Required()-n, strings.Join(missing(rule, report.Authorities), ", "))
	}
	if n, reason := report.count(WrongSigner); n > 0 {
		err := refusal(ErrWrongSigner, "%s: %w%s: %s", report.object(), ErrWrongSigner, several(n), reason)
		if slices.ContainsFunc(report.Signatures, func(s SignatureReport) bool { return s.Outcome == WrongSigner && s.Certificate != nil }) {
			return err.WithHint("if you trust that signer too: recap policy init %s; each check: %s", report.reference(), report.explainCommand())
		}
		return err.WithHint("if you trust that signer too, pass their public key: --key FILE; each check: %s", report.explainCommand())
	}
	return refusal(ErrNoSignature, "%s: %w%s", report.object(), ErrNoSignature, report.others()).
		WithHint("its publisher signs it with: recap sign %s; or go on without knowing who published it: --unverified", report.reference())
}

// assign returns the authorities that vouch, each by a signer of its own, and
// notes for which of several authorities a signature counts.
func (f findings) assign(rule policy.Rule) []string {
	may := make([][]string, len(rule.Authorities))
	for _, c := range f.candidates {
		if c.report.Outcome == Verified {
			for _, i := range c.vouching {
				may[i] = append(may[i], c.signer)
			}
		}
	}
	var names []string
	for i, signer := range match(may) {
		if signer == "" {
			continue
		}
		names = append(names, rule.Authorities[i].Name)
		for j, c := range f.candidates {
			if c.report.Outcome == Verified && c.signer == signer {
				f.candidates[j].report.Authority = rule.Authorities[i].Name
			}
		}
	}
	return names
}

// unanswered returns an error when something that might count could not be
// asked: of the kind of what stood in the way, so that whoever gets it knows
// whether trying again is worth it.
func (f findings) unanswered(report *Report) error {
	if f.trouble != nil {
		return fmt.Errorf("%s: %w", report.object(), f.trouble)
	}
	for _, c := range f.candidates {
		if c.trouble != nil {
			return fmt.Errorf("%s: signature %s could not be verified: %w", report.object(), c.report.Digest, c.trouble)
		}
	}
	if n, reason := report.count(Unreachable); n > 0 {
		return recap.Errorf(recap.Unavailable, "referrers-unavailable", "%s: %d of %d referrers could not be examined: %s", report.object(), n, len(report.Signatures), reason).
			WithHint("whether it is signed could not be found out; try again")
	}
	return nil
}

// missing returns the authorities that are not among those that vouch.
func missing(rule policy.Rule, vouching []string) []string {
	var names []string
	for _, authority := range rule.Authorities {
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
		if outcome == WrongSigner && s.PredicateType != "" && s.PredicateType != policy.SignatureType {
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
	n, reason := report.count(Attestation)
	more, another := report.count(NotASignature)
	switch n, reason = n+more, cmp.Or(reason, another); n {
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

// explainCommand is what to type to see every candidate and check.
func (report *Report) explainCommand() string {
	command := "recap verify " + report.reference() + " --explain"
	if strings.HasPrefix(report.Policy, "--") {
		command += ", with the same flags" // which are the policy
	}
	return command
}
