// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

// Package evidence verifies what a signature carries, step by step: the
// signature itself, whom it names, log entries, timestamps, its certificate.
// [Read] and [ReadLegacy] read a signature, [Keyed] and [Certified] hold it
// against a key or the trusted root, and [Findings.Judge] against what somebody
// requires.
package evidence

import (
	"fmt"
	"maps"
	"slices"

	"github.com/recap-oci/recap/pkg/policy"
	"github.com/recap-oci/recap/pkg/trust"
)

// Names of the checks, in the order in which they are made.
const (
	CheckSignature   = "signature"
	checkSubject     = "subject"
	checkTLog        = "tlog"
	checkTimestamps  = "timestamps"
	checkValidity    = "validity"
	checkCertificate = "certificate"
	checkSCT         = "sct"
)

// Findings are what was found about a signature. They don't depend on how much
// evidence somebody requires; judge holds them against that.
type Findings struct {
	evidence trust.Evidence // without Checks
	steps    []step         // up to the first that failed
}

// step is a check that was made.
type step struct {
	name   string
	detail string
	failed *trust.Rejection // why it failed, however much is required

	// Of a step that counts pieces of evidence: how many there are, and why
	// there aren't more.
	counts  bool
	count   int
	missing string
}

func (f *Findings) pass(name, format string, args ...any) {
	f.steps = append(f.steps, step{name: name, detail: fmt.Sprintf(format, args...)})
}

func (f *Findings) fail(name string, outcome trust.Outcome, format string, args ...any) *Findings {
	f.steps = append(f.steps, step{name: name, failed: trust.Rejectf(outcome, format, args...)})
	return f
}

// Judge returns the evidence if it is what is required, else the rejection. What
// is required and was never looked for isn't there.
func (f *Findings) Judge(need policy.Require) (trust.Evidence, *trust.Rejection) {
	required := map[string]int{checkTLog: need.TLog, checkTimestamps: need.Timestamps, checkSCT: need.SCT}
	checks := make([]trust.Check, 0, len(f.steps))
	reject := func(name string, why *trust.Rejection) (trust.Evidence, *trust.Rejection) {
		rejection := copyOf(why)
		rejection.Checks = append(checks, trust.Check{Name: name, Detail: why.Reason})
		return trust.Evidence{}, rejection
	}
	for _, s := range f.steps {
		failed := s.failed
		if s.counts && failed == nil && s.count < required[s.name] {
			failed = shortOf(s, required[s.name])
		}
		if failed != nil {
			return reject(s.name, failed)
		}
		delete(required, s.name)
		if s.counts && s.count == 0 {
			continue // neither there nor required
		}
		checks = append(checks, trust.Check{Name: s.name, Passed: true, Detail: s.detail})
	}
	for _, name := range []string{checkTLog, checkTimestamps, checkSCT} {
		if required[name] > 0 {
			return reject(name, shortOf(step{name: name}, required[name]))
		}
	}
	return f.copied(checks), nil
}

// copied returns the evidence as the caller's own: several get the findings.
func (f *Findings) copied(checks []trust.Check) trust.Evidence {
	e := f.evidence
	e.Statement, e.Timestamps, e.LogEntries = slices.Clone(e.Statement), slices.Clone(e.Timestamps), slices.Clone(e.LogEntries)
	if e.Certificate != nil {
		certificate := *e.Certificate
		certificate.Claims = maps.Clone(certificate.Claims)
		e.Certificate = &certificate
	}
	e.Checks = checks
	return e
}

// shortOf refuses too little evidence of one kind.
func shortOf(s step, required int) *trust.Rejection {
	var text string
	switch s.name {
	case checkTLog:
		text = "no transparency log of the trusted root has an entry for it"
		if s.count > 0 {
			text = fmt.Sprintf("entries in %d transparency logs are required, and it has %d", required, s.count)
		}
	case checkTimestamps:
		text = "nobody whom the trusted root names attests when it was signed"
		if s.count > 0 {
			text = fmt.Sprintf("%d witnesses of the time of signing are required, and it has %d", required, s.count)
		}
	case checkSCT:
		text = "no certificate log of the trusted root has its certificate"
		if s.count > 0 {
			text = fmt.Sprintf("%d certificate logs are required to have its certificate, and %d have", required, s.count)
		}
	}
	if s.missing != "" {
		text += ": " + s.missing
	}
	return trust.Rejectf(trust.BadSignature, "%s", text)
}

// copyOf returns a rejection of the caller's own: several get the cached one.
func copyOf(r *trust.Rejection) *trust.Rejection {
	c := *r
	return &c
}
