// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

// Package der refuses what isn't DER, before a library reads it as BER.
package der

import (
	"encoding/asn1"
	"errors"
)

// Bounds of a timestamp. It brings certificates and signatures that the library
// tries before it knows whose they are: what large keys cost grows with the
// square of their size. Those of real authorities have 1 to 7 KiB.
const (
	maxTimestamp = 32 << 10 // bytes
	maxPart      = 2 << 10  // bytes of what has no parts: a key, a signature
	maxDepth     = 32       // real ones reach 12
)

var errTooLarge = errors.New("larger than any timestamp")

// Check refuses what isn't DER in all its parts, each within the one that it
// is a part of. The library reads BER, in which parts may overlap or have no
// length: of 150 bytes it can make gigabytes, and of some hundred thousand an
// hour's work, before it looks at any signature. Timestamps are in DER.
// https://www.rfc-editor.org/rfc/rfc3161#section-2.4.2
func Check(raw []byte) error {
	if len(raw) > maxTimestamp {
		return errTooLarge
	}
	return checkParts(raw, maxDepth)
}

func checkParts(raw []byte, depth int) error {
	for len(raw) > 0 {
		if depth == 0 {
			return errTooLarge
		}
		var part asn1.RawValue
		rest, err := asn1.Unmarshal(raw, &part)
		if err != nil {
			return err
		}
		if part.IsCompound {
			err = checkParts(part.Bytes, depth-1)
		} else if len(part.Bytes) > maxPart {
			err = errTooLarge
		}
		if err != nil {
			return err
		}
		raw = rest
	}
	return nil
}
