// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package sigstore

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/elliptic"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/secure-systems-lab/go-securesystemslib/encrypted"
	"github.com/sigstore/sigstore/pkg/cryptoutils"
	"github.com/sigstore/sigstore/pkg/signature"

	"github.com/recap-oci/recap/pkg/policy"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/trust"
)

// PEM types of keys, besides those that the library names.
const (
	pemEncryptedPKCS8  = "ENCRYPTED PRIVATE KEY"
	pemEncryptedCosign = "ENCRYPTED COSIGN PRIVATE KEY"
)

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
	signer, pub, hash, err := openSigner(ctx, keyRef, opts)
	if err != nil {
		return nil, err
	}
	public, err := cryptoutils.MarshalPublicKeyToPEM(pub)
	if err != nil {
		return nil, fmt.Errorf("signing key %q: %w", keyRef, err)
	}
	keyID, err := fingerprint(pub)
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

	found, err := loadServices(ctx, opts.SigningConfig, nil, time.Now())
	if err != nil {
		return nil, err
	}
	if found.logVersion == 2 {
		if _, err := loggable(pub, hash); err != nil {
			return nil, recap.Errorf(recap.Usage, "unloggable-key", "signing key %q: %w", keyRef, err).
				WithHint("make a key on P-256 with: recap key generate; or leave out --signing-config")
		}
	}
	s.witnesses = &witnesses{caller: newCaller(opts.Transport, opts.OnNotice, opts.Budget), services: found}
	require := s.witnesses.require()
	s.authority.Require = &require
	return s, nil
}

// openSigner returns what signs with the key at keyRef, its public half, and
// the hash that it makes of a message; 0: none.
func openSigner(ctx context.Context, keyRef string, opts KeyOptions) (signature.Signer, crypto.PublicKey, crypto.Hash, error) {
	if isKMS(keyRef) {
		key, err := openKMS(ctx, keyRef, opts.Offline)
		if err != nil {
			return nil, nil, 0, err
		}
		return key, key.public, key.hash, nil
	}
	block, err := readKey(ctx, keyRef, opts)
	if err != nil {
		return nil, nil, 0, err
	}
	private, err := openPrivateKey(ctx, keyRef, block, opts)
	if err != nil {
		return nil, nil, 0, err
	}
	signer, pub, err := signerOf(private)
	if err != nil {
		return nil, nil, 0, recap.Errorf(recap.Usage, "bad-key", "signing key %q is %w", keyRef, err)
	}
	return signer, pub, hashOf(pub), nil
}

// hashOf returns the hash that a key in a file signs with; 0: none.
func hashOf(pub crypto.PublicKey) crypto.Hash {
	if _, ok := pub.(ed25519.PublicKey); ok {
		return 0
	}
	return crypto.SHA256
}

// openPrivateKey parses a private key and asks for the password it needs.
func openPrivateKey(ctx context.Context, keyRef string, block *pem.Block, opts KeyOptions) (crypto.PrivateKey, error) {
	switch block.Type {
	case string(cryptoutils.PrivateKeyPEMType), string(cryptoutils.ECPrivateKeyPEMType), string(cryptoutils.PKCS1PrivateKeyPEMType):
		if block.Headers["DEK-Info"] != "" {
			return nil, recap.Errorf(recap.Usage, "bad-key", "signing key %q is encrypted in OpenSSL's old way, which protects badly", keyRef).
				WithHint("openssl pkcs8 -topk8 -in %s -out new.key", keyRef)
		}
		private, err := cryptoutils.UnmarshalPEMToPrivateKey(pem.EncodeToMemory(block), nil)
		if err != nil {
			return nil, recap.Errorf(recap.Usage, "bad-key", "reading signing key %q: %w", keyRef, err)
		}
		return private, nil

	case pemEncryptedPKCS8, pemEncryptedCosign, string(cryptoutils.EncryptedSigstorePrivateKeyPEMType):
		password, err := askPassword(ctx, keyRef, opts)
		if err != nil {
			return nil, err
		}
		private, err := decryptKey(block, password)
		switch {
		case errors.Is(err, errPassword):
			return nil, recap.Errorf(recap.Denied, "wrong-password", "opening signing key %q: %w", keyRef, err).
				WithHint("set COSIGN_PASSWORD, or unset it to be asked")
		case err != nil:
			return nil, recap.Errorf(recap.Usage, "bad-key", "reading signing key %q: %w", keyRef, err)
		}
		return private, nil

	case string(cryptoutils.PublicKeyPEMType), string(cryptoutils.PKCS1PublicKeyPEMType):
		return nil, recap.Errorf(recap.Usage, "public-key", "signing key %q is a public key; signing takes the private one", keyRef).
			WithHint("pass the private key: --key %s", guess(keyRef, ".pub", ".key", "cosign.key"))
	default:
		return nil, recap.Errorf(recap.Usage, "bad-key", "signing key %q is a PEM block of type %q, not a private key", keyRef, block.Type).
			WithHint("make a key pair with: recap key generate")
	}
}

func askPassword(ctx context.Context, keyRef string, opts KeyOptions) ([]byte, error) {
	if opts.Password == nil {
		return nil, recap.Errorf(recap.Usage, "password-needed", "signing key %q is encrypted, and nobody can be asked for its password", keyRef).
			WithHint("set COSIGN_PASSWORD")
	}
	password, err := opts.Password(ctx)
	if err != nil {
		return nil, fmt.Errorf("asking for the password of signing key %q: %w", keyRef, err)
	}
	return password, nil
}

var errPassword = errors.New("wrong password, or the file is damaged")

// decryptKey opens an encrypted private key. Neither library has a sentinel
// for a wrong password, so their texts are compared; a test holds them.
func decryptKey(block *pem.Block, password []byte) (crypto.PrivateKey, error) {
	if block.Type == pemEncryptedPKCS8 {
		private, err := cryptoutils.UnmarshalPEMToPrivateKey(pem.EncodeToMemory(block), cryptoutils.StaticPasswordFunc(password))
		if err != nil && strings.Contains(err.Error(), "incorrect password") {
			return nil, errPassword
		}
		return private, err
	}
	der, err := encrypted.Decrypt(block.Bytes, password)
	if err != nil {
		if strings.Contains(err.Error(), "decryption failed") {
			return nil, errPassword
		}
		return nil, err
	}
	plain := pem.EncodeToMemory(&pem.Block{Type: string(cryptoutils.PrivateKeyPEMType), Bytes: der})
	return cryptoutils.UnmarshalPEMToPrivateKey(plain, nil)
}

// LoadAuthority returns the authority recognised by the public key at keyRef:
// a path, env://NAME for a variable that holds the key itself, or the address of
// a key in a key management service, which is asked for the public half. keyRef
// is its name. A private key, a certificate or a weak key is refused with
// recap.Usage, a missing file or variable with recap.NotFound.
func LoadAuthority(ctx context.Context, keyRef string, opts KeyOptions) (policy.Authority, error) {
	pub, err := openPublicKey(ctx, keyRef, opts)
	if err != nil {
		return policy.Authority{}, err
	}
	if _, err := schemes(pub); err != nil {
		return policy.Authority{}, recap.Errorf(recap.Usage, "bad-key", "key %q is %w", keyRef, err)
	}
	public, err := cryptoutils.MarshalPublicKeyToPEM(pub)
	if err != nil {
		return policy.Authority{}, fmt.Errorf("key %q: %w", keyRef, err)
	}
	return policy.Authority{Name: keyRef, Key: &policy.Key{PEM: public}}, nil
}

func openPublicKey(ctx context.Context, keyRef string, opts KeyOptions) (crypto.PublicKey, error) {
	if isKMS(keyRef) {
		key, err := openKMS(ctx, keyRef, opts.Offline)
		if err != nil {
			return nil, err
		}
		return key.public, nil
	}
	block, err := readKey(ctx, keyRef, opts)
	if err != nil {
		return nil, err
	}
	if strings.HasSuffix(block.Type, "PRIVATE KEY") {
		return nil, recap.Errorf(recap.Usage, "private-key", "key %q is a private key; verifying takes the public one, and a private key is never handed out", keyRef).
			WithHint("pass the public key: --key %s", guess(keyRef, ".key", ".pub", "cosign.pub"))
	}
	pub, err := parsePublicKey(pem.EncodeToMemory(block))
	if err != nil {
		return nil, recap.Errorf(recap.Usage, "bad-key", "key %q: %w", keyRef, err)
	}
	return pub, nil
}

// parsePublicKey parses one PEM block with a public key.
func parsePublicKey(data []byte) (crypto.PublicKey, error) {
	block, err := onlyBlock(data)
	if err != nil {
		return nil, err
	}
	switch block.Type {
	case string(cryptoutils.PublicKeyPEMType), string(cryptoutils.PKCS1PublicKeyPEMType):
		return cryptoutils.UnmarshalPEMToPublicKey(pem.EncodeToMemory(block))
	default:
		return nil, fmt.Errorf("a PEM block of type %q, not a public key", block.Type)
	}
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

// guess returns the name of the other half of a key pair for a hint.
func guess(keyRef, suffix, other, fallback string) string {
	if base, ok := strings.CutSuffix(keyRef, suffix); ok {
		return base + other
	}
	return fallback
}
