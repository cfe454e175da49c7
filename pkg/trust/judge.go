// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/recap-oci/recap/pkg/policy"
	"github.com/recap-oci/recap/pkg/recap"
)

// answer is what became of a candidate under one authority. One of evidence,
// rejection and trouble is set.
type answer struct {
	evidence  *Evidence
	rejection *Rejection
	trouble   error // why there is no answer

	mismatch string // why whom the evidence names isn't the authority
}

func (a answer) vouches() bool { return a.evidence != nil && a.mismatch == "" }

// judge verifies a candidate under each authority and notes which of them made
// it. What it says is left to read. The error is about the question.
func (e *examiner) judge(ctx context.Context, report SignatureReport, verify func(policy.Authority) (Evidence, error)) (candidate, error) {
	c := candidate{report: report}
	answers := make([]answer, len(e.authorities))
	// What is found about a certificate depends on nothing else.
	asked := make(map[policy.Require]answer)
	for i, a := range e.authorities {
		given, known := asked[a.Required()]
		if a.Keyless == nil || !known {
			var err error
			if given, err = ask(a, verify); ctx.Err() != nil {
				return c, fmt.Errorf("verifying %s: %w", report.Digest, ctx.Err())
			} else if err != nil {
				return c, fmt.Errorf("verifying %s under authority %q: %w", report.Digest, a.Name, err)
			}
		}
		if a.Keyless != nil {
			asked[a.Required()] = given
			given = e.identify(i, given)
		}
		if answers[i] = given; given.vouches() {
			c.vouching = append(c.vouching, i)
		}
	}
	if len(c.vouching) == 0 {
		e.blame(&c, answers)
		return c, nil
	}
	c.sign(*answers[c.vouching[0]].evidence)
	c.report.Authority = e.authorities[c.vouching[0]].Name
	if e.anybody {
		c.report.Authority = ""
		return c, nil
	}
	for _, i := range c.vouching {
		c.report.Checks = append(c.report.Checks, Check{Name: "identity", Passed: true, Detail: fmt.Sprintf("%s: authority %q", whose(*answers[i].evidence), e.authorities[i].Name)})
	}
	return c, nil
}

// ask verifies a candidate under one authority. The error is about the
// authority; not having got an answer is trouble.
func ask(a policy.Authority, verify func(policy.Authority) (Evidence, error)) (answer, error) {
	evidence, err := verify(a)
	var rejection *Rejection
	switch {
	case errors.As(err, &rejection):
		return answer{rejection: rejection}, nil
	case errors.Is(err, recap.Usage):
		return answer{}, err
	case err != nil:
		return answer{trouble: err}, nil //nolint:nilerr // it is the answer
	case a.Keyless != nil && evidence.Certificate == nil:
		return answer{rejection: Rejectf(BadSignature, "verified, but without a certificate that says who signed")}, nil
	}
	return answer{evidence: &evidence}, nil
}

// identify compares whom a certificate was issued to with authority i.
func (e *examiner) identify(i int, given answer) answer {
	if given.evidence != nil && !e.anybody {
		given.mismatch = e.matchers[i].Mismatch(given.evidence.Certificate.Identity())
	}
	return given
}

// sign notes what is known for certain of who signed and what.
func (c *candidate) sign(e Evidence) {
	c.signer, c.payload = signerOf(e), e.Statement
	if c.payload == nil {
		c.payload = []byte{}
	}
	c.report.KeyID, c.report.Algorithm, c.report.Certificate = e.KeyID, e.Algorithm, e.Certificate
	c.report.Timestamps, c.report.LogEntries = e.Timestamps, e.LogEntries
	c.report.Checks = slices.Clone(e.Checks)
}

// blame says why no authority made the candidate. Not having got an answer
// comes first, since the answer might have been yes. Then bad outweighs wrong:
// under the one authority whose key a bundle names, a signature that doesn't
// match is what it is.
func (e *examiner) blame(c *candidate, answers []answer) {
	outcomes, reasons := make([]Outcome, len(answers)), make([]string, len(answers))
	var stranger *Evidence
	for _, given := range answers {
		if given.evidence != nil {
			stranger = cmp.Or(stranger, given.evidence)
		}
	}
	worst := -1
	for i, given := range answers {
		switch {
		case given.trouble != nil:
			outcomes[i], reasons[i] = Unreachable, given.trouble.Error()
			c.trouble = cmp.Or(c.trouble, given.trouble)
		case given.evidence != nil:
			outcomes[i], reasons[i] = WrongSigner, given.mismatch
		case errors.Is(given.rejection, ErrWrongSigner):
			outcomes[i], reasons[i] = WrongSigner, given.rejection.Reason
		default:
			outcomes[i], reasons[i] = BadSignature, given.rejection.Reason
			// It lacks only what this authority asks beyond the others,
			// and isn't this authority's.
			if e.matchers[i] != nil && stranger != nil {
				if why := e.matchers[i].Mismatch(stranger.Certificate.Identity()); why != "" {
					outcomes[i], reasons[i] = WrongSigner, why
				}
			}
		}
		if worst < 0 || gravity(outcomes[i]) > gravity(outcomes[worst]) {
			worst = i
		}
	}
	if worst < 0 {
		c.report = c.report.with(WrongSigner, "the rule names nobody")
		return
	}
	reason := reasons[worst]
	if stranger != nil {
		c.sign(*stranger)
		if outcomes[worst] == WrongSigner {
			reason = fmt.Sprintf("signed by %s: %s", stranger.Certificate, reason)
		}
	} else if r := answers[worst].rejection; r != nil {
		c.report.Checks = slices.Clone(r.Checks)
	}
	c.report = c.report.with(outcomes[worst], "%s", reason)
	switch {
	case stranger != nil, len(answers) > 1:
		for i := range answers {
			c.report.Checks = append(c.report.Checks, Check{Name: "identity", Detail: fmt.Sprintf("not authority %q: %s", e.authorities[i].Name, reasons[i])})
		}
	case !slices.ContainsFunc(c.report.Checks, func(check Check) bool { return !check.Passed }):
		c.report.Checks = append(c.report.Checks, Check{Name: "signature", Detail: reason})
	}
}

func gravity(o Outcome) int {
	return slices.Index([]Outcome{WrongSigner, BadSignature, Unreachable}, o)
}

// signed reports whether it is known what was signed.
func (c candidate) signed() bool { return c.payload != nil }

// whose says in words whose signature the evidence is of.
func whose(e Evidence) string {
	if e.Certificate != nil {
		return e.Certificate.String()
	}
	return "the holder of key " + e.KeyID
}

// refuse says that what was signed is no statement about the root.
func (c candidate) refuse(check, format string, args ...any) candidate {
	c.report = c.report.with(BadSignature, format, args...)
	c.report.Checks = append(c.report.Checks, Check{Name: check, Detail: c.report.Reason})
	c.vouching = nil
	return c
}
