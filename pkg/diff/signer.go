// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package diff

import (
	"cmp"
	"slices"

	"github.com/recap-oci/recap/pkg/trust"
)

// Signer is somebody whose signature was found good.
type Signer struct {
	Authority string `json:"authority,omitempty"` // what the rule calls them
	Identity  string `json:"identity"`            // subject of the certificate, or sha256: and the key's id
	Issuer    string `json:"issuer,omitempty"`    // of the identity; empty for a key
}

// SignerChange says whose signatures are on one side alone.
type SignerChange struct {
	Added   []Signer `json:"added"`
	Removed []Signer `json:"removed"`
}

// signers returns those who signed what a report is about, each once, in order.
func signers(report trust.Report) []Signer {
	var list []Signer
	for _, s := range report.Signatures {
		if s.Outcome != trust.Verified {
			continue
		}
		switch {
		case s.Certificate != nil:
			list = append(list, Signer{cut(s.Authority), cut(s.Certificate.Subject), cut(s.Certificate.Issuer)})
		case s.KeyID != "":
			list = append(list, Signer{Authority: cut(s.Authority), Identity: "sha256:" + s.KeyID})
		}
	}
	slices.SortFunc(list, func(a, b Signer) int {
		return cmp.Or(cmp.Compare(a.Identity, b.Identity), cmp.Compare(a.Issuer, b.Issuer), cmp.Compare(a.Authority, b.Authority))
	})
	return slices.CompactFunc(list, sameSigner)
}

// sameSigner compares who somebody is, whatever a rule calls them.
func sameSigner(a, b Signer) bool { return a.Identity == b.Identity && a.Issuer == b.Issuer }

// compareSigners compares who signed, where somebody looked on both sides: of one's
// own files and of what is taken unverified, nothing is known.
func compareSigners(was, is trust.Report) *SignerChange {
	if !looked(was) || !looked(is) {
		return nil
	}
	c := &SignerChange{Added: lacking(signers(is), signers(was)), Removed: lacking(signers(was), signers(is))}
	if len(c.Added)+len(c.Removed) == 0 {
		return nil
	}
	return c
}

func looked(report trust.Report) bool {
	return report.Verdict == trust.VerdictVerified || report.Verdict == trust.VerdictWarned
}

// lacking returns those of list that others hasn't.
func lacking(list, others []Signer) []Signer {
	missing := []Signer{}
	for _, s := range list {
		if !slices.ContainsFunc(others, func(o Signer) bool { return sameSigner(s, o) }) {
			missing = append(missing, s)
		}
	}
	return missing
}
