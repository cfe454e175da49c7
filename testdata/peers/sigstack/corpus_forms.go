// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	bundlepb "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	commonpb "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	dssepb "github.com/sigstore/protobuf-specs/gen/pb-go/dsse"
	"google.golang.org/protobuf/encoding/protojson"
)

// statements adds bundles that are genuine but sign what is no statement about
// the artifact.
func (c *corpus) statements(ctx context.Context) error {
	s := c.stack
	token, err := c.person(dev)
	if err != nil {
		return err
	}
	const predicate = "https://sigstore.dev/cosign/sign/v1"
	of := func(subjects string) string { return statement(predicate, subjects, "{}") }
	hex := hexOf(c.digest)
	good := signatureOf(c.digest)
	for _, f := range []struct {
		is        Case
		statement string
		payload   string
	}{
		{Case{Name: "subject-other", About: "case 5: about another artifact", Step: "subject"}, signatureOf(c.otherDigest), ""},
		{Case{Name: "subject-none", About: "case 5: about nothing", Step: "subject"}, of(""), ""},
		{Case{Name: "subject-sha512", About: "case 5: a digest of another kind only", Step: "subject"}, of(`{"digest":{"sha512":"` + hex + hex + `"}}`), ""},
		{Case{Name: "subject-upper-case", About: "case 5: the digest in capitals", Step: "subject"}, of(`{"digest":{"sha256":"` + upper(c.digest) + `"}}`), ""},
		{Case{Name: "subject-short", About: "case 5: half of the digest", Step: "subject"}, of(`{"digest":{"sha256":"` + hex[:32] + `"}}`), ""},
		{Case{Name: "subject-name-only", About: "case 5: the digest as a name", Step: "subject"}, of(`{"name":"` + c.digest + `","digest":{}}`), ""},
		{Case{Name: "subjects-many", About: "case 30: 1025 subjects, the artifact among them", Step: "statement"},
			of(strings.Repeat(`{"digest":{"sha256":"`+hexOf(c.otherDigest)+`"}},`, 1024) + `{"digest":{"sha256":"` + hex + `"}}`), ""},
		{Case{Name: "payload-type", About: "case 27: a payload that isn't called in-toto", Step: "statement"}, good, "application/json"},
		{Case{Name: "payload-no-json", About: "case 27: a payload that is no JSON", Step: "statement"}, good[:len(good)-1], ""},
		{Case{Name: "payload-two-values", About: "case 27: two statements in one payload", Step: "statement"}, good + good, ""},
		{Case{Name: "statement-duplicate-key", About: "case 27: two lists of subjects in one statement", Step: "statement"},
			strings.Replace(good, `"subject":`, `"subject":[{"digest":{"sha256":"`+hexOf(c.otherDigest)+`"}}],"subject":`, 1), ""},
		{Case{Name: "statement-type", About: "case 27: a statement of an unknown type", Step: "statement"},
			strings.Replace(good, "https://in-toto.io/Statement/v1", "https://in-toto.io/Statement/v9", 1), ""},
	} {
		b, err := c.sign(ctx, signing{token: token, v2: []string{s.RekorV2}, tsa: []string{s.TSA}, statement: f.statement, payload: f.payload})
		if err != nil {
			return wrap(f.is, err)
		}
		if err := c.add(b, f.is); err != nil {
			return err
		}
	}
	envelope := func(b *bundlepb.Bundle) *dssepb.Envelope { return b.GetDsseEnvelope() }
	return c.refuse(
		like{Case{Name: "artifact-other", About: "case 5: a good bundle, shown for another artifact", Digest: c.otherDigest, Step: "subject"}, c.v2, nil},
		like{Case{Name: "payload-changed", About: "a statement that was changed after it was signed", Digest: c.otherDigest, Step: "signature"}, c.v2,
			func(b *bundlepb.Bundle) { envelope(b).Payload = []byte(signatureOf(c.otherDigest)) }},
		like{Case{Name: "payload-type-changed", About: "case 27: the payload's type was changed after it was signed", Step: "statement"}, c.v2,
			func(b *bundlepb.Bundle) { envelope(b).PayloadType = "application/json" }},
		like{Case{Name: "signature-changed", About: "a signature with one bit changed", Step: "signature"}, c.v2,
			func(b *bundlepb.Bundle) { sig := envelope(b).Signatures[0].Sig; sig[len(sig)-1] ^= 1 }},
		like{Case{Name: "signature-of-other-bundle", About: "the signature of another bundle", Step: "signature"}, c.v2,
			func(b *bundlepb.Bundle) { envelope(b).Signatures[0].Sig = envelope(c.again).Signatures[0].Sig }},
		like{Case{Name: "signature-empty", About: "an empty signature", Step: "signature"}, c.v2,
			func(b *bundlepb.Bundle) { envelope(b).Signatures[0].Sig = nil }},
		like{Case{Name: "signatures-two", About: "case 26: two signatures", Step: "form"}, c.v2,
			func(b *bundlepb.Bundle) {
				envelope(b).Signatures = append(envelope(b).Signatures, envelope(c.again).Signatures...)
			}},
		like{Case{Name: "signatures-none", About: "case 26: no signature", Step: "form"}, c.v2,
			func(b *bundlepb.Bundle) { envelope(b).Signatures = nil }},
	)
}

// forms adds what is no bundle v0.3 with an envelope.
func (c *corpus) forms(context.Context) error {
	v2 := func(to string) func(*bundlepb.Bundle) {
		return func(b *bundlepb.Bundle) { b.MediaType = to }
	}
	const mediaType = "application/vnd.dev.sigstore.bundle"
	if err := c.refuse(
		like{Case{Name: "bundle-v0.1", About: "case 25: a bundle that calls itself v0.1", Step: "form"}, c.v2, v2(mediaType + "+json;version=0.1")},
		like{Case{Name: "bundle-v0.2", About: "case 25: a bundle that calls itself v0.2", Step: "form"}, c.v2, v2(mediaType + "+json;version=0.2")},
		like{Case{Name: "bundle-v0.4", About: "a bundle of a version to come", Step: "form"}, c.v2, v2(mediaType + ".v0.4+json")},
		like{Case{Name: "bundle-no-type", About: "a bundle that doesn't say what it is", Step: "form"}, c.v2, v2("")},
		like{Case{Name: "bundle-no-material", About: "a bundle without a certificate, a key or evidence", Step: "form"}, c.v2,
			func(b *bundlepb.Bundle) { b.VerificationMaterial = nil }},
		like{Case{Name: "bundle-no-content", About: "a bundle that signs nothing", Step: "form"}, c.v2,
			func(b *bundlepb.Bundle) { b.Content = nil }},
		like{Case{Name: "bundle-message", About: "a bare signature of the artifact, without a statement", Step: "form"}, c.v2,
			func(b *bundlepb.Bundle) {
				b.Content = &bundlepb.Bundle_MessageSignature{MessageSignature: &commonpb.MessageSignature{
					MessageDigest: &commonpb.HashOutput{Algorithm: commonpb.HashAlgorithm_SHA2_256, Digest: []byte(hexOf(c.digest))[:32]},
					Signature:     b.GetDsseEnvelope().Signatures[0].Sig,
				}}
			}},
	); err != nil {
		return err
	}
	text, err := protojson.Marshal(c.v2)
	if err != nil {
		return err
	}
	for _, f := range []struct {
		is   Case
		text []byte
	}{
		{Case{Name: "json-unknown-field", About: "a field that bundles don't have", Step: "form"}, bytes.Replace(text, []byte("{"), []byte(`{"approved":true,`), 1)},
		{Case{Name: "json-duplicate-field", About: "case 27: two media types", Step: "form"}, bytes.Replace(text, []byte("{"), fmt.Appendf(nil, `{"mediaType":%q,`, mediaType+".v0.3+json"), 1)},
		{Case{Name: "json-cut", About: "half a bundle", Step: "form"}, text[:len(text)/2]},
		{Case{Name: "json-two", About: "two bundles", Step: "form"}, append(bytes.Clone(text), text...)},
		{Case{Name: "json-empty", About: "an object without anything", Step: "form"}, []byte("{}")},
		{Case{Name: "json-null", About: "null", Step: "form"}, []byte("null")},
		{Case{Name: "json-deep", About: "case 30: 2,000 lists in each other", Step: "form"}, bytes.Repeat([]byte("["), 2000)},
	} {
		if err := c.addText(f.text, f.is); err != nil {
			return err
		}
	}
	return nil
}
