// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package instance

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/secure-systems-lab/go-securesystemslib/dsse"
	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	protorekor "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/recap-oci/recap/pkg/sigstore/internal/bundle"
	"github.com/recap-oci/recap/pkg/sigstore/internal/phrase"
	"github.com/recap-oci/recap/pkg/sigstore/internal/service"
)

// enterV2 makes an entry of type hashedrekord, the only one that version 2
// has. It answers when the entry is in the tree, within some seconds.
// https://github.com/sigstore/rekor-tiles/blob/v2.3.0/api/proto/rekor/v2/entry.proto
func enterV2(ctx context.Context, c *service.Caller, addresses Choice, s Signed) (*protorekor.TransparencyLogEntry, error) {
	type raw struct {
		RawBytes []byte `json:"rawBytes"`
	}
	type verifier struct {
		Certificate *raw   `json:"x509Certificate,omitempty"`
		Key         *raw   `json:"publicKey,omitempty"`
		Details     string `json:"keyDetails"`
	}
	type signature struct {
		Content  []byte   `json:"content"`
		Verifier verifier `json:"verifier"`
	}
	type hashedRekord struct {
		Digest    []byte    `json:"digest"`
		Signature signature `json:"signature"`
	}

	public := s.Public
	if s.Certificate != nil {
		public = s.Certificate.PublicKey
	}
	details, err := Loggable(public, s.Hash)
	if err != nil {
		return nil, err
	}
	hash := s.Hash.New()
	hash.Write(dsse.PAE(bundle.PayloadType, s.Statement))
	entry := hashedRekord{
		Digest:    hash.Sum(nil),
		Signature: signature{Content: s.sig, Verifier: verifier{Details: details.String()}},
	}
	if s.Certificate != nil {
		entry.Signature.Verifier.Certificate = &raw{s.Certificate.Raw}
	} else {
		der, err := x509.MarshalPKIXPublicKey(public)
		if err != nil {
			return nil, err
		}
		entry.Signature.Verifier.Key = &raw{der}
	}
	body, err := json.Marshal(map[string]hashedRekord{"hashedRekordRequestV002": entry})
	if err != nil {
		return nil, err
	}

	got, err := c.Ask(ctx, rekorRequest(addresses, "/api/v2/log/entries", body))
	if err != nil {
		return nil, err
	}
	if got.Status == http.StatusConflict {
		return nil, fmt.Errorf("%s at %s: %w", rekorService, service.PlainAddress(got.URL), errLogged)
	}
	logged := new(protorekor.TransparencyLogEntry)
	if err := protojson.Unmarshal(got.Body, logged); err != nil {
		return nil, service.BadAnswer(rekorService, got.URL, "its answer is no log entry: %s", phrase.Short(phrase.Plain(err)))
	}
	if err := checkEntry(logged, s.sig); err != nil {
		return nil, service.BadAnswer(rekorService, got.URL, "%w", err)
	}
	return logged, nil
}

// Loggable returns how version 2 of the log names a kind of signature. It
// stores hashes alone, so it can't verify what is signed without one.
func Loggable(public crypto.PublicKey, hash crypto.Hash) (protocommon.PublicKeyDetails, error) {
	switch public := public.(type) {
	case *ecdsa.PublicKey:
		switch {
		case public.Curve == elliptic.P256() && hash == crypto.SHA256:
			return protocommon.PublicKeyDetails_PKIX_ECDSA_P256_SHA_256, nil
		case public.Curve == elliptic.P384() && hash == crypto.SHA384:
			return protocommon.PublicKeyDetails_PKIX_ECDSA_P384_SHA_384, nil
		case public.Curve == elliptic.P521() && hash == crypto.SHA512:
			return protocommon.PublicKeyDetails_PKIX_ECDSA_P521_SHA_512, nil
		}
		return 0, fmt.Errorf("a log of version 2 takes no signatures of ECDSA %s with %s", public.Params().Name, hash)
	case *rsa.PublicKey:
		switch bits := public.N.BitLen(); {
		case hash != crypto.SHA256:
		case bits == 2048:
			return protocommon.PublicKeyDetails_PKIX_RSA_PKCS1V15_2048_SHA256, nil
		case bits == 3072:
			return protocommon.PublicKeyDetails_PKIX_RSA_PKCS1V15_3072_SHA256, nil
		case bits == 4096:
			return protocommon.PublicKeyDetails_PKIX_RSA_PKCS1V15_4096_SHA256, nil
		}
		return 0, fmt.Errorf("a log of version 2 takes no signatures of RSA %d with %s", public.N.BitLen(), hash)
	case ed25519.PublicKey:
		return 0, errors.New("a log of version 2 takes no signatures of Ed25519, which signs without a hash")
	default:
		return 0, fmt.Errorf("a log of version 2 takes no signatures of a key of type %T", public)
	}
}
