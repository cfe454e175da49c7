// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

// Package keypair opens keys: from files, from variables, and in key management
// services, through the programs that Sigstore calls its plugins (the build tag
// recapkms builds four services in). It knows which keys are strong enough, and
// in which ways each signs.
package keypair

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"

	"github.com/secure-systems-lab/go-securesystemslib/encrypted"
	"github.com/sigstore/sigstore/pkg/cryptoutils"
	"github.com/sigstore/sigstore/pkg/signature"

	"github.com/recap-oci/recap/pkg/recap"
)

// PEM types of keys, besides those that the library names.
const (
	pemEncryptedPKCS8  = "ENCRYPTED PRIVATE KEY"
	pemEncryptedCosign = "ENCRYPTED COSIGN PRIVATE KEY"
)

// Options say how keys are found and opened.
type Options struct {
	Getenv   func(name string) string                  // looks up an env:// reference; nil: there are none
	Password func(ctx context.Context) ([]byte, error) // asked once, when a private key is encrypted; nil: that is refused
	Offline  bool                                      // refuses keys in a key management service
}

// OpenSigner returns what signs with the key at keyRef, its public half, and
// the hash that it makes of a message; 0: none.
func OpenSigner(ctx context.Context, keyRef string, opts Options) (signature.Signer, crypto.PublicKey, crypto.Hash, error) {
	if IsKMS(keyRef) {
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
func openPrivateKey(ctx context.Context, keyRef string, block *pem.Block, opts Options) (crypto.PrivateKey, error) {
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

func askPassword(ctx context.Context, keyRef string, opts Options) ([]byte, error) {
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

// OpenPublic returns the public key at a key reference.
func OpenPublic(ctx context.Context, keyRef string, opts Options) (crypto.PublicKey, error) {
	if IsKMS(keyRef) {
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
	pub, err := ParsePublic(pem.EncodeToMemory(block))
	if err != nil {
		return nil, recap.Errorf(recap.Usage, "bad-key", "key %q: %w", keyRef, err)
	}
	return pub, nil
}

// ParsePublic parses one PEM block with a public key.
func ParsePublic(data []byte) (crypto.PublicKey, error) {
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

// guess returns the name of the other half of a key pair for a hint.
func guess(keyRef, suffix, other, fallback string) string {
	if base, ok := strings.CutSuffix(keyRef, suffix); ok {
		return base + other
	}
	return fallback
}
