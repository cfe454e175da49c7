// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package sigstore

import (
	"context"
	"crypto"
	"crypto/sha256"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/sigstore/sigstore-go/pkg/root"

	"github.com/recap-oci/recap/pkg/policy"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/sigstore/internal/evidence"
	"github.com/recap-oci/recap/pkg/sigstore/internal/keypair"
	"github.com/recap-oci/recap/pkg/sigstore/trustroot"
	"github.com/recap-oci/recap/pkg/trust"
)

// Verifier implements [trust.Verifier]. It is safe for concurrent use.
type Verifier struct {
	opts  VerifierOptions
	cache examinedCache
	keys  kmsKeys
}

var _ trust.Verifier = (*Verifier)(nil)

// VerifierOptions are the options of a Verifier.
type VerifierOptions struct {
	// Root is the trusted root, needed for certificates, transparency logs and
	// timestamps. Default: none, and whatever needs one is refused.
	Root *trustroot.Root

	// Offline refuses everything that would need the network: keys in a key
	// management service.
	Offline bool

	// Now is the clock, against which nothing is held but logs that were given
	// up: everything else is judged by when it was signed. Default: time.Now.
	Now func() time.Time
}

// NewVerifier returns a verifier. For authorities that are keys in PEM and need
// no evidence it uses neither the trusted root nor the network.
func NewVerifier(opts VerifierOptions) *Verifier {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	return &Verifier{opts: opts}
}

// Verify implements [trust.Verifier]. Log entries and timestamps in a bundle
// prove nothing, and are not looked at, for a key that needs neither. Where
// they are, a bundle whose entry in a log of the trusted root doesn't verify is
// refused whatever else it carries; entries in other logs, and timestamps of
// other authorities, are as good as absent.
//
// It refuses, as [trust.ErrWrongSigner], bundles signed with a certificate
// where a key is expected and the reverse, with another key, or with a
// certificate of another authority than the trusted root's; as
// [trust.ErrBadSignature] everything else that isn't a valid signature over a
// statement about d with the evidence required. Which key a bundle names is
// only a hint, and decides no more than which of the two refusals it is.
func (v *Verifier) Verify(ctx context.Context, raw []byte, d digest.Digest, a policy.Authority) (trust.Evidence, error) {
	return v.verify(ctx, d, a, sha256.Sum256(raw), func() (*evidence.Signed, *trust.Rejection) { return evidence.Read(raw) })
}

// VerifyLegacy implements [trust.Verifier]. What it requires and refuses is
// what Verify does, but for transparency logs, whose entries carry a signed
// promise here and no proof. The chain that comes with a certificate is not
// looked at: the trusted root has the certificates that count.
func (v *Verifier) VerifyLegacy(ctx context.Context, sig trust.LegacySignature, d digest.Digest, a policy.Authority) (trust.Evidence, error) {
	return v.verify(ctx, d, a, legacySum(sig), func() (*evidence.Signed, *trust.Rejection) { return evidence.ReadLegacy(sig) })
}

// verify verifies what read returns, which is the same for the same sum.
func (v *Verifier) verify(ctx context.Context, d digest.Digest, a policy.Authority, sum [sha256.Size]byte, read func() (*evidence.Signed, *trust.Rejection)) (trust.Evidence, error) {
	if err := ctx.Err(); err != nil {
		return trust.Evidence{}, err
	}
	if err := d.Validate(); err != nil || d.Algorithm() != digest.SHA256 {
		return trust.Evidence{}, recap.Errorf(recap.Usage, "bad-digest", "verifying digest %q: only SHA-256 is signed", d)
	}
	need, err := needOf(a)
	if err != nil {
		return trust.Evidence{}, err
	}

	var candidates []keypair.Scheme
	var keyID [sha256.Size]byte
	if a.Key != nil {
		if candidates, keyID, err = v.key(ctx, a); err != nil {
			return trust.Evidence{}, err
		}
	}
	// What is no answer whoever is believed doesn't wait for the trusted root.
	examined := v.cache.open(sum, d, read)
	if examined.rejection != nil {
		rejection := *examined.rejection // several get the cached one
		return trust.Evidence{}, &rejection
	}
	if rejection := wrongKind(examined.signed, a); rejection != nil {
		return trust.Evidence{}, rejection
	}
	var trusted *root.TrustedRoot
	if a.Keyless != nil || need.TLog > 0 || need.Timestamps > 0 {
		if trusted, err = v.root(ctx, a); err != nil {
			return trust.Evidence{}, err
		}
	}
	var found *evidence.Findings
	if a.Keyless != nil {
		found = examined.keyless(func(s *evidence.Signed) *evidence.Findings { return evidence.Certified(s, d, trusted, v.opts.Now()) })
	} else {
		found = evidence.Keyed(examined.signed, d, a.Key, keyID, candidates, trusted, v.opts.Now())
	}
	if err := ctx.Err(); err != nil {
		return trust.Evidence{}, err
	}
	evidence, rejection := found.Judge(need)
	if rejection != nil {
		return trust.Evidence{}, rejection
	}
	return evidence, nil
}

// wrongKind refuses a certificate where a key is expected, and the reverse.
func wrongKind(s *evidence.Signed, a policy.Authority) *trust.Rejection {
	reason := "signed with a certificate, not with a key"
	switch {
	case a.Keyless == nil && s.Certificate != nil:
	case a.Keyless != nil && s.Certificate == nil:
		reason = "signed with a key, not with a certificate"
	default:
		return nil
	}
	rejection := trust.Rejectf(trust.WrongSigner, "%s", reason)
	rejection.Checks = []trust.Check{{Name: evidence.CheckSignature, Detail: reason}}
	return rejection
}

// needOf returns the evidence that an authority needs, or what is wrong with
// the authority.
func needOf(a policy.Authority) (policy.Require, error) {
	need := a.Required()
	switch {
	case a.Key == nil && a.Keyless == nil:
		return need, recap.Errorf(recap.Usage, "bad-authority", "authority %q has neither a key nor identities", a.Name)
	case a.Key != nil && a.Keyless != nil:
		return need, recap.Errorf(recap.Usage, "bad-authority", "authority %q has both a key and identities", a.Name)
	case a.Key != nil && need.SCT > 0:
		return need, recap.Errorf(recap.Usage, "bad-authority", "authority %q is a key, and no certificate log lists keys", a.Name)
	case need.TLog < 0 || need.Timestamps < 0 || need.SCT < 0:
		return need, recap.Errorf(recap.Usage, "bad-authority", "authority %q needs a negative amount of evidence", a.Name)
	}
	// A certificate is valid for minutes, and a key with a window is valid in
	// it: neither says anything of a signature of unknown time.
	if need.Timestamps == 0 && (a.Keyless != nil || evidence.Windowed(a.Key)) {
		need.Timestamps = 1
	}
	return need, nil
}

// key returns the ways in which an authority's key signs.
func (v *Verifier) key(ctx context.Context, a policy.Authority) ([]keypair.Scheme, [sha256.Size]byte, error) {
	pub, err := v.publicKey(ctx, a)
	if err != nil {
		return nil, [sha256.Size]byte{}, err
	}
	candidates, err := keypair.Schemes(pub)
	if err != nil {
		return nil, [sha256.Size]byte{}, recap.Errorf(recap.Usage, "bad-key", "key of authority %q: %w", a.Name, err)
	}
	keyID, err := keypair.Fingerprint(pub)
	if err != nil {
		return nil, [sha256.Size]byte{}, recap.Errorf(recap.Usage, "bad-key", "key of authority %q: %w", a.Name, err)
	}
	return candidates, keyID, nil
}

func (v *Verifier) publicKey(ctx context.Context, a policy.Authority) (crypto.PublicKey, error) {
	switch {
	case a.Key.KMS == "":
	case len(a.Key.PEM) > 0:
		return nil, recap.Errorf(recap.Usage, "bad-authority", "authority %q has two keys", a.Name)
	case !keypair.IsKMS(a.Key.KMS):
		return nil, recap.Errorf(recap.Usage, "bad-authority", "key of authority %q is said to be in a key management service, and %q is none", a.Name, a.Key.KMS)
	case v.opts.Offline:
		return nil, recap.Errorf(recap.Usage, "kms-offline", "key of authority %q is in %s, which can't be asked offline", a.Name, a.Key.KMS).
			WithHint("save the public key once, and name the file")
	default:
		return v.keys.get(ctx, a.Key.KMS)
	}
	pub, err := keypair.ParsePublic(a.Key.PEM)
	if err != nil {
		return nil, recap.Errorf(recap.Usage, "bad-key", "key of authority %q: %w", a.Name, err)
	}
	return pub, nil
}

// root returns the trusted root, which authority a needs.
func (v *Verifier) root(ctx context.Context, a policy.Authority) (*root.TrustedRoot, error) {
	if v.opts.Root == nil {
		return nil, recap.Errorf(recap.Usage, "no-trusted-root", "authority %q needs the trusted root of a Sigstore instance, and none is set", a.Name).
			WithHint("pass one: --trusted-root trusted_root.json")
	}
	return v.opts.Root.Trusted(ctx)
}
