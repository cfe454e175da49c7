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
	"golang.org/x/sync/errgroup"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/errdef"

	"github.com/recap-oci/recap/pkg/internal/canonical"
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
	return Predicate{Type: predicateTypeSign, JSON: json.RawMessage("{}")}
}

// NewSealer returns a sealer that signs one statement for each predicate with
// signer, and reads them back with v. [SignPredicate] makes the signature that
// a policy asks for; the others are attestations. It refuses, with recap.Usage,
// to be without a predicate.
func NewSealer(signer Signer, v Verifier, predicates ...Predicate) (*Sealer, error) {
	if signer == nil || v == nil || len(predicates) == 0 {
		return nil, recap.Errorf(recap.Usage, "no-signer", "signing takes a signer, a verifier and something to say")
	}
	return &Sealer{signer: signer, verifier: v, predicates: predicates}, nil
}

// Seal signs root, which dst already holds, unless dst lists a valid signature
// by the signer's authority; then it adds nothing. A new signature is verified
// before it is pushed, and read back from dst and verified after. The report is
// under the signer's authority alone; what was just added is marked Added.
//
// It never tags. dst must list referrers (be a registry.ReferrerLister) and,
// when it has no referrers API, keep the list up to date as it takes manifests.
// Errors say what lies in dst; root itself does.
func (s *Sealer) Seal(ctx context.Context, dst content.GraphStorage, root ocispec.Descriptor) (Report, error) {
	if err := checkRoot(root); err != nil {
		return Report{}, err
	}
	// Only what identifies the root goes into the signature's manifest.
	root = ocispec.Descriptor{MediaType: root.MediaType, Digest: root.Digest, Size: root.Size}
	// A forecast, perhaps: who the signer will be is known for certain once it
	// has signed. Without means there is none.
	authority, err := s.signer.Authority(ctx)
	if err != nil {
		return Report{}, fmt.Errorf("signing %s: nothing was added: %w", root.Digest, err)
	}
	policy := KeyPolicy(authority)
	if err := policy.Check(); err != nil {
		return Report{}, err
	}
	rule := policy.Rules[0]
	report := Report{
		Digest: root.Digest, Verdict: VerdictVerified,
		Rule: "signing key " + authority.Name, Mode: Enforce, Threshold: 1,
	}
	e := &examiner{src: dst, verifier: s.verifier, authorities: rule.Authorities, root: root}
	list, err := listReferrers(ctx, dst, root)
	if err != nil {
		return Report{}, fmt.Errorf("signing %s: nothing was added: %w", root.Digest, err)
	}
	if report.Signatures, err = e.all(ctx, list); err != nil {
		return Report{}, fmt.Errorf("signing %s: nothing was added: %w", root.Digest, err)
	}
	if report.decide(rule) == nil {
		return report, nil
	}
	// One more, and nobody would examine any of them.
	if len(list) >= recap.MaxReferrers {
		return Report{}, fmt.Errorf("signing %s: nothing was added: %w", root.Digest, tooManyReferrers(root, "%d referrers already", len(list)))
	}

	bundle, err := s.sign(ctx, root, authority)
	if err != nil {
		return Report{}, fmt.Errorf("signing %s: nothing was added: %w", root.Digest, err)
	}
	desc, manifest, err := s.push(ctx, dst, root, bundle)
	if err != nil {
		return Report{}, err
	}
	added, err := s.readBack(ctx, e, dst, desc, manifest)
	if err != nil {
		return Report{}, err
	}
	report.Signatures = append(report.Signatures, added)
	sortReports(report.Signatures)
	report.Authorities = []string{authority.Name}
	return report, nil
}

// sign returns a bundle that verifies under the signer's own authority: a
// signer that doesn't know its own key must not publish anything.
func (s *Sealer) sign(ctx context.Context, root ocispec.Descriptor, authority Authority) ([]byte, error) {
	statement, err := newStatement(root.Digest)
	if err != nil {
		return nil, err
	}
	bundle, err := s.signer.Sign(ctx, statement)
	if err != nil {
		return nil, err
	}
	if _, err := s.verifier.Verify(ctx, bundle, root.Digest, authority); err != nil {
		return nil, fmt.Errorf("the new signature doesn't verify under its own key: %w", err)
	}
	return bundle, nil
}

// push stores the bundle, and the manifest that refers to root, in the shape
// that cosign v3 gives it.
func (s *Sealer) push(ctx context.Context, dst content.GraphStorage, root ocispec.Descriptor, bundle []byte) (ocispec.Descriptor, []byte, error) {
	now := time.Now
	if s.Now != nil {
		now = s.Now
	}
	config := ocispec.DescriptorEmptyJSON
	config.Data = nil // as cosign has it
	layer := content.NewDescriptorFromBytes(MediaTypeBundle, bundle)
	manifest, err := canonical.Marshal(ocispec.Manifest{
		Versioned:    specs.Versioned{SchemaVersion: 2},
		MediaType:    ocispec.MediaTypeImageManifest,
		ArtifactType: MediaTypeBundle,
		Config:       config,
		Layers:       []ocispec.Descriptor{layer},
		Subject:      &root,
		Annotations: map[string]string{
			annotationContent:         contentDSSE,
			annotationPredicateType:   predicateTypeSign,
			ocispec.AnnotationCreated: now().UTC().Format(time.RFC3339),
		},
	})
	if err != nil {
		return ocispec.Descriptor{}, nil, fmt.Errorf("signing %s: nothing was added: %w", root.Digest, err)
	}

	group, groupCtx := errgroup.WithContext(ctx)
	group.Go(func() error { return pushOnce(groupCtx, dst, layer, bundle) })
	group.Go(func() error { return pushOnce(groupCtx, dst, config, ocispec.DescriptorEmptyJSON.Data) })
	if err := group.Wait(); err != nil {
		return ocispec.Descriptor{}, nil, fmt.Errorf("signing %s: nothing refers to it yet: pushing the signature: %w", root.Digest, err)
	}
	desc := content.NewDescriptorFromBytes(ocispec.MediaTypeImageManifest, manifest)
	desc.ArtifactType = MediaTypeBundle
	if err := pushOnce(ctx, dst, desc, manifest); err != nil {
		return ocispec.Descriptor{}, nil, fmt.Errorf("signing %s: it is unknown whether signature %s was stored: pushing its manifest: %w", root.Digest, desc.Digest, err)
	}
	return desc, manifest, nil
}

// readBack finds the new signature among the referrers and verifies what dst
// returns of it.
func (s *Sealer) readBack(ctx context.Context, e *examiner, dst content.GraphStorage, desc ocispec.Descriptor, manifest []byte) (SignatureReport, error) {
	for listing := 1; ; listing++ {
		list, err := listReferrers(ctx, dst, e.root)
		if err != nil {
			return SignatureReport{}, fmt.Errorf("signing %s: signature %s was pushed, but could not be read back: %w", e.root.Digest, desc.Digest, err)
		}
		i := slices.IndexFunc(list, func(d ocispec.Descriptor) bool { return d.Digest == desc.Digest })
		if i < 0 {
			if listing == maxListings {
				return SignatureReport{}, recap.Errorf(recap.Unavailable, "signature-not-listed", "signing %s: signature %s was pushed, but is not listed as a referrer", e.root.Digest, desc.Digest).
					WithHint("sign once more; if it stays so, the registry doesn't keep referrers")
			}
			if err := pushOnce(ctx, dst, desc, manifest); err != nil {
				return SignatureReport{}, fmt.Errorf("signing %s: signature %s was pushed, but is not listed as a referrer: pushing its manifest again: %w", e.root.Digest, desc.Digest, err)
			}
			continue
		}
		report, err := e.one(ctx, list[i])
		switch {
		case err != nil:
			return SignatureReport{}, fmt.Errorf("signing %s: signature %s was pushed, but could not be read back: %w", e.root.Digest, desc.Digest, err)
		case report.Outcome == Unreachable:
			return SignatureReport{}, recap.Errorf(recap.Unavailable, "referrers-unavailable", "signing %s: signature %s was pushed, but could not be read back: %s", e.root.Digest, desc.Digest, report.Reason).
				WithHint("sign once more: what is there is found and kept")
		case report.Outcome != Verified:
			return SignatureReport{}, recap.Errorf(recap.Integrity, "signature-damaged", "signing %s: signature %s was pushed, and came back as %s: %s", e.root.Digest, desc.Digest, report.Outcome, report.Reason)
		}
		report.Added = true
		return report, nil
	}
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
