// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package sigstore

import (
	"context"
	"crypto/elliptic"
	"fmt"
	"net/http"
	"time"

	"github.com/sigstore/sigstore/pkg/cryptoutils"

	"github.com/recap-oci/recap/pkg/policy"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/sigstore/internal/instance"
	"github.com/recap-oci/recap/pkg/sigstore/internal/keypair"
	"github.com/recap-oci/recap/pkg/sigstore/internal/service"
	"github.com/recap-oci/recap/pkg/trust"
)

// KeyOptions says how keys are found and opened.
type KeyOptions struct {
	// Getenv looks up the variable of an env:// reference. Nil: there are none.
	Getenv func(name string) string

	// Password is asked, once, only when a private key is encrypted. Nil:
	// encrypted keys are refused.
	Password func(ctx context.Context) ([]byte, error)

	// Offline refuses keys in a key management service.
	Offline bool

	// SigningConfig is the path of a signing configuration. Signatures are then
	// entered in its transparency logs, and timestamped by its timestamp
	// authorities. Default: neither; a key needs none.
	SigningConfig string

	// Transport, OnNotice, Budget and Clock are those of [KeylessOptions], for the
	// services of SigningConfig.
	Transport http.RoundTripper
	OnNotice  func(service.Notice)
	Budget    time.Duration
	Clock     Clock
}

// opening returns what concerns finding and opening a key.
func (o KeyOptions) opening() keypair.Options {
	return keypair.Options{Getenv: o.Getenv, Password: o.Password, Offline: o.Offline}
}

// LoadSigner returns a signer with the private key at keyRef: a path, env://NAME
// for a variable that holds the key itself, or the address of a key in a key
// management service, such as awskms://…. It reads PKCS#8, EC and RSA keys,
// encrypted PKCS#8, and cosign's encrypted keys, old and new. The signer's
// authority carries keyRef as its name, the public half, and the evidence that
// the witnesses of opts.SigningConfig provide.
//
// Errors are of kind recap.NotFound when there is no such file or variable,
// recap.Denied with code wrong-password, and recap.Usage for a key that can't
// sign: a public key, a weak one, another format; and for one that the
// transparency log of opts.SigningConfig doesn't take (unloggable-key).
func LoadSigner(ctx context.Context, keyRef string, opts KeyOptions) (trust.Signer, error) {
	signer, pub, hash, err := keypair.OpenSigner(ctx, keyRef, opts.opening())
	if err != nil {
		return nil, err
	}
	public, err := cryptoutils.MarshalPublicKeyToPEM(pub)
	if err != nil {
		return nil, fmt.Errorf("signing key %q: %w", keyRef, err)
	}
	keyID, err := keypair.Fingerprint(pub)
	if err != nil {
		return nil, fmt.Errorf("signing key %q: %w", keyRef, err)
	}
	s := &keySigner{
		signer:    signer,
		public:    pub,
		hash:      hash,
		keyID:     keyID,
		authority: policy.Authority{Name: keyRef, Key: &policy.Key{PEM: public}},
	}
	if opts.SigningConfig == "" {
		return s, nil
	}

	found, err := instance.Load(ctx, opts.SigningConfig, nil, service.ClockOr(opts.Clock).Now())
	if err != nil {
		return nil, err
	}
	if found.LogVersion == 2 {
		if _, err := instance.Loggable(pub, hash); err != nil {
			return nil, recap.Errorf(recap.Usage, "unloggable-key", "signing key %q: %w", keyRef, err).
				WithHint("make a key on P-256 with: recap key generate; or leave out --signing-config")
		}
	}
	s.witnesses = &instance.Witnesses{Caller: service.New(service.Options{Transport: opts.Transport, OnNotice: opts.OnNotice, Budget: opts.Budget, Clock: opts.Clock}), Services: found}
	require := s.witnesses.Require()
	s.authority.Require = &require
	return s, nil
}

// LoadAuthority returns the authority recognised by the public key at keyRef:
// a path, env://NAME for a variable that holds the key itself, or the address of
// a key in a key management service, which is asked for the public half. keyRef
// is its name. A private key, a certificate or a weak key is refused with
// recap.Usage, a missing file or variable with recap.NotFound.
func LoadAuthority(ctx context.Context, keyRef string, opts KeyOptions) (policy.Authority, error) {
	pub, err := keypair.OpenPublic(ctx, keyRef, opts.opening())
	if err != nil {
		return policy.Authority{}, err
	}
	if _, err := keypair.Schemes(pub); err != nil {
		return policy.Authority{}, recap.Errorf(recap.Usage, "bad-key", "key %q is %w", keyRef, err)
	}
	public, err := cryptoutils.MarshalPublicKeyToPEM(pub)
	if err != nil {
		return policy.Authority{}, fmt.Errorf("key %q: %w", keyRef, err)
	}
	return policy.Authority{Name: keyRef, Key: &policy.Key{PEM: public}}, nil
}

// GenerateKeyPair returns a new ECDSA P-256 key pair as PEM: the private key
// encrypted under password in cosign's format (ENCRYPTED SIGSTORE PRIVATE KEY:
// scrypt and NaCl secretbox), the public key in PKIX form. A nil password is
// refused with recap.Usage; an empty one that isn't nil encrypts under the
// empty string, as cosign does. The caller writes the private key with
// permissions 0600.
func GenerateKeyPair(password []byte) (private, public []byte, err error) {
	if password == nil {
		return nil, nil, recap.Errorf(recap.Usage, "password-needed", "making a key pair: no password to encrypt the private key with").
			WithHint("set COSIGN_PASSWORD")
	}
	return cryptoutils.GeneratePEMEncodedECDSAKeyPair(elliptic.P256(), cryptoutils.StaticPasswordFunc(password))
}
