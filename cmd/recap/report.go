// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/recap-oci/recap/pkg/policy"
	"github.com/recap-oci/recap/pkg/ratchet"
	"github.com/recap-oci/recap/pkg/trust"
)

// voucher says in one phrase who vouches for what a report is about, and by
// which rule that counts.
func voucher(r trust.Report) string {
	switch r.Verdict {
	case trust.VerdictVerified:
		return "verified: signed by " + signers(r) + basis(r)
	case trust.VerdictWarned:
		return "NOT verified" + basis(r) + ", which only warns: " + safe(r.Reason)
	case trust.VerdictOwnSource:
		return "your own source"
	case trust.VerdictRefused:
		return "NOT verified" + basis(r)
	}
	return "NOT verified"
}

// basis names the rule that decided, and where it stands.
func basis(r trust.Report) string {
	switch {
	case r.Policy == "" || r.Rule == "":
		return ""
	case strings.HasPrefix(r.Rule, "--"):
		return " (" + safe(r.Rule) + " in place of a policy)"
	}
	return " (rule " + safe(r.Rule) + " of " + safe(r.Policy) + ")"
}

// signers lists the authorities that vouch, with the identity of those whose
// name doesn't say it.
func signers(r trust.Report) string {
	var list []string
	for _, name := range r.Authorities {
		who := safe(name)
		for _, s := range r.Signatures {
			if s.Outcome == trust.Verified && s.Authority == name && s.Certificate != nil && s.Certificate.Subject != name {
				who += " <" + safe(s.Certificate.Subject) + ">"
				break
			}
		}
		list = append(list, who)
	}
	return strings.Join(list, ", ")
}

// reportPrinter writes a report for people: what was decided, and the worth of
// each signature. With explain it says why.
type reportPrinter struct {
	w       io.Writer
	explain bool
	rule    []string // in plain words
}

func (p *reportPrinter) print(exact string, r trust.Report) {
	fmt.Fprintf(p.w, "%s\n%s\n", safe(exact), voucher(r))
	if p.explain {
		p.printRule(r)
	}
	for _, s := range r.Signatures {
		// Attestations that were asked for follow; the others are signatures
		// that were looked for in vain.
		if p.explain || !slices.ContainsFunc(r.Attestations, func(a trust.AttestationReport) bool { return a.Met && a.Digest == s.Digest }) {
			p.printSignature(r, s)
		}
	}
	if p.explain && len(r.Signatures) == 0 {
		fmt.Fprintln(p.w, "  nothing refers to it that could be a signature")
	}
	for _, a := range r.Attestations {
		if a.Met {
			fmt.Fprintf(p.w, "  %s  attested  %s  %s\n", short(a.Digest), safe(a.Authority), safe(a.PredicateType))
		} else {
			fmt.Fprintf(p.w, "  missing: an attestation of type %s\n", safe(a.PredicateType))
		}
	}
	if text := rollback(r); text != "" {
		fmt.Fprintf(p.w, "versions: %s\n", text)
	}
}

func (p *reportPrinter) printRule(r trust.Report) {
	if r.Rule == "" {
		return
	}
	asks := "any of these"
	if r.Threshold > 1 {
		asks = fmt.Sprintf("%d of these", r.Threshold)
	}
	fmt.Fprintf(p.w, "rule %s trusts %s:\n", safe(r.Rule), asks)
	for _, line := range p.rule {
		fmt.Fprintf(p.w, "  %s\n", safe(line))
	}
}

func (p *reportPrinter) printSignature(r trust.Report, s trust.SignatureReport) {
	fmt.Fprintln(p.w, "  "+join("  ", short(s.Digest), safe(string(s.Outcome)), safe(s.Authority), safe(s.Algorithm), p.reason(r, s)))
	if !p.explain {
		return
	}
	line := func(name, format string, args ...any) {
		fmt.Fprintf(p.w, "    %-11s  %s\n", name, safe(fmt.Sprintf(format, args...)))
	}
	if s.PredicateType != "" {
		line("type", "%s", s.PredicateType)
	}
	if s.Legacy {
		line("form", "that of cosign before version 3")
	}
	switch {
	case s.Certificate != nil:
		line("identity", "%s", s.Certificate.Subject)
		line("issuer", "%s", s.Certificate.Issuer)
		for _, claim := range mainClaims(s.Certificate) {
			line(claim[0], "%s", claim[1])
		}
	case s.KeyID != "":
		line("key", "sha256:%s", s.KeyID)
	}
	for _, c := range s.Checks {
		verdict := "ok"
		if !c.Passed {
			verdict = "FAILED"
		}
		line(verdict, "%s", join(": ", c.Name, c.Detail))
	}
}

// mainClaims returns, in words, the claims of a certificate by which people tell
// who it is. The JSON of a report has all of them.
func mainClaims(c *trust.Certificate) [][2]string {
	var list [][2]string
	for _, claim := range [][2]string{
		{"repository", "sourceRepositoryURI"}, {"ref", "sourceRepositoryRef"}, {"commit", "sourceRepositoryDigest"},
		{"workflow", "buildSignerURI"}, {"runner", "runnerEnvironment"},
	} {
		if value := c.Claims[claim[1]]; value != "" && value != c.Subject {
			list = append(list, [2]string{claim[0], value})
		}
	}
	return list
}

// reason is why a signature doesn't count, unless the refusal, which stands in
// the error too, says just that; a wrong signer's
// is said in any case. What an attestation is about is no failing.
func (p *reportPrinter) reason(r trust.Report, s trust.SignatureReport) string {
	if s.Outcome == trust.Attestation {
		if p.explain {
			return "" // the type has its own line
		}
		return safe(s.PredicateType)
	}
	if !p.explain && s.Outcome != trust.WrongSigner && r.Verdict == trust.VerdictRefused && strings.Contains(r.Reason, s.Reason) {
		return ""
	}
	return safe(s.Reason)
}

// rollback says what became of the question whether an older version is served.
func rollback(r trust.Report) string {
	known := r.Rollback
	warns := r.Mode == policy.Warn // then nothing is remembered
	switch {
	case warns && known.State == ratchet.FirstUse:
		return fmt.Sprintf("%s; a rule that only warns remembers nothing, so an older one would not be noticed", safe(known.Version))
	case warns && known.State == ratchet.Advanced:
		return fmt.Sprintf("%s, after %s, which stays what is remembered: the rule only warns", safe(known.Version), safe(known.KnownVersion))
	case warns && known.State == ratchet.Off && known.Warning != "":
		return "what an enforcing rule would refuse; this one only warns"
	}
	switch known.State {
	case ratchet.FirstUse:
		return fmt.Sprintf("%s is the first accepted under this tag; from now on none that is older is", safe(known.Version))
	case ratchet.Same:
		return fmt.Sprintf("%s, as before", safe(known.Version))
	case ratchet.Advanced:
		return fmt.Sprintf("%s, after %s", safe(known.Version), safe(known.KnownVersion))
	case ratchet.Pinned:
		return "asked for by its name, so there is nothing to be older than"
	case ratchet.Unversioned:
		return "none is stated; an older one would not be noticed"
	case ratchet.Off:
		return "nothing is remembered; an older one would not be noticed"
	}
	return ""
}
