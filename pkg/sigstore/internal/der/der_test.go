// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package der

import (
	"encoding/asn1"
	"errors"
	"testing"
)

func TestCheck(t *testing.T) {
	octets := func(n int) []byte { return element(t, asn1.TagOctetString, false, make([]byte, n)) }
	nested := func(depth int) []byte {
		var raw []byte
		for range depth {
			raw = element(t, asn1.TagSequence, true, raw)
		}
		return raw
	}
	long := func(n int) []byte { // of parts as long as may be
		var raw []byte
		for len(raw)+len(octets(maxPart)) <= n-300 {
			raw = append(raw, octets(maxPart)...)
		}
		raw = append(raw, octets(n-len(raw)-len(octets(256))+256)...)
		if len(raw) != n {
			t.Fatalf("made %d bytes, not %d", len(raw), n)
		}
		return raw
	}
	for _, tt := range []struct {
		name     string
		raw      []byte
		tooLarge bool // else another error
		ok       bool
	}{
		{name: "a part", raw: octets(maxPart), ok: true},
		{name: "a part too long", raw: octets(maxPart + 1), tooLarge: true},
		{name: "a part too long within another", raw: element(t, asn1.TagSequence, true, octets(maxPart+1)), tooLarge: true},
		{name: "deep", raw: nested(maxDepth), ok: true},
		{name: "too deep", raw: nested(maxDepth + 1), tooLarge: true},
		{name: "much", raw: long(maxTimestamp), ok: true},
		{name: "too much", raw: long(maxTimestamp + 1), tooLarge: true},
		{name: "no length", raw: []byte{0x30, 0x80, 0x05, 0x00, 0x00, 0x00}},
		{name: "a length longer than it has to be", raw: []byte{0x04, 0x81, 0x01, 'x'}},
		{name: "a part that leaves its own", raw: []byte{0x30, 0x03, 0x04, 0x04, 'x', 'x', 'x', 'x'}},
		{name: "cut off", raw: octets(10)[:8]},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := Check(tt.raw)
			if (err == nil) != tt.ok || errors.Is(err, errTooLarge) != tt.tooLarge {
				t.Errorf("%d bytes: got %v", len(tt.raw), err)
			}
		})
	}
}

// element returns a DER element.
func element(t *testing.T, tag int, compound bool, content []byte) []byte {
	t.Helper()
	raw, err := asn1.Marshal(asn1.RawValue{Tag: tag, IsCompound: compound, Bytes: content})
	if err != nil {
		t.Fatal(err)
	}
	return raw
}
