// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"time"

	commonpb "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	trustpb "github.com/sigstore/protobuf-specs/gen/pb-go/trustroot/v1"
	"github.com/sigstore/rekor-tiles/v2/pkg/note"
	"google.golang.org/protobuf/types/known/timestamppb"
)

const (
	trustedRootType   = "application/vnd.dev.sigstore.trustedroot+json;version=0.1"
	signingConfigType = "application/vnd.dev.sigstore.signingconfig.v0.2+json"
)

// since is a time range without an end. The services came to be an hour ago:
// clocks in one machine agree, but certificates count in whole seconds.
func since(t time.Time) *commonpb.TimeRange {
	return &commonpb.TimeRange{Start: timestamppb.New(t.Add(-time.Hour))}
}

func authorityOf(uri string, chain []*x509.Certificate, valid *commonpb.TimeRange) *trustpb.CertificateAuthority {
	certs := make([]*commonpb.X509Certificate, len(chain))
	for i, c := range chain {
		certs[i] = &commonpb.X509Certificate{RawBytes: c.Raw}
	}
	root := chain[len(chain)-1].Subject
	name := &commonpb.DistinguishedName{CommonName: root.CommonName}
	if len(root.Organization) > 0 {
		name.Organization = root.Organization[0]
	}
	return &trustpb.CertificateAuthority{
		Subject: name, Uri: uri, ValidFor: valid,
		CertChain: &commonpb.X509CertificateChain{Certificates: certs},
	}
}

// logOf describes a log that is known by the digest of its key: certificate
// logs, and Rekor v1.
func logOf(url string, der []byte, valid *commonpb.TimeRange) *trustpb.TransparencyLogInstance {
	id := sha256.Sum256(der)
	return logInstance(url, der, commonpb.PublicKeyDetails_PKIX_ECDSA_P256_SHA_256, id[:], valid)
}

// tilesOf describes a Rekor v2, which is known by its checkpoints' key and
// origin.
func tilesOf(url string, key ed25519.PublicKey, valid *commonpb.TimeRange) (*trustpb.TransparencyLogInstance, error) {
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return nil, err
	}
	_, id, err := note.KeyHash("127.0.0.1", key)
	if err != nil {
		return nil, err
	}
	return logInstance(url, der, commonpb.PublicKeyDetails_PKIX_ED25519, id, valid), nil
}

func logInstance(url string, der []byte, details commonpb.PublicKeyDetails, id []byte, valid *commonpb.TimeRange) *trustpb.TransparencyLogInstance {
	return &trustpb.TransparencyLogInstance{
		BaseUrl:       url,
		HashAlgorithm: commonpb.HashAlgorithm_SHA2_256,
		PublicKey:     &commonpb.PublicKey{RawBytes: der, KeyDetails: details, ValidFor: valid},
		LogId:         &commonpb.LogId{KeyId: id},
	}
}

// services is what a signing configuration names; an empty one is left out.
type services struct {
	fulcio, issuer, rekor, tsa string
	rekorVersion               uint32
}

func (s services) signingConfig(valid *commonpb.TimeRange) *trustpb.SigningConfig {
	one := func(url string, version uint32) []*trustpb.Service {
		if url == "" {
			return nil
		}
		return []*trustpb.Service{{Url: url, MajorApiVersion: version, ValidFor: valid, Operator: "127.0.0.1"}}
	}
	config := &trustpb.SigningConfig{
		MediaType: signingConfigType,
		CaUrls:    one(s.fulcio, 1), OidcUrls: one(s.issuer, 1),
		RekorTlogUrls: one(s.rekor, s.rekorVersion), TsaUrls: one(s.tsa, 1),
	}
	// Without these sigstore-go v1.3.0 would fall over.
	config.RekorTlogConfig = &trustpb.ServiceConfiguration{Selector: trustpb.ServiceSelector_ANY}
	config.TsaConfig = &trustpb.ServiceConfiguration{Selector: trustpb.ServiceSelector_ANY}
	return config
}

// parseChain reads certificates in PEM.
func parseChain(text []byte) ([]*x509.Certificate, error) {
	var chain []*x509.Certificate
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		chain = append(chain, cert)
	}
	if chain == nil {
		return nil, errors.New("no certificate in PEM")
	}
	return chain, nil
}
