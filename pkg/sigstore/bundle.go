// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package sigstore

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/opencontainers/go-digest"
	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	"github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/verify"
	"github.com/sigstore/sigstore/pkg/signature"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/recap-oci/recap/pkg/internal/canonical"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/trust"
)

// mediaTypeParameter is how version 0.3 was spelt before it had its own type.
const mediaTypeParameter = "application/vnd.dev.sigstore.bundle+json;version=0.3"

// payloadType is the DSSE type of in-toto statements.
const payloadType = "application/vnd.in-toto+json"

// maxEntries bounds log entries and timestamps of one bundle. Each costs its
// reader signature checks, and no signer needs more than a few.
const maxEntries = 32

// parseBundle parses a bundle and refuses every shape but the one recap reads,
// before anything is verified. It looks at no cryptography.
func parseBundle(raw []byte) (*protobundle.Bundle, *trust.Rejection) {
	if len(raw) > recap.MaxSigstoreBundle {
		return nil, trust.Rejectf(trust.BadSignature, "the bundle has %d bytes, more than %d", len(raw), recap.MaxSigstoreBundle)
	}
	// protojson is strict by itself: it refuses unknown fields, a field given
	// twice in whatever spelling, and anything after the value.
	b := new(protobundle.Bundle)
	if err := protojson.Unmarshal(raw, b); err != nil {
		return nil, trust.Rejectf(trust.BadSignature, "not a Sigstore bundle: %s", plain(err))
	}
	if b.MediaType != trust.MediaTypeBundle && b.MediaType != mediaTypeParameter {
		return nil, trust.Rejectf(trust.BadSignature, "a bundle of type %q; only version 0.3 is accepted", b.MediaType)
	}

	material := b.GetVerificationMaterial()
	switch material.GetContent().(type) {
	case *protobundle.VerificationMaterial_PublicKey:
	case *protobundle.VerificationMaterial_Certificate:
		if _, err := parseCertificate(material.GetCertificate().GetRawBytes()); err != nil {
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
	case envelope.PayloadType != payloadType:
		return nil, trust.Rejectf(trust.BadSignature, "the envelope holds %q, not an in-toto statement", envelope.PayloadType)
	case len(envelope.Signatures) != 1:
		return nil, trust.Rejectf(trust.BadSignature, "the envelope has %d signatures; exactly one is accepted", len(envelope.Signatures))
	}
	// An unsigned hint which key to try. The library skips signatures whose
	// hint it doesn't like; here the policy says which key to try.
	envelope.Signatures[0].Keyid = ""
	return b, nil
}

// readBundle reads a bundle for verifying.
func readBundle(raw []byte) (*signed, *trust.Rejection) {
	parsed, rejection := parseBundle(raw)
	if rejection != nil {
		return nil, rejection
	}
	invalid := func(err error) (*signed, *trust.Rejection) {
		return nil, trust.Rejectf(trust.BadSignature, "not a valid Sigstore bundle: %s", plain(err))
	}
	whole, err := bundle.NewBundle(parsed)
	if err != nil {
		return invalid(err)
	}
	s := &signed{statement: parsed.GetDsseEnvelope().GetPayload(), hint: parsed.GetVerificationMaterial().GetPublicKey().GetHint()}
	if der := parsed.GetVerificationMaterial().GetCertificate().GetRawBytes(); der != nil {
		if s.certificate, err = parseCertificate(der); err != nil {
			return invalid(err)
		}
	}
	if s.content, err = whole.SignatureContent(); err != nil {
		return invalid(err)
	}
	if s.entries, err = whole.TlogEntries(); err != nil {
		return invalid(err)
	}
	if s.timestamps, err = whole.Timestamps(); err != nil {
		return invalid(err)
	}
	if s.version, err = whole.Version(); err != nil {
		return invalid(err)
	}
	s.matches = func(verifier signature.Verifier) bool {
		return verify.VerifySignature(s.content, &bundle.PublicKey{}, materialOf(verifier)) == nil
	}
	s.names = func(verifier signature.Verifier, d digest.Digest) error {
		sum, err := hex.DecodeString(d.Encoded())
		if err != nil {
			return err
		}
		if err := verify.VerifySignatureWithArtifactDigests(s.content, &bundle.PublicKey{}, materialOf(verifier), []verify.ArtifactDigest{{Algorithm: "sha256", Digest: sum}}); err != nil {
			return err
		}
		return namesExactly(s.statement, d)
	}
	return s, nil
}

// namesExactly returns why a statement doesn't name d as digests are spelt. The
// library reads hex digits of either case, statements of any type, and those of
// which two readers can have two opinions.
func namesExactly(statement []byte, d digest.Digest) error {
	var read struct {
		Type    string `json:"_type"`
		Subject []struct {
			Digest map[string]string `json:"digest"`
		} `json:"subject"`
	}
	if err := canonical.Unmarshal(statement, &read); err != nil {
		return err
	}
	if read.Type != "https://in-toto.io/Statement/v1" && read.Type != "https://in-toto.io/Statement/v0.1" {
		return fmt.Errorf("a statement of type %q, not one of in-toto's", read.Type)
	}
	for _, subject := range read.Subject {
		if subject.Digest["sha256"] == d.Encoded() {
			return nil
		}
	}
	return errors.New("the statement names it in another spelling")
}

// plain returns the text of an error of the protobuf library without the
// non-breaking spaces that it puts in at random.
func plain(err error) string {
	return strings.TrimPrefix(strings.ReplaceAll(err.Error(), "\u00a0", " "), "proto: ")
}

// hintOf returns the hint by which cosign names a key in a bundle.
func hintOf(keyID [32]byte) string {
	return base64.StdEncoding.EncodeToString(keyID[:])
}
