// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net/http"
	"strings"
	"time"

	ctclient "github.com/google/certificate-transparency-go/client"
	"github.com/google/certificate-transparency-go/jsonclient"
	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"github.com/sigstore/fulcio/pkg/ca"
	"github.com/sigstore/fulcio/pkg/ca/baseca"
	"github.com/sigstore/fulcio/pkg/config"
	fulciopb "github.com/sigstore/fulcio/pkg/generated/protobuf"
	legacypb "github.com/sigstore/fulcio/pkg/generated/protobuf/legacy"
	"github.com/sigstore/fulcio/pkg/server"
	commonpb "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	"github.com/sigstore/sigstore/pkg/cryptoutils"
	"github.com/sigstore/sigstore/pkg/signature"
	"google.golang.org/grpc/metadata"
)

// authority is a certificate authority with an intermediate, as the public
// instance has one.
type authority struct {
	key   *ecdsa.PrivateKey
	chain []*x509.Certificate // intermediate, root
}

// newAuthority makes an authority whose intermediate is valid from and until.
func newAuthority(name string, from, until time.Time) (*authority, error) {
	rootKey, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		return nil, err
	}
	root := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{Organization: []string{"recap tests"}, CommonName: name + " root"},
		NotBefore:             from.Add(-24 * time.Hour),
		NotAfter:              from.AddDate(10, 0, 0),
		IsCA:                  true,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		BasicConstraintsValid: true,
		MaxPathLen:            1,
	}
	rootCert, err := issue(root, root, rootKey.Public(), rootKey)
	if err != nil {
		return nil, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		return nil, err
	}
	intermediate := &x509.Certificate{
		SerialNumber:          big.NewInt(2),
		Subject:               pkix.Name{Organization: []string{"recap tests"}, CommonName: name + " intermediate"},
		NotBefore:             from,
		NotAfter:              until,
		IsCA:                  true,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning},
		BasicConstraintsValid: true,
		MaxPathLenZero:        true,
	}
	cert, err := issue(intermediate, rootCert, key.Public(), rootKey)
	if err != nil {
		return nil, err
	}
	return &authority{key: key, chain: []*x509.Certificate{cert, rootCert}}, nil
}

func issue(template, parent *x509.Certificate, public any, key *ecdsa.PrivateKey) (*x509.Certificate, error) {
	if template.SubjectKeyId == nil && template.IsCA {
		id, err := cryptoutils.SKID(public)
		if err != nil {
			return nil, err
		}
		template.SubjectKeyId = id
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, key)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}

// newFulcio returns Fulcio's HTTP interface. Without a log its certificates
// carry no timestamp of one.
func newFulcio(ctx context.Context, a *authority, issuers *issuers, log *certificateLog, logURL string) (http.Handler, error) {
	configuration, err := config.Read(issuers.fulcioConfig())
	if err != nil {
		return nil, err
	}
	var client *ctclient.LogClient
	if log != nil {
		client, err = ctclient.New(logURL, http.DefaultClient, jsonclient.Options{PublicKey: string(log.publicPEM)})
		if err != nil {
			return nil, err
		}
	}
	algorithms, err := signature.NewAlgorithmRegistryConfig([]commonpb.PublicKeyDetails{
		commonpb.PublicKeyDetails_PKIX_ECDSA_P256_SHA_256,
		commonpb.PublicKeyDetails_PKIX_ECDSA_P384_SHA_384,
		commonpb.PublicKeyDetails_PKIX_ED25519,
	})
	if err != nil {
		return nil, err
	}
	base := &baseca.BaseCA{SignerWithChain: &ca.SignerCerts{Signer: a.key, Certs: a.chain}}
	service := server.NewGRPCCAServer(client, base, algorithms, server.NewIssuerPool(configuration))
	mux := runtime.NewServeMux(runtime.WithMetadata(func(_ context.Context, r *http.Request) metadata.MD {
		return metadata.Pairs(server.MetadataOIDCTokenKey, strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
	}))
	v2 := configured{service, configuration}
	if err := fulciopb.RegisterCAHandlerServer(ctx, mux, v2); err != nil {
		return nil, err
	}
	// What cosign asks unless it is given a signing configuration.
	if err := legacypb.RegisterCAHandlerServer(ctx, mux, server.NewLegacyGRPCCAServer(v2)); err != nil {
		return nil, err
	}
	return server.WithMaxBytes(mux, 1<<22), nil
}

// configured hands Fulcio its configuration the way its gRPC server does.
type configured struct {
	server.GRPCCAServer
	config *config.FulcioConfig
}

func (c configured) CreateSigningCertificate(ctx context.Context, r *fulciopb.CreateSigningCertificateRequest) (*fulciopb.SigningCertificate, error) {
	return c.GRPCCAServer.CreateSigningCertificate(config.With(ctx, c.config), r)
}

func (c configured) GetConfiguration(ctx context.Context, r *fulciopb.GetConfigurationRequest) (*fulciopb.Configuration, error) {
	return c.GRPCCAServer.GetConfiguration(config.With(ctx, c.config), r)
}
