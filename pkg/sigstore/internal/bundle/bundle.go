// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

// Package bundle reads and writes Sigstore bundles of version 0.3 with a DSSE
// envelope, one signature and an in-toto statement, and refuses every other
// shape. It verifies nothing.
package bundle

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"strconv"

	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	protodsse "github.com/sigstore/protobuf-specs/gen/pb-go/dsse"
	"github.com/sigstore/sigstore/pkg/cryptoutils"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/sigstore/internal/phrase"
	"github.com/recap-oci/recap/pkg/trust"
)

// mediaTypeParameter is how version 0.3 was spelt before it had its own type.
const mediaTypeParameter = "application/vnd.dev.sigstore.bundle+json;version=0.3"

// PayloadType is the DSSE type of in-toto statements.
const PayloadType = "application/vnd.in-toto+json"

// maxEntries bounds log entries and timestamps of one bundle. Each costs its
// reader signature checks, and no signer needs more than a few.
const maxEntries = 32

// Parse parses a bundle and refuses every shape but the one recap reads,
// before anything is verified. It looks at no cryptography.
func Parse(raw []byte) (*protobundle.Bundle, *trust.Rejection) {
	if len(raw) > recap.MaxSigstoreBundle {
		return nil, trust.Rejectf(trust.BadSignature, "the bundle has %d bytes, more than %d", len(raw), recap.MaxSigstoreBundle)
	}
	// protojson is strict by itself: it refuses unknown fields, a field given
	// twice in whatever spelling, and anything after the value.
	b := new(protobundle.Bundle)
	if err := protojson.Unmarshal(raw, b); err != nil {
		return nil, trust.Rejectf(trust.BadSignature, "not a Sigstore bundle: %s", phrase.Plain(err))
	}
	if b.MediaType != trust.MediaTypeBundle && b.MediaType != mediaTypeParameter {
		return nil, trust.Rejectf(trust.BadSignature, "a bundle of type %q; only version 0.3 is accepted", b.MediaType)
	}

	material := b.GetVerificationMaterial()
	switch material.GetContent().(type) {
	case *protobundle.VerificationMaterial_PublicKey:
	case *protobundle.VerificationMaterial_Certificate:
		if _, err := ParseCertificate(material.GetCertificate().GetRawBytes()); err != nil {
			return nil, trust.Rejectf(trust.BadSignature, "the bundle's certificate is none: %v", err)
		}
	case *protobundle.VerificationMaterial_X509CertificateChain:
		return nil, trust.Rejectf(trust.BadSignature, "the bundle has a certificate chain, which version 0.3 forbids")
	default:
		return nil, trust.Rejectf(trust.BadSignature, "the bundle doesn't say what it was signed with")
	}
	if n := len(material.GetTlogEntries()); n > maxEntries {
		return nil, trust.Rejectf(trust.BadSignature, "the bundle has %d log entries, more than %d", n, maxEntries)
	}
	if n := len(material.GetTimestampVerificationData().GetRfc3161Timestamps()); n > maxEntries {
		return nil, trust.Rejectf(trust.BadSignature, "the bundle has %d timestamps, more than %d", n, maxEntries)
	}

	envelope := b.GetDsseEnvelope()
	switch {
	case b.GetMessageSignature() != nil:
		return nil, trust.Rejectf(trust.BadSignature, "the bundle signs bare bytes, not a DSSE envelope")
	case envelope == nil:
		return nil, trust.Rejectf(trust.BadSignature, "the bundle has no DSSE envelope")
	case envelope.PayloadType != PayloadType:
		return nil, trust.Rejectf(trust.BadSignature, "the envelope holds %q, not an in-toto statement", envelope.PayloadType)
	case len(envelope.Signatures) != 1:
		return nil, trust.Rejectf(trust.BadSignature, "the envelope has %d signatures; exactly one is accepted", len(envelope.Signatures))
	}
	// An unsigned hint which key to try. The library skips signatures whose
	// hint it doesn't like; here the policy says which key to try.
	envelope.Signatures[0].Keyid = ""
	return b, nil
}

// HintOf returns the hint by which cosign names a key in a bundle.
func HintOf(keyID [32]byte) string {
	return base64.StdEncoding.EncodeToString(keyID[:])
}

// Marshal returns the bundle of a signed statement as JSON.
func Marshal(material *protobundle.VerificationMaterial, statement, sig []byte) ([]byte, error) {
	raw, err := protojson.Marshal(&protobundle.Bundle{
		MediaType:            trust.MediaTypeBundle,
		VerificationMaterial: material,
		Content: &protobundle.Bundle_DsseEnvelope{
			DsseEnvelope: &protodsse.Envelope{
				Payload:     statement,
				PayloadType: PayloadType,
				Signatures:  []*protodsse.Signature{{Sig: sig}},
			},
		},
	})
	if err != nil {
		return nil, err
	}
	raw, err = compact(raw)
	if err == nil && len(raw) > recap.MaxSigstoreBundle {
		err = recap.Errorf(recap.Unsafe, "bundle-too-large", "the signed statement has %d bytes, more than the %d that a verifier reads", len(raw), recap.MaxSigstoreBundle)
	}
	return raw, err
}

// compact takes out the white space that protojson puts in at random, so that
// what is signed twice with a deterministic algorithm is stored once.
func compact(raw []byte) ([]byte, error) {
	var out bytes.Buffer
	if err := json.Compact(&out, raw); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// KeyName returns the fingerprint in a bundle's key hint as reports spell it,
// or the hint quoted when it is none.
func KeyName(hint string) string {
	if sum, err := base64.StdEncoding.DecodeString(hint); err == nil && len(sum) == 32 {
		return hex.EncodeToString(sum)
	}
	return strconv.QuoteToASCII(hint)
}

// ParseCertificate parses the certificate of a signer.
func ParseCertificate(der []byte) (*x509.Certificate, error) {
	c, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	// Go doesn't know the form of subject name (otherName) that some identities
	// are given in, and would refuse it for being critical. Who asks whom it
	// is of reads it: package evidence.
	var unhandled []asn1.ObjectIdentifier
	for _, oid := range c.UnhandledCriticalExtensions {
		if !oid.Equal(cryptoutils.SANOID) {
			unhandled = append(unhandled, oid)
		}
	}
	c.UnhandledCriticalExtensions = unhandled
	return c, nil
}
