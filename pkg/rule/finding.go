// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package rule

import "github.com/recap-oci/recap/pkg/recap"

// Finding is what a rule says about one place of a [recap.Recap]. Who knows the
// file that the recap was read from turns it into a [recap.Problem] by its pointer.
type Finding struct {
	Pointer  string         // JSON Pointer (RFC 6901) into the normalised recap; a missing field points at where it would be
	Severity recap.Severity // that of the rule
	Rule     string         // code of one of [All]
	Message  string         // what is wrong, about which field
	Mend     string         // how to mend it, in the imperative
}
