// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package bundle

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"math/big"
	"strings"
	"testing"

	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	protorekor "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	"google.golang.org/protobuf/proto"

	"github.com/recap-oci/recap/pkg/recap"
)

// keyed returns the material of a bundle that was signed with a key.
func keyed(hint string) *protobundle.VerificationMaterial {
	return &protobundle.VerificationMaterial{Content: &protobundle.VerificationMaterial_PublicKey{PublicKey: &protocommon.PublicKeyIdentifier{Hint: hint}}}
}

// TestMarshalAndParse: what is written is read back the same, and written the same
// each time, whatever protojson puts in at random.
func TestMarshalAndParse(t *testing.T) {
	material := keyed("a hint")
	raw, err := Marshal(material, []byte("a statement"), []byte("a signature"))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.ContainsAny(raw, "\n\t") || bytes.Contains(raw, []byte(`": `)) || bytes.Contains(raw, []byte(`, "`)) {
		t.Errorf("got white space: %s", raw)
	}
	b, rejection := Parse(raw)
	if rejection != nil {
		t.Fatal(rejection)
	}
	envelope := b.GetDsseEnvelope()
	if !proto.Equal(b.VerificationMaterial, material) || string(envelope.Payload) != "a statement" || envelope.PayloadType != PayloadType || string(envelope.Signatures[0].Sig) != "a signature" {
		t.Errorf("got %v", b)
	}
	hinted := bytes.Replace(raw, []byte(`"sig":`), []byte(`"keyid":"mine","sig":`), 1)
	if b, rejection := Parse(hinted); rejection != nil || b.GetDsseEnvelope().Signatures[0].Keyid != "" || bytes.Equal(raw, hinted) {
		t.Errorf("with a hint which key to try: got %v, %v", b, rejection)
	}
	old := bytes.Replace(raw, []byte("application/vnd.dev.sigstore.bundle.v0.3+json"), []byte(mediaTypeParameter), 1)
	if _, rejection := Parse(old); rejection != nil || bytes.Equal(raw, old) {
		t.Errorf("with the type spelt as it was once: %v", rejection)
	}
}

// TestBounds: as much as a bundle may hold is read and written, and no more.
func TestBounds(t *testing.T) {
	for _, tt := range []struct {
		name            string
		entries, stamps int
		want            string
	}{
		{"as many log entries as may be", maxEntries, 0, ""},
		{"a log entry more", maxEntries + 1, 0, "33 log entries"},
		{"as many timestamps as may be", 0, maxEntries, ""},
		{"a timestamp more", 0, maxEntries + 1, "33 timestamps"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			material := keyed("")
			for range tt.entries {
				material.TlogEntries = append(material.TlogEntries, &protorekor.TransparencyLogEntry{LogIndex: 1})
			}
			material.TimestampVerificationData = new(protobundle.TimestampVerificationData)
			for range tt.stamps {
				material.TimestampVerificationData.Rfc3161Timestamps = append(material.TimestampVerificationData.Rfc3161Timestamps, new(protocommon.RFC3161SignedTimestamp))
			}
			raw, err := Marshal(material, nil, []byte("x"))
			if err != nil {
				t.Fatal(err)
			}
			if _, rejection := Parse(raw); (rejection == nil) != (tt.want == "") || rejection != nil && !strings.Contains(rejection.Reason, tt.want) {
				t.Errorf("got %v, want %q", rejection, tt.want)
			}
		})
	}
	t.Run("bytes", func(t *testing.T) {
		empty, err := Marshal(keyed(""), nil, []byte("x"))
		if err != nil {
			t.Fatal(err)
		}
		// A hint is written as it is, byte for byte, but for its name.
		one, err := Marshal(keyed("x"), nil, []byte("x"))
		if err != nil {
			t.Fatal(err)
		}
		most := recap.MaxSigstoreBundle - len(one) + 1
		raw, err := Marshal(keyed(strings.Repeat("x", most)), nil, []byte("x"))
		if err != nil || len(raw) != recap.MaxSigstoreBundle {
			t.Fatalf("got %d bytes, %v", len(raw), err)
		}
		if _, rejection := Parse(raw); rejection != nil {
			t.Errorf("the largest is refused: %v", rejection)
		}
		if _, rejection := Parse(append(raw, ' ')); rejection == nil || !strings.Contains(rejection.Reason, "more than") {
			t.Errorf("a byte more: got %v", rejection)
		}
		var e *recap.Error
		if _, err := Marshal(keyed(strings.Repeat("x", most+1)), nil, []byte("x")); !errors.As(err, &e) || e.Kind != recap.Unsafe || e.Code != "bundle-too-large" {
			t.Errorf("a byte more to write: got %v", err)
		}
		if len(empty) >= len(one) {
			t.Errorf("a bundle of %d bytes, without its hint of %d", len(one), len(empty))
		}
	})
}

// TestKeyName: a hint is a fingerprint, or quoted so that it can be printed.
func TestKeyName(t *testing.T) {
	id := [32]byte{0: 0xab, 31: 1}
	for hint, want := range map[string]string{
		HintOf(id):             "ab" + strings.Repeat("0", 60) + "01",
		HintOf(id)[1:]:         `"` + HintOf(id)[1:] + `"`,
		"QUJD":                 `"QUJD"`, // of three bytes
		"":                     `""`,
		"\x1b[2Jmy \"key\"\nü": `"\x1b[2Jmy \"key\"\n\u00fc"`,
	} {
		if got := KeyName(hint); got != want {
			t.Errorf("KeyName(%q) = %s, want %s", hint, got, want)
		}
	}
}

// TestParseCertificate: that a subject name is critical is no reason to refuse it;
// whatever else nobody understands is.
func TestParseCertificate(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	certificate := func(critical ...asn1.ObjectIdentifier) []byte {
		template := &x509.Certificate{SerialNumber: big.NewInt(1)}
		for _, oid := range critical {
			// A sequence of an otherName, which is what Go doesn't know.
			template.ExtraExtensions = append(template.ExtraExtensions, pkix.Extension{Id: oid, Critical: true, Value: []byte{0x30, 0x0b, 0xa0, 0x09, 0x06, 0x02, 0x2a, 0x03, 0xa0, 0x03, 0x0c, 0x01, 'x'}})
		}
		der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
		if err != nil {
			t.Fatal(err)
		}
		return der
	}
	subject, other := asn1.ObjectIdentifier{2, 5, 29, 17}, asn1.ObjectIdentifier{1, 2, 3, 4}
	for _, tt := range []struct {
		name string
		der  []byte
		want int // extensions that nobody handles
		none bool
	}{
		{"nothing critical", certificate(), 0, false},
		{"a subject name", certificate(subject), 0, false},
		{"another extension", certificate(other), 1, false},
		{"both", certificate(subject, other), 1, false},
		{"junk", []byte("junk"), 0, true},
		{"two certificates", append(certificate(), certificate()...), 0, true},
		{"nothing", nil, 0, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, err := ParseCertificate(tt.der)
			if (err != nil) != tt.none || (c == nil) != tt.none {
				t.Fatalf("got %v, %v", c, err)
			}
			if !tt.none && len(c.UnhandledCriticalExtensions) != tt.want {
				t.Errorf("unhandled: %v", c.UnhandledCriticalExtensions)
			}
		})
	}
}
