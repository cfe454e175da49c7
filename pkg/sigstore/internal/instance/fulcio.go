// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package instance

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/sigstore/sigstore-go/pkg/fulcio/certificate"

	"github.com/recap-oci/recap/pkg/policy"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/sigstore/internal/phrase"
	"github.com/recap-oci/recap/pkg/sigstore/internal/service"
	"github.com/recap-oci/recap/pkg/sigstore/oidc"
)

const fulcioService = "the certificate authority"

// Certified is a key that exists only in memory, and whom it was certified for.
type Certified struct {
	Key         *ecdsa.PrivateKey
	Certificate *x509.Certificate
	Identity    policy.Identity
	since       time.Time // by the machine's own clock, which may be wrong
}

// Fresh reports whether the certificate still has half of its life. That
// leaves minutes for a transparency log to attest a time within it. Only time
// that has passed is measured: the clock may be wrong.
func (c *Certified) Fresh(now time.Time) bool {
	return now.Sub(c.since) < c.Certificate.NotAfter.Sub(c.Certificate.NotBefore)/2
}

// Certify has a new key certified for whom the token was issued to.
// https://github.com/sigstore/fulcio/blob/v1.8.8/fulcio.proto
func Certify(ctx context.Context, c *service.Caller, addresses []string, token oidc.Token) (*Certified, error) {
	for _, address := range addresses {
		if err := service.Confidential(fulcioService, address); err != nil {
			return nil, err
		}
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	// The request proves that we have the key by being signed with it, whatever
	// the authority makes of the token.
	proof, err := x509.CreateCertificateRequest(rand.Reader, new(x509.CertificateRequest), key)
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(map[string][]byte{
		"certificateSigningRequest": pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: proof}),
	})
	if err != nil {
		return nil, err
	}

	r := service.Request{
		Service: fulcioService,
		Method:  http.MethodPost,
		Header:  map[string]string{"Authorization": "Bearer " + token.Secret(), "Content-Type": "application/json"},
		Body:    body,
		Redact:  token.Redact,
	}
	for _, address := range addresses {
		r.URLs = append(r.URLs, strings.TrimSuffix(address, "/")+"/api/v2/signingCert")
	}
	got, err := c.Ask(ctx, r)
	if err != nil {
		return nil, explainRefusal(err, token, c.Now())
	}
	leaf, err := leafOf(got.Body, key.Public())
	if err != nil {
		return nil, service.BadAnswer(fulcioService, got.URL, "%w", err)
	}
	identity, err := identityOf(leaf)
	if err != nil {
		return nil, service.BadAnswer(fulcioService, got.URL, "%w", err)
	}
	return &Certified{Key: key, Certificate: leaf, Identity: identity, since: c.Now()}, nil
}

// explainRefusal adds to a refusal what may be wrong with the token.
func explainRefusal(err error, token oidc.Token, now time.Time) error {
	refused, ok := errors.AsType[*recap.Error](err)
	if !ok || refused.Kind != recap.Denied {
		return err
	}
	out := recap.Errorf(recap.Denied, "token-refused", "%w (%s)", err, token)
	switch expiry := token.Expiry(); {
	case !expiry.IsZero() && now.After(expiry):
		return out.WithHint("the token expired at %s; get a new one", expiry.Format(time.RFC3339))
	case len(token.Audience()) > 0 && !token.IsFor(oidc.Audience):
		return out.WithHint("the token is for %q; get one for the audience %q", token.Audience()[0], oidc.Audience)
	default:
		return out.WithHint("the authority has to know the token's issuer, %q", token.Issuer())
	}
}

// leafOf returns the certificate in Fulcio's answer, which has to be for pub.
func leafOf(body []byte, pub crypto.PublicKey) (*x509.Certificate, error) {
	type chain struct {
		Chain struct {
			Certificates []string `json:"certificates"`
		} `json:"chain"`
	}
	var parsed struct {
		Embedded chain `json:"signedCertificateEmbeddedSct"`
		Detached chain `json:"signedCertificateDetachedSct"`
	}
	if err := json.Unmarshal(body, &parsed); err != nil {
		return nil, fmt.Errorf("its answer is no certificate: %s", phrase.Short(err.Error()))
	}
	// A detached certificate timestamp has no place in a bundle. Where there is
	// none at all, the authority uses this field too, and a verifier decides.
	list := parsed.Embedded.Chain.Certificates
	if len(list) == 0 {
		list = parsed.Detached.Chain.Certificates
	}
	if len(list) == 0 {
		return nil, errors.New("its answer has no certificate")
	}
	block, _ := pem.Decode([]byte(list[0]))
	if block == nil || block.Type != "CERTIFICATE" {
		return nil, errors.New("its answer has no certificate in PEM form")
	}
	leaf, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("its certificate is none: %w", err)
	}
	if key, ok := leaf.PublicKey.(*ecdsa.PublicKey); !ok || !key.Equal(pub) {
		return nil, errors.New("its certificate is for another key")
	}
	return leaf, nil
}

// identityOf returns whom a certificate was issued to.
func identityOf(leaf *x509.Certificate) (policy.Identity, error) {
	summary, err := certificate.SummarizeCertificate(leaf)
	if err != nil {
		return policy.Identity{}, fmt.Errorf("its certificate doesn't say who it is for: %w", err)
	}
	if summary.Issuer == "" || summary.SubjectAlternativeName == "" {
		return policy.Identity{}, errors.New("its certificate doesn't say who it is for")
	}
	return policy.Identity{Issuer: summary.Issuer, Subject: summary.SubjectAlternativeName}, nil
}
