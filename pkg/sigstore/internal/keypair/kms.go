// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package keypair

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/sigstore/sigstore/pkg/signature"
	"github.com/sigstore/sigstore/pkg/signature/kms"
	"github.com/sigstore/sigstore/pkg/signature/kms/cliplugin"
	"github.com/sigstore/sigstore/pkg/signature/options"

	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/sigstore/internal/phrase"
)

// IsKMS reports whether a key reference names a key in a key management
// service, rather than a file or a variable.
func IsKMS(keyRef string) bool {
	scheme, _, ok := strings.Cut(keyRef, "://")
	return ok && scheme != "env" && scheme != "file" && isScheme(scheme)
}

// isScheme reports whether text may be the scheme of a service. A program is
// called by it, so there is nothing in it that means something in a path.
func isScheme(text string) bool {
	return text != "" && len(text) <= 64 && strings.Trim(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

// kmsKey is a key in a key management service.
type kmsKey struct {
	ref    string
	key    kms.SignerVerifier
	public crypto.PublicKey
	hash   crypto.Hash
	scheme Scheme
}

// openKMS opens the key at ref: through a provider that was built in, or the
// program sigstore-kms-SCHEME.
// https://github.com/sigstore/sigstore/blob/v1.10.11/pkg/signature/kms/cliplugin/README.md
func openKMS(ctx context.Context, ref string, offline bool) (*kmsKey, error) {
	if offline {
		return nil, recap.Errorf(recap.Usage, "kms-offline", "key %q is in a key management service, which can't be asked offline", ref).
			WithHint("save its public key once, with the service's own tools, and verify with that: --key FILE")
	}
	key, err := getKMS(ctx, ref, crypto.SHA256)
	if err != nil {
		return nil, err
	}
	public, err := guarded(func() (crypto.PublicKey, error) { return key.PublicKey(options.WithContext(ctx)) })
	if err != nil {
		return nil, kmsTrouble(ctx, ref, "asking for its public half", err)
	}
	list, err := Schemes(public)
	if err != nil {
		return nil, recap.Errorf(recap.Usage, "bad-key", "key %q is %w", ref, err)
	}
	k := &kmsKey{ref: ref, key: key, public: public, hash: kmsHash(public), scheme: list[0]}
	if k.hash == crypto.SHA256 {
		return k, nil
	}
	if k.key, err = getKMS(ctx, ref, k.hash); err != nil {
		return nil, err
	}
	if k.hash != 0 { // the curve's own comes last
		k.scheme = list[len(list)-1]
	}
	return k, nil
}

// kmsHash returns the hash that services sign with: they hold a curve to its
// own, where a key in a file has the choice.
func kmsHash(public crypto.PublicKey) crypto.Hash {
	switch public := public.(type) {
	case *ecdsa.PublicKey:
		switch public.Curve {
		case elliptic.P384():
			return crypto.SHA384
		case elliptic.P521():
			return crypto.SHA512
		}
		return crypto.SHA256
	default:
		return hashOf(public)
	}
}

// KMSPublic returns the public half of the key at ref. It asks the service.
func KMSPublic(ctx context.Context, ref string) (crypto.PublicKey, error) {
	k, err := openKMS(ctx, ref, false)
	if err != nil {
		return nil, err
	}
	return k.public, nil
}

func getKMS(ctx context.Context, ref string, hash crypto.Hash) (kms.SignerVerifier, error) {
	key, err := guarded(func() (kms.SignerVerifier, error) { return kms.Get(ctx, ref, hash) })
	if err == nil {
		return key, nil
	}
	if _, ok := errors.AsType[*kms.ProviderNotFoundError](err); !ok {
		return nil, kmsTrouble(ctx, ref, "opening it", err)
	}
	scheme, _, _ := strings.Cut(ref, "://")
	missing := recap.Errorf(recap.Usage, "no-kms-plugin", "key %q is in a key management service that this recap knows through a program, and there is no %s in the PATH", ref, cliplugin.PluginBinaryPrefix+scheme)
	if slices.Contains([]string{"awskms", "azurekms", "gcpkms", "hashivault"}, scheme) {
		return nil, missing.WithHint("install that program, or a recap that was built with: go build -tags recapkms")
	}
	return nil, missing.WithHint("install that program; a key file, env://NAME, awskms://…, azurekms://…, gcpkms://… and hashivault://… are the usual keys")
}

// guarded calls a library that panics where a program's answer lacks a field.
func guarded[T any](call func() (T, error)) (result T, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = errors.New("its answer makes no sense")
		}
	}()
	return call()
}

// kmsTrouble explains an error of a key management service. Which it is can't
// be told from those of four providers and any program.
func kmsTrouble(ctx context.Context, ref, doing string, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return recap.Errorf(recap.Unavailable, "kms", "key %q: %s: %s", ref, doing, phrase.Short(err.Error())).
		WithHint("the service's own tools say whether the key is there and may be used")
}

// SignMessage implements [signature.Signer]. What the service returns is
// verified: a wrong signature must not get into a log.
func (k *kmsKey) SignMessage(message io.Reader, opts ...signature.SignOption) ([]byte, error) {
	ctx := context.Background()
	for _, opt := range opts {
		opt.ApplyContext(&ctx)
	}
	raw, err := io.ReadAll(message)
	if err != nil {
		return nil, err
	}
	sig, err := guarded(func() ([]byte, error) { return k.key.SignMessage(bytes.NewReader(raw), opts...) })
	if err != nil {
		return nil, kmsTrouble(ctx, k.ref, "signing", err)
	}
	if err := k.scheme.Verifier.VerifySignature(bytes.NewReader(sig), bytes.NewReader(raw)); err != nil {
		return nil, recap.Errorf(recap.Integrity, "kms-signature", "key %q: the service's signature doesn't match its public key: %s", k.ref, phrase.Short(err.Error()))
	}
	return sig, nil
}

// PublicKey implements [signature.Signer].
func (k *kmsKey) PublicKey(...signature.PublicKeyOption) (crypto.PublicKey, error) {
	return k.public, nil
}
