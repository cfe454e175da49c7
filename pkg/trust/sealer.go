// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/errdef"

	"github.com/recap-oci/recap/pkg/internal/canonical"
	"github.com/recap-oci/recap/pkg/internal/tasks"
	"github.com/recap-oci/recap/pkg/policy"
	"github.com/recap-oci/recap/pkg/recap"
)

// MediaTypeBundle is the type of Sigstore bundles of version 0.3: what a
// [Signer] makes, and the artifact type of the manifest that holds one.
const MediaTypeBundle = "application/vnd.dev.sigstore.bundle.v0.3+json"

// What cosign v3 writes on a signature; other tools filter by it.
const (
	annotationContent       = "dev.sigstore.bundle.content"
	annotationPredicateType = "dev.sigstore.bundle.predicateType"
	contentDSSE             = "dsse-envelope"
)

// maxListings is how often a new signature is looked for, and listed once more
// in between. Registries without a referrers API keep the list under a tag that
// writers overwrite in turn, so one of two may be lost.
const maxListings = 3

// Sealer signs roots and proves that the signatures can be found and verified.
type Sealer struct {
	// Now is the clock of the created annotation, which nobody vouches for;
	// nil means time.Now.
	Now func() time.Time

	signer     Signer
	verifier   Verifier
	predicates []Predicate
}

// SignPredicate returns the predicate of a signature, as cosign v3 writes it.
func SignPredicate() Predicate {
	return Predicate{Type: policy.SignatureType, JSON: json.RawMessage("{}")}
}

// NewSealer returns a sealer that signs one statement for each predicate with
// signer, and reads them back with v. [SignPredicate] makes the signature that
// a policy asks for; the others are attestations. It refuses, with recap.Usage,
// to be without a predicate, and with code bad-predicate one that is no JSON
// object with one meaning, or the same twice.
func NewSealer(signer Signer, v Verifier, predicates ...Predicate) (*Sealer, error) {
	if signer == nil || v == nil || len(predicates) == 0 {
		return nil, recap.Errorf(recap.Usage, "no-signer", "signing takes a signer, a verifier and something to say")
	}
	for i, p := range predicates {
		if p.Type == "" || slices.ContainsFunc(predicates[:i], func(other Predicate) bool {
			return other.Type == p.Type && (p.Type == policy.SignatureType || bytes.Equal(other.JSON, p.JSON))
		}) {
			return nil, recap.Errorf(recap.Usage, "bad-predicate", "predicate %d of %d has no type, or says again what another says", i+1, len(predicates))
		}
		if _, err := newStatement(digest.FromString(""), p); err != nil {
			return nil, recap.Errorf(recap.Usage, "bad-predicate", "predicate of type %s: %w", p.Type, err)
		}
	}
	return &Sealer{signer: signer, verifier: v, predicates: slices.Clone(predicates)}, nil
}

// Seal says the sealer's predicates about root, which dst already holds, but for
// those that dst lists already, word for word and valid by the same signer; if
// all are there it adds nothing. Everything new is signed, and verified under
// exactly who signed it, before anything of it is pushed, and read back from dst
// and verified after. The report is under the signer's authority alone; what was
// just added is marked Added.
//
// It never tags. dst must list referrers (be a registry.ReferrerLister) and,
// when it has no referrers API, keep the list up to date as it takes manifests.
// Errors say what lies in dst; root itself does.
func (s *Sealer) Seal(ctx context.Context, dst content.GraphStorage, root ocispec.Descriptor) (Report, error) {
	if err := checkRoot(root); err != nil {
		return Report{}, err
	}
	// Only what identifies the root goes into the manifests.
	root = ocispec.Descriptor{MediaType: root.MediaType, Digest: root.Digest, Size: root.Size}
	nothing := func(err error) (Report, error) {
		return Report{}, fmt.Errorf("signing %s: nothing was added: %w", root.Digest, err)
	}
	list, err := listReferrers(ctx, dst, root)
	if err != nil {
		return nothing(err)
	}
	// A forecast, perhaps: who the signer will be is certain once it has signed.
	authority, err := s.signer.Authority(ctx)
	if err != nil {
		return nothing(err)
	}
	var found findings
	if authority.Key != nil || authority.Keyless != nil {
		e, err := s.examiner(dst, root, authority)
		if err != nil {
			return nothing(err)
		}
		if found, err = e.all(ctx, list); err != nil {
			return nothing(err)
		}
		// What can't be verified now couldn't be after signing either.
		for _, c := range found.candidates {
			if c.trouble != nil {
				return nothing(c.trouble)
			}
		}
	}
	missing := s.missing(found)
	if len(missing) > 0 {
		// More, and nobody would examine any of them.
		if len(list)+len(missing) > recap.MaxReferrers {
			return nothing(tooManyReferrers(root, "%d referrers already", len(list)))
		}
		added, err := s.sign(ctx, root, missing)
		if err != nil {
			return nothing(err)
		}
		if authority, err = s.prove(ctx, root, added); err != nil {
			return nothing(err)
		}
		if err := s.push(ctx, dst, root, added); err != nil {
			return Report{}, err
		}
		e, err := s.examiner(dst, root, authority)
		if err != nil {
			return Report{}, err
		}
		read, err := s.readBack(ctx, e, dst, added)
		if err != nil {
			return Report{}, err
		}
		found.candidates = append(found.candidates, read...)
		found.sort()
	}
	return s.report(root, authority, found), nil
}

// examiner examines under the signer's authority, and refuses one that makes no
// sense.
func (s *Sealer) examiner(dst content.GraphStorage, root ocispec.Descriptor, authority policy.Authority) (*examiner, error) {
	if err := policy.ForKeys(authority).Check(); err != nil {
		return nil, err
	}
	return newExaminer(dst, s.verifier, root, []policy.Authority{authority})
}

// report says what dst holds by the signer now.
func (s *Sealer) report(root ocispec.Descriptor, authority policy.Authority, found findings) Report {
	report := Report{
		Digest: root.Digest, Verdict: VerdictVerified,
		Rule: "signing key " + authority.Name, Mode: policy.Enforce, Threshold: 1, Authorities: []string{authority.Name},
		Signatures: found.reports(),
	}
	if authority.Keyless != nil {
		report.Rule = "signing identity " + authority.Name
	}
	for _, predicate := range s.predicates {
		if predicate.Type == policy.SignatureType {
			continue
		}
		attestation := AttestationReport{PredicateType: predicate.Type}
		for _, c := range found.candidates {
			if c.says(predicate) {
				attestation.Met, attestation.Authority, attestation.Digest = true, authority.Name, c.report.Digest
				break
			}
		}
		report.Attestations = append(report.Attestations, attestation)
	}
	return report
}

// missing returns the predicates that nothing found says already.
func (s *Sealer) missing(found findings) []Predicate {
	var missing []Predicate
	for _, p := range s.predicates {
		if !slices.ContainsFunc(found.candidates, func(c candidate) bool { return c.says(p) }) {
			missing = append(missing, p)
		}
	}
	return missing
}

// says reports whether an authority says p in c, in whatever order and spacing
// of its JSON. A signature says all that there is to say by being there.
func (c candidate) says(p Predicate) bool {
	if len(c.vouching) == 0 || c.statement.PredicateType != p.Type {
		return false
	}
	if p.Type == policy.SignatureType {
		return true
	}
	a, errA := canonical.Marshal(c.statement.Predicate)
	b, errB := canonical.Marshal(p.JSON)
	return errA == nil && errB == nil && bytes.Equal(a, b)
}

// addition is a new signature or attestation.
type addition struct {
	predicateType string
	bundle        []byte
	desc          ocispec.Descriptor // of the manifest, once pushed
	manifest      []byte
}

// sign makes a bundle of each predicate, side by side: each waits for its own
// entry in a log.
func (s *Sealer) sign(ctx context.Context, root ocispec.Descriptor, predicates []Predicate) ([]addition, error) {
	list := make([]addition, len(predicates))
	group, ctx := tasks.WithContext(ctx)
	for i, p := range predicates {
		group.Go(func() error {
			statement, err := newStatement(root.Digest, p)
			if err != nil {
				return err
			}
			bundle, err := s.signer.Sign(ctx, statement)
			if err != nil {
				return err
			}
			if len(bundle) > recap.MaxSigstoreBundle {
				return recap.Errorf(recap.Unsafe, "too-large", "the statement of type %s makes a Sigstore bundle of %d bytes, and nobody reads more than %d", p.Type, len(bundle), recap.MaxSigstoreBundle)
			}
			list[i] = addition{predicateType: p.Type, bundle: bundle}
			return nil
		})
	}
	return list, group.Wait()
}

// prove returns the authority that signed, once every bundle is found to verify
// under it: whole evidence, and the very identity. A signer that doesn't know
// who it is must not publish anything.
func (s *Sealer) prove(ctx context.Context, root ocispec.Descriptor, added []addition) (policy.Authority, error) {
	authority, err := s.signer.Authority(ctx)
	if err != nil {
		return policy.Authority{}, err
	}
	if err := policy.ForKeys(authority).Check(); err != nil {
		return policy.Authority{}, err
	}
	who, err := policy.NewMatcher(authority)
	if err != nil {
		return policy.Authority{}, err
	}
	for _, a := range added {
		evidence, err := s.verifier.Verify(ctx, a.bundle, root.Digest, authority)
		if err != nil {
			return policy.Authority{}, fmt.Errorf("the new signature doesn't verify under its own signer: %w", err)
		}
		if authority.Keyless == nil {
			continue
		}
		if evidence.Certificate == nil {
			return policy.Authority{}, Rejectf(WrongSigner, "the new signature has no certificate")
		}
		if why := who.Mismatch(evidence.Certificate.Identity()); why != "" {
			return policy.Authority{}, Rejectf(WrongSigner, "the new signature is by %s, and not by who was to sign: %s", evidence.Certificate, why)
		}
	}
	return authority, nil
}

// push stores the bundles, and the manifests that refer to root, in the shape
// that cosign v3 gives them: first all bundles, then all manifests, side by
// side, so that a list that has to be kept by hand is written once.
func (s *Sealer) push(ctx context.Context, dst content.GraphStorage, root ocispec.Descriptor, added []addition) error {
	now := time.Now
	if s.Now != nil {
		now = s.Now
	}
	created := now().UTC().Format(time.RFC3339)
	config := ocispec.DescriptorEmptyJSON
	config.Data = nil // as cosign has it
	group, groupCtx := tasks.WithContext(ctx)
	group.Go(func() error { return pushOnce(groupCtx, dst, config, ocispec.DescriptorEmptyJSON.Data) })
	for i, a := range added {
		layer := content.NewDescriptorFromBytes(MediaTypeBundle, a.bundle)
		manifest, err := canonical.Marshal(ocispec.Manifest{
			Versioned:    specs.Versioned{SchemaVersion: 2},
			MediaType:    ocispec.MediaTypeImageManifest,
			ArtifactType: MediaTypeBundle,
			Config:       config,
			Layers:       []ocispec.Descriptor{layer},
			Subject:      &root,
			Annotations: map[string]string{
				annotationContent:         contentDSSE,
				annotationPredicateType:   a.predicateType,
				ocispec.AnnotationCreated: created,
			},
		})
		if err != nil {
			return errors.Join(fmt.Errorf("signing %s: nothing was added: %w", root.Digest, err), group.Wait())
		}
		added[i].manifest = manifest
		added[i].desc = content.NewDescriptorFromBytes(ocispec.MediaTypeImageManifest, manifest)
		added[i].desc.ArtifactType = MediaTypeBundle
		group.Go(func() error { return pushOnce(groupCtx, dst, layer, a.bundle) })
	}
	if err := group.Wait(); err != nil {
		return fmt.Errorf("signing %s: nothing refers to it yet: pushing the signature: %w", root.Digest, err)
	}
	group, groupCtx = tasks.WithContext(ctx)
	for _, a := range added {
		group.Go(func() error {
			if err := pushOnce(groupCtx, dst, a.desc, a.manifest); err != nil {
				return fmt.Errorf("signing %s: it is unknown whether signature %s was stored: pushing its manifest: %w", root.Digest, a.desc.Digest, err)
			}
			return nil
		})
	}
	return group.Wait()
}

// readBack finds what was added among the referrers and verifies what dst
// returns of it.
func (s *Sealer) readBack(ctx context.Context, e *examiner, dst content.GraphStorage, added []addition) ([]candidate, error) {
	unread := func(a addition, err error) error {
		return fmt.Errorf("signing %s: signature %s was pushed, but could not be read back: %w", e.root.Digest, a.desc.Digest, err)
	}
	listed := make([]ocispec.Descriptor, len(added))
	for listing := 1; ; listing++ {
		list, err := listReferrers(ctx, dst, e.root)
		if err != nil {
			return nil, unread(added[0], err)
		}
		var lost []addition
		for i, a := range added {
			if at := slices.IndexFunc(list, func(d ocispec.Descriptor) bool { return d.Digest == a.desc.Digest }); at >= 0 {
				listed[i] = list[at]
			} else {
				lost = append(lost, a)
			}
		}
		if len(lost) == 0 {
			break
		}
		if listing == maxListings {
			return nil, recap.Errorf(recap.Unavailable, "signature-not-listed", "signing %s: signature %s was pushed, but is not listed as a referrer", e.root.Digest, lost[0].desc.Digest).
				WithHint("sign once more; if it stays so, the registry doesn't keep referrers")
		}
		for _, a := range lost {
			if err := pushOnce(ctx, dst, a.desc, a.manifest); err != nil {
				return nil, fmt.Errorf("signing %s: signature %s was pushed, but is not listed as a referrer: pushing its manifest again: %w", e.root.Digest, a.desc.Digest, err)
			}
		}
	}
	found, err := e.all(ctx, listed)
	if err != nil {
		return nil, unread(added[0], err)
	}
	for i := range found.candidates {
		c := &found.candidates[i]
		a := added[slices.IndexFunc(added, func(a addition) bool { return a.desc.Digest == c.report.Digest })]
		switch {
		case c.trouble != nil:
			return nil, unread(a, c.trouble)
		case c.report.Outcome == Unreachable:
			return nil, recap.Errorf(recap.Unavailable, "referrers-unavailable", "signing %s: signature %s was pushed, but could not be read back: %s", e.root.Digest, a.desc.Digest, c.report.Reason).
				WithHint("sign once more: what is there is found and kept")
		case len(c.vouching) == 0 || c.statement.PredicateType != a.predicateType:
			return nil, recap.Errorf(recap.Integrity, "signature-damaged", "signing %s: signature %s was pushed, and came back as %s: %s", e.root.Digest, a.desc.Digest, c.report.Outcome, c.report.Reason)
		}
		c.report.Added = true
	}
	return found.candidates, nil
}

// pushOnce pushes content, and is content with finding it there.
func pushOnce(ctx context.Context, dst content.Pusher, desc ocispec.Descriptor, data []byte) error {
	if desc.Digest != digest.FromBytes(data) {
		return errors.New("descriptor of other content")
	}
	err := dst.Push(ctx, desc, bytes.NewReader(data))
	if errors.Is(err, errdef.ErrAlreadyExists) {
		return nil
	}
	return err
}
