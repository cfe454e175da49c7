// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"cmp"
	"fmt"

	"github.com/recap-oci/recap/pkg/policy"
)

// Identity returns whom c was issued to, as a policy's identities are compared
// with it; of nil, nobody.
func (c *Certificate) Identity() policy.Identity {
	if c == nil {
		return policy.Identity{}
	}
	return policy.Identity{Issuer: c.Issuer, Subject: c.Subject, Claims: c.Claims}
}

// String returns whom c was issued to, and who says so, in one phrase.
func (c *Certificate) String() string {
	return fmt.Sprintf("%s, by the word of %s", cmp.Or(c.Subject, "nobody"), cmp.Or(c.Issuer, "nobody"))
}

// signerOf identifies who made a signature, so that nobody counts twice: by the
// identity in the certificate, however many keys it was issued for, or by the
// key.
func signerOf(e Evidence) string {
	if e.Certificate != nil {
		return fmt.Sprintf("identity %q %q", e.Certificate.Issuer, e.Certificate.Subject)
	}
	return "key " + e.KeyID
}
