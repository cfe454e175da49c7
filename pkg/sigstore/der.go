// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package sigstore

import (
	"encoding/asn1"
	"errors"
)

// maxDERDepth is how deep a timestamp may be nested. Those of real authorities,
// with their certificates, reach 12.
const maxDERDepth = 32

var errNesting = errors.New("nested too deep")

// checkDER refuses what isn't DER in all its parts, each within the one that it
// is a part of. The library reads BER, in which parts may overlap or have no
// length: of 150 bytes it can make gigabytes, and of some hundred thousand an
// hour's work, before it looks at any signature. Timestamps are in DER.
// https://www.rfc-editor.org/rfc/rfc3161#section-2.4.2
func checkDER(raw []byte) error { return checkParts(raw, maxDERDepth) }

func checkParts(raw []byte, depth int) error {
	for len(raw) > 0 {
		if depth == 0 {
			return errNesting
		}
		var part asn1.RawValue
		rest, err := asn1.Unmarshal(raw, &part)
		if err != nil {
			return err
		}
		if part.IsCompound {
			if err := checkParts(part.Bytes, depth-1); err != nil {
				return err
			}
		}
		raw = rest
	}
	return nil
}
