// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha512"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"strings"

	bundlepb "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	"github.com/sigstore/sigstore-go/pkg/sign"
)

const payloadType = "application/vnd.in-toto+json"

// signing says how a bundle of the corpus is made.
type signing struct {
	statement string // default: a signature of the corpus's artifact
	payload   string // its type; default payloadType

	key         sign.Keypair             // default: a new P-256 key
	certificate sign.CertificateProvider // default: Fulcio, for token
	token       string                   // an identity token; none, and no certificate: signed by key
	v1, v2      []string                 // addresses of logs
	tsa         []string                 // addresses of timestamp authorities
}

// sign makes a bundle.
func (c *corpus) sign(ctx context.Context, how signing) (*bundlepb.Bundle, error) {
	if how.statement == "" {
		how.statement = signatureOf(c.digest)
	}
	if how.payload == "" {
		how.payload = payloadType
	}
	if how.key == nil {
		key, err := sign.NewEphemeralKeypair(nil)
		if err != nil {
			return nil, err
		}
		how.key = key
	}
	opts := sign.BundleOptions{Context: ctx}
	if how.token != "" && how.certificate == nil {
		how.certificate = sign.NewFulcio(&sign.FulcioOptions{BaseURL: c.stack.Fulcio})
	}
	if how.certificate != nil {
		opts.CertificateProvider = how.certificate
		opts.CertificateProviderOptions = &sign.CertificateProviderOptions{IDToken: how.token}
	}
	for _, url := range how.tsa {
		opts.TimestampAuthorities = append(opts.TimestampAuthorities, sign.NewTimestampAuthority(&sign.TimestampAuthorityOptions{URL: url}))
	}
	for _, url := range how.v1 {
		opts.TransparencyLogs = append(opts.TransparencyLogs, sign.NewRekor(&sign.RekorOptions{BaseURL: url, Version: 1}))
	}
	for _, url := range how.v2 {
		opts.TransparencyLogs = append(opts.TransparencyLogs, sign.NewRekor(&sign.RekorOptions{BaseURL: url, Version: 2}))
	}
	return sign.Bundle(&sign.DSSEData{Data: []byte(how.statement), PayloadType: how.payload}, how.key, opts)
}

// signatureOf is the statement of a signature, as cosign v3 writes it.
func signatureOf(digest string) string {
	return statement("https://sigstore.dev/cosign/sign/v1", fmt.Sprintf(`{"digest":{"sha256":%q},"annotations":{}}`, hexOf(digest)), "{}")
}

// statement returns an in-toto statement about subjects, a list in JSON.
func statement(predicateType, subjects, predicate string) string {
	return fmt.Sprintf(`{"_type":"https://in-toto.io/Statement/v1","subject":[%s],"predicateType":%q,"predicate":%s}`, subjects, predicateType, predicate)
}

func hexOf(digest string) string {
	_, value, _ := strings.Cut(digest, ":")
	return value
}

// person returns a token for an e-mail address.
func (c *corpus) person(email string) (string, error) {
	token, err := get(c.stack.PeopleToken + "&email=" + email)
	return string(token), err
}

// job returns the token of a job on GitHub.
func (c *corpus) job(ctx context.Context) (string, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, c.stack.GitHubRequest+"&audience=sigstore", nil)
	if err != nil {
		return "", err
	}
	r.Header.Set("Authorization", "Bearer "+requestToken)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	var body struct{ Value string }
	err = json.NewDecoder(resp.Body).Decode(&body)
	return body.Value, err
}

// pipeline returns the token of a pipeline on GitLab.
func (c *corpus) pipeline() (string, error) {
	token, err := get(c.stack.GitLabToken)
	return string(token), err
}

// prehashed signs with Ed25519ph, as cosign does with an Ed25519 key.
type prehashed struct {
	*sign.EphemeralKeypair
	key ed25519.PrivateKey
}

func newPrehashed() (*prehashed, error) {
	inner, err := sign.NewEphemeralKeypair(nil) // for what Rekor is told, which is nothing
	if err != nil {
		return nil, err
	}
	_, key, err := ed25519.GenerateKey(rand.Reader)
	return &prehashed{inner, key}, err
}

func (p *prehashed) GetPublicKey() crypto.PublicKey { return p.key.Public() }

func (p *prehashed) SignData(_ context.Context, data []byte) ([]byte, []byte, error) {
	digest := sha512.Sum512(data)
	sig, err := p.key.Sign(nil, digest[:], crypto.SHA512)
	return sig, digest[:], err
}

func publicPEM(key crypto.PublicKey) ([]byte, error) {
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), nil
}

// upper returns a digest in upper-case hex, which no digest is.
func upper(digest string) string { return strings.ToUpper(hexOf(digest)) }

func hexDigest(sum []byte) string { return "sha256:" + hex.EncodeToString(sum) }
