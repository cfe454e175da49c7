// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package sigstore

import (
	"context"
	"errors"

	"github.com/opencontainers/go-digest"

	"github.com/recap-oci/recap/pkg/trust"
)

// Verifier implements [trust.Verifier].
type Verifier struct{}

var _ trust.Verifier = (*Verifier)(nil)

// NewVerifier returns a verifier. It is safe for concurrent use.
func NewVerifier() *Verifier { return &Verifier{} }

// Verify implements [trust.Verifier].
func (v *Verifier) Verify(ctx context.Context, bundle []byte, d digest.Digest, a trust.Authority) (trust.Evidence, error) {
	return trust.Evidence{}, errors.New("not yet")
}
