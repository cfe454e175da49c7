// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"time"

	ct "github.com/google/certificate-transparency-go"
	"github.com/google/certificate-transparency-go/tls"
	"github.com/sigstore/fulcio/pkg/ca"
	"github.com/sigstore/fulcio/pkg/ca/baseca"
	"github.com/sigstore/fulcio/pkg/certificate"
	"github.com/sigstore/sigstore-go/pkg/sign"
	"github.com/sigstore/sigstore/pkg/cryptoutils"
)

// forger issues the certificates that Fulcio wouldn't, with its key or another.
type forger struct {
	authority *authority
	log       *certificateLog // that promises to log the certificate; nil: none
	email     string
	issuer    string
	from      time.Duration // validity, from now
	until     time.Duration
	usage     []x509.ExtKeyUsage // default: code signing
	otherSCT  bool               // the log's promise is about another certificate
}

// GetCertificate implements sign.CertificateProvider.
func (f forger) GetCertificate(_ context.Context, keypair sign.Keypair, _ *sign.CertificateProviderOptions) ([]byte, error) {
	pre, err := f.issue(keypair.GetPublicKey())
	if err != nil {
		return nil, err
	}
	base := &baseca.BaseCA{}
	if f.log == nil {
		return pre.PreCert.Raw, nil
	}
	promised := pre
	if f.otherSCT {
		if promised, err = f.issue(f.authority.key.Public()); err != nil {
			return nil, err
		}
	}
	answer, err := f.log.promise([]ct.ASN1Cert{{Data: promised.PreCert.Raw}, {Data: f.authority.chain[0].Raw}}, ct.PrecertLogEntryType)
	if err != nil {
		return nil, err
	}
	sct := ct.SignedCertificateTimestamp{SCTVersion: ct.V1, Timestamp: answer.Timestamp}
	copy(sct.LogID.KeyID[:], answer.ID)
	if _, err := tls.Unmarshal(answer.Signature, &sct.Signature); err != nil {
		return nil, err
	}
	final, err := base.IssueFinalCertificate(context.Background(), pre, &sct)
	if err != nil {
		return nil, err
	}
	return final.FinalCertificate.Raw, nil
}

// issue signs a certificate: one for a log to promise, if there is a log, else
// the final one.
func (f forger) issue(public crypto.PublicKey) (*ca.CodeSigningPreCertificate, error) {
	extensions, err := certificate.Extensions{Issuer: f.issuer}.Render()
	if err != nil {
		return nil, err
	}
	if f.log != nil {
		extensions = append(extensions, pkix.Extension{Id: baseca.OIDExtensionCTPoison, Critical: true, Value: asn1.NullBytes})
	}
	serial, err := cryptoutils.GenerateSerialNumber()
	if err != nil {
		serial = big.NewInt(3)
	}
	usage := f.usage
	if usage == nil {
		usage = []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning}
	}
	now := time.Now()
	cert, err := issue(&x509.Certificate{
		SerialNumber:    serial,
		EmailAddresses:  []string{f.email},
		NotBefore:       now.Add(f.from),
		NotAfter:        now.Add(f.until),
		KeyUsage:        x509.KeyUsageDigitalSignature,
		ExtKeyUsage:     usage,
		ExtraExtensions: extensions,
	}, f.authority.chain[0], public, f.authority.key)
	if err != nil {
		return nil, err
	}
	return &ca.CodeSigningPreCertificate{PreCert: cert, CertChain: f.authority.chain, PrivateKey: f.authority.key}, nil
}
