// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package sigstore

import (
	"context"
	"crypto"
	"crypto/rand"
	"net/http"
	"time"

	"github.com/secure-systems-lab/go-securesystemslib/dsse"
	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"

	"github.com/recap-oci/recap/pkg/policy"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/sigstore/internal/bundle"
	"github.com/recap-oci/recap/pkg/sigstore/internal/instance"
	"github.com/recap-oci/recap/pkg/sigstore/internal/service"
	"github.com/recap-oci/recap/pkg/sigstore/oidc"
	"github.com/recap-oci/recap/pkg/sigstore/trustroot"
	"github.com/recap-oci/recap/pkg/trust"
)

// Notice says that a service keeps the signer waiting.
type Notice = service.Notice

// Clock tells the time and waits.
type Clock = service.Clock

// IssuerOf returns the identity provider to ask a person with, as the signing
// configuration names it for now: the file at signingConfig, or else root's.
func IssuerOf(ctx context.Context, trusted *trustroot.Root, signingConfig string, now time.Time) (string, error) {
	return instance.Issuer(ctx, trusted, signingConfig, now)
}

// KeylessOptions are the options of a [KeylessSigner].
type KeylessOptions struct {
	// Root names the services to sign with, unless SigningConfig does.
	Root *trustroot.Root

	// SigningConfig is the path of a signing configuration, which names the
	// certificate authority, logs and timestamp authorities to use.
	SigningConfig string

	// Token returns an identity token, as [oidc.FindToken] does. It is asked when one
	// is first needed, and again if signing takes longer than a certificate or
	// a token lives. It has to be set.
	Token func(ctx context.Context) (oidc.Token, error)

	// Transport carries the requests. Default: net/http's.
	Transport http.RoundTripper

	// OnNotice is told what is being waited for. It is never called twice at
	// the same time, nor after the method that waits has returned.
	OnNotice func(service.Notice)

	// Budget bounds the time that the signer loses in all to services that fail
	// or don't answer. Default: two minutes.
	Budget time.Duration

	// Clock is what the signer goes and waits by. Default: the system's.
	Clock Clock
}

// KeylessSigner implements [trust.Signer] with a certificate for an identity,
// issued for a key that exists only in memory. One certificate serves all that
// is signed within minutes. A KeylessSigner is safe for concurrent use.
type KeylessSigner struct {
	opts   KeylessOptions
	caller *service.Caller
	gate   chan struct{} // holds one token: who has it may look at what follows

	witnesses *instance.Witnesses
	token     oidc.Token
	certified *instance.Certified
}

var _ trust.Signer = (*KeylessSigner)(nil)

// NewKeylessSigner returns a signer that asks no service and reads no file
// until it is used.
func NewKeylessSigner(opts KeylessOptions) (*KeylessSigner, error) {
	if opts.Token == nil {
		return nil, recap.Errorf(recap.Usage, "no-token", "signing with an identity: there is no way to get an identity token")
	}
	s := &KeylessSigner{
		opts:   opts,
		caller: service.New(service.Options{Transport: opts.Transport, OnNotice: opts.OnNotice, Budget: opts.Budget, Clock: opts.Clock}),
		gate:   make(chan struct{}, 1),
	}
	s.gate <- struct{}{}
	return s, nil
}

// Authority implements [trust.Signer]. Before something was signed it is the
// forecast of [oidc.Token.Identity], for which it needs a token, and has no means
// where there is none; after, it is who the certificate was issued to.
//
// It fails, as Sign does, if the signing configuration makes no sense, so that
// a caller can find out before anything is published.
func (s *KeylessSigner) Authority(ctx context.Context) (policy.Authority, error) {
	if err := s.enter(ctx); err != nil {
		return policy.Authority{}, err
	}
	defer s.leave()
	if err := s.load(ctx); err != nil {
		return policy.Authority{}, err
	}
	if s.certified != nil {
		return s.authority(s.certified.Identity), nil
	}
	token, err := s.identify(ctx)
	if err != nil {
		return policy.Authority{}, err
	}
	if issuer, subject, ok := token.Identity(); ok {
		return s.authority(policy.Identity{Issuer: issuer, Subject: subject}), nil
	}
	return policy.Authority{Name: token.String()}, nil
}

// authority returns the authority of an identity, with the evidence that the
// signer's witnesses provide.
func (s *KeylessSigner) authority(identity policy.Identity) policy.Authority {
	a := policy.Authority{Name: identity.Subject, Keyless: &policy.Keyless{Identities: []policy.Identity{identity}}}
	if require := s.witnesses.Require(); require.TLog == 0 {
		require.SCT = 1
		a.Require = &require
	}
	return a
}

// Sign implements [trust.Signer]. It publishes the signer's identity, and that
// it signed, in the logs of the signing configuration.
//
// Errors are of kind recap.Unavailable when a service stays away for longer
// than the budget, and recap.Denied when the certificate authority refuses the
// token (token-refused).
func (s *KeylessSigner) Sign(ctx context.Context, statement []byte) ([]byte, error) {
	holder, witnesses, err := s.certify(ctx)
	if err != nil {
		return nil, err
	}
	material := &protobundle.VerificationMaterial{
		Content: &protobundle.VerificationMaterial_Certificate{
			Certificate: &protocommon.X509Certificate{RawBytes: holder.Certificate.Raw},
		},
	}
	hash := crypto.SHA256.New()
	hash.Write(dsse.PAE(bundle.PayloadType, statement))
	sum := hash.Sum(nil)
	unsigned := instance.Signed{Statement: statement, Hash: crypto.SHA256, Certificate: holder.Certificate}
	sig, err := witnesses.Attest(ctx, material, unsigned, func() ([]byte, error) {
		return holder.Key.Sign(rand.Reader, sum, crypto.SHA256)
	})
	if err != nil {
		return nil, err
	}
	return bundle.Marshal(material, statement, sig)
}

// certify returns the certificate in hand, or a new one.
func (s *KeylessSigner) certify(ctx context.Context) (*instance.Certified, *instance.Witnesses, error) {
	if err := s.enter(ctx); err != nil {
		return nil, nil, err
	}
	defer s.leave()
	if err := s.load(ctx); err != nil {
		return nil, nil, err
	}
	if s.certified != nil && s.certified.Fresh(s.caller.Now()) {
		return s.certified, s.witnesses, nil
	}
	token, err := s.identify(ctx)
	if err != nil {
		return nil, nil, err
	}
	holder, err := instance.Certify(ctx, s.caller, s.witnesses.Services.Authorities, token)
	if err != nil {
		return nil, nil, err
	}
	// Who signs must not change under a caller that asked who it is.
	if before := s.certified; before != nil {
		if was, is := before.Identity, holder.Identity; was.Issuer != is.Issuer || was.Subject != is.Subject {
			return nil, nil, recap.Errorf(recap.Denied, "identity-changed", "signing began as %q of %q, and the new certificate is for %q of %q",
				was.Subject, was.Issuer, is.Subject, is.Issuer)
		}
	}
	s.certified = holder
	return holder, s.witnesses, nil
}

// load finds out, once, which services to sign with.
func (s *KeylessSigner) load(ctx context.Context) error {
	if s.witnesses != nil {
		return nil
	}
	found, err := instance.Load(ctx, s.opts.SigningConfig, s.opts.Root, s.caller.Now())
	if err != nil {
		return err
	}
	if len(found.Authorities) == 0 {
		return recap.Errorf(recap.Usage, "bad-signing-config", "the signing configuration names no certificate authority that is valid now").
			WithHint("name other services with --signing-config FILE, or sign with a key: --key")
	}
	if len(found.Logs) == 0 && len(found.Timestamps) == 0 {
		return recap.Errorf(recap.Usage, "bad-signing-config", "the signing configuration names no transparency log and no timestamp authority: nobody could tell that the certificate was valid when it was used").
			WithHint("name other services with --signing-config FILE, or sign with a key: --key")
	}
	s.witnesses = &instance.Witnesses{Caller: s.caller, Services: found}
	return nil
}

// identify returns the token in hand or, if that has expired, a new one.
func (s *KeylessSigner) identify(ctx context.Context) (oidc.Token, error) {
	expiry := s.token.Expiry()
	if !s.token.IsZero() && (expiry.IsZero() || expiry.After(s.caller.Now())) {
		return s.token, nil
	}
	token, err := s.opts.Token(ctx)
	if err != nil {
		return oidc.Token{}, err
	}
	if token.IsZero() {
		return oidc.Token{}, recap.Errorf(recap.Usage, "no-token", "signing with an identity: there is no identity token")
	}
	s.token = token
	return token, nil
}

// enter waits until nobody else looks at what the gate guards.
func (s *KeylessSigner) enter(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case <-s.gate:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *KeylessSigner) leave() { s.gate <- struct{}{} }
