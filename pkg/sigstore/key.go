// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package sigstore

import (
	"context"
	"errors"

	"github.com/recap-oci/recap/pkg/trust"
)

// KeyOptions says how keys are found and opened.
type KeyOptions struct {
	// Getenv looks up the variable of an env:// reference. Nil: there are none.
	Getenv func(name string) string

	// Password is asked, once, only when a private key is encrypted. Nil:
	// encrypted keys are refused.
	Password func(ctx context.Context) ([]byte, error)
}

// LoadSigner returns a signer with the private key at keyRef: a path or
// env://NAME.
func LoadSigner(ctx context.Context, keyRef string, opts KeyOptions) (trust.Signer, error) {
	return nil, errors.New("not yet")
}

// LoadAuthority returns the authority recognised by the public key at keyRef:
// a path or env://NAME.
func LoadAuthority(ctx context.Context, keyRef string, opts KeyOptions) (trust.Authority, error) {
	return trust.Authority{}, errors.New("not yet")
}

// GenerateKeyPair returns a new ECDSA P-256 key pair in cosign's format.
func GenerateKeyPair(password []byte) (private, public []byte, err error) {
	return nil, nil, errors.New("not yet")
}
