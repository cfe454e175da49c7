// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package keypair

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"fmt"

	"github.com/sigstore/sigstore/pkg/signature"
)

// minRSABits is the smallest RSA modulus accepted: 1024 bits can be factored.
const minRSABits = 2048

// maxRSABits is the largest: a key in a certificate is tried before it is known
// whose it is, and what a bundle has room for takes minutes.
const maxRSABits = 8192

// Scheme is one way in which a key makes signatures.
type Scheme struct {
	Name     string // in words, for reports
	Verifier signature.Verifier
}

// Schemes returns the ways in which cosign signs with pub, the one that recap
// signs with first. It refuses keys that are too weak or of an unknown kind.
func Schemes(pub crypto.PublicKey) ([]Scheme, error) {
	switch pub := pub.(type) {
	case *ecdsa.PublicKey:
		hashes := []crypto.Hash{crypto.SHA256}
		switch pub.Curve {
		case elliptic.P256():
		case elliptic.P384():
			hashes = append(hashes, crypto.SHA384)
		case elliptic.P521():
			hashes = append(hashes, crypto.SHA512)
		default:
			return nil, fmt.Errorf("ECDSA on %s: only P-256, P-384 and P-521 are accepted", pub.Params().Name)
		}
		var list []Scheme
		for _, hash := range hashes {
			verifier, err := signature.LoadECDSAVerifier(pub, hash)
			if err != nil {
				return nil, err
			}
			list = append(list, Scheme{"ECDSA " + pub.Params().Name + " with " + hash.String(), verifier})
		}
		return list, nil

	case *rsa.PublicKey:
		switch bits := pub.N.BitLen(); {
		case bits < minRSABits:
			return nil, fmt.Errorf("RSA of %d bits: at least %d are needed", bits, minRSABits)
		case bits > maxRSABits:
			return nil, fmt.Errorf("RSA of %d bits: at most %d are accepted", bits, maxRSABits)
		}
		verifier, err := signature.LoadRSAPKCS1v15Verifier(pub, crypto.SHA256)
		if err != nil {
			return nil, err
		}
		return []Scheme{{fmt.Sprintf("RSA %d with SHA-256 (PKCS#1 v1.5)", pub.N.BitLen()), verifier}}, nil

	case ed25519.PublicKey:
		pure, err := signature.LoadED25519Verifier(pub)
		if err != nil {
			return nil, err
		}
		prehashed, err := signature.LoadED25519phVerifier(pub)
		if err != nil {
			return nil, err
		}
		return []Scheme{{"Ed25519", pure}, {"Ed25519ph", prehashed}}, nil

	default:
		return nil, fmt.Errorf("a key of type %T: only ECDSA, RSA and Ed25519 are accepted", pub)
	}
}

// signerOf returns a signer whose signatures verify under the first of
// [schemes], and refuses what schemes refuses.
func signerOf(private crypto.PrivateKey) (signature.Signer, crypto.PublicKey, error) {
	signer, ok := private.(crypto.Signer)
	if !ok {
		return nil, nil, fmt.Errorf("a key of type %T: only ECDSA, RSA and Ed25519 are accepted", private)
	}
	pub := signer.Public()
	if _, err := Schemes(pub); err != nil {
		return nil, nil, err
	}
	var s signature.Signer
	var err error
	switch private := private.(type) {
	case *ecdsa.PrivateKey:
		s, err = signature.LoadECDSASigner(private, crypto.SHA256)
	case *rsa.PrivateKey:
		s, err = signature.LoadRSAPKCS1v15Signer(private, crypto.SHA256)
	case ed25519.PrivateKey:
		s, err = signature.LoadED25519Signer(private)
	default:
		err = fmt.Errorf("a key of type %T: only ECDSA, RSA and Ed25519 are accepted", private)
	}
	return s, pub, err
}

// Fingerprint returns the SHA-256 of pub in PKIX form.
func Fingerprint(pub crypto.PublicKey) ([sha256.Size]byte, error) {
	der, err := x509.MarshalPKIXPublicKey(pub)
	if err != nil {
		return [sha256.Size]byte{}, err
	}
	return sha256.Sum256(der), nil
}
