// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"golang.org/x/sync/errgroup"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/errdef"

	"github.com/recap-oci/recap/pkg/artifact"
	"github.com/recap-oci/recap/pkg/recap"
)

const (
	// mediaTypeBundlePrefix starts the types of Sigstore bundles in all their
	// versions and spellings.
	mediaTypeBundlePrefix = "application/vnd.dev.sigstore.bundle"

	// maxCandidateManifest bounds the manifest of a signature, which has one
	// layer and three annotations. It keeps a hundred hostile referrers from
	// costing a hundred times the limit of a manifest.
	maxCandidateManifest = 64 << 10 // bytes

	// maxExamined is how many referrers are examined at once; it bounds
	// memory to as many Sigstore bundles.
	maxExamined = 16
)

// examiner examines the referrers of one root under some authorities.
type examiner struct {
	src         content.ReadOnlyGraphStorage
	verifier    Verifier
	authorities []Authority
	root        ocispec.Descriptor
}

// all examines every listed referrer, side by side, and reports each in order
// of digest. The error is about the question (ctx, an authority that makes no
// sense), never about a candidate.
func (e *examiner) all(ctx context.Context, list []ocispec.Descriptor) ([]SignatureReport, error) {
	reports := make([]SignatureReport, len(list))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(maxExamined)
	for i, desc := range list {
		group.Go(func() error {
			var err error
			reports[i], err = e.one(ctx, desc)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	sortReports(reports)
	return reports, nil
}

func sortReports(reports []SignatureReport) {
	slices.SortFunc(reports, func(a, b SignatureReport) int { return cmp.Compare(a.Digest, b.Digest) })
}

// one examines a listed referrer. Nothing of the listing is believed but the
// digest, under which the manifest is fetched.
func (e *examiner) one(ctx context.Context, desc ocispec.Descriptor) (SignatureReport, error) {
	report := SignatureReport{
		Digest:        desc.Digest,
		ArtifactType:  desc.ArtifactType,
		PredicateType: desc.Annotations[annotationPredicateType],
	}
	if desc.MediaType != ocispec.MediaTypeImageManifest {
		return report.with(NotASignature, "a referrer of type %q, not an image manifest", desc.MediaType), nil
	}
	// What can't be looked into is judged by what the listing calls it.
	unreadable := NotASignature
	if desc.ArtifactType == "" || isBundleType(desc.ArtifactType) {
		unreadable = BadSignature
	}
	if desc.Size > maxCandidateManifest {
		return report.with(unreadable, "its manifest has %d bytes, and a signature's has at most %d", desc.Size, maxCandidateManifest), nil
	}
	bare := ocispec.Descriptor{MediaType: desc.MediaType, Digest: desc.Digest, Size: desc.Size}
	node, err := artifact.FetchNode(ctx, e.src, bare)
	if err != nil {
		return report.unread(ctx, err, "manifest", unreadable)
	}
	manifest := node.Manifest
	report.ArtifactType = cmp.Or(manifest.ArtifactType, manifest.Config.MediaType)
	report.PredicateType = manifest.Annotations[annotationPredicateType]
	layer, report := e.bundleLayer(report, manifest)
	if report.Outcome != "" {
		return report, nil
	}
	raw, err := artifact.ReadBlob(ctx, e.src, layer, recap.MaxSigstoreBundle)
	if err != nil {
		return report.unread(ctx, err, "Sigstore bundle", BadSignature)
	}
	return e.judge(ctx, report, raw)
}

// bundleLayer returns the layer with the Sigstore bundle of a signature of the
// root. The report has an outcome when there is none.
func (e *examiner) bundleLayer(report SignatureReport, manifest *ocispec.Manifest) (ocispec.Descriptor, SignatureReport) {
	isBundle := isBundleType(manifest.ArtifactType) ||
		slices.ContainsFunc(manifest.Layers, func(l ocispec.Descriptor) bool { return isBundleType(l.MediaType) })
	switch {
	case !isBundle:
		return ocispec.Descriptor{}, report.with(NotASignature, "%q, not a Sigstore bundle", cmp.Or(manifest.ArtifactType, manifest.Config.MediaType))
	case manifest.Subject == nil:
		return ocispec.Descriptor{}, report.with(BadSignature, "its manifest refers to nothing, though it was listed")
	case !content.Equal(*manifest.Subject, e.root):
		return ocispec.Descriptor{}, report.with(BadSignature, "its manifest refers to %s of %d bytes (%s), not to this digest, though it was listed",
			manifest.Subject.Digest, manifest.Subject.Size, manifest.Subject.MediaType)
	case len(manifest.Layers) != 1:
		return ocispec.Descriptor{}, report.with(BadSignature, "its manifest has %d layers; a signature has exactly one", len(manifest.Layers))
	case !isBundleType(manifest.Layers[0].MediaType):
		return ocispec.Descriptor{}, report.with(BadSignature, "its layer is of type %q, not a Sigstore bundle", manifest.Layers[0].MediaType)
	}
	return manifest.Layers[0], report
}

// judge verifies a bundle under each authority until one vouches for it, then
// reads what was signed.
func (e *examiner) judge(ctx context.Context, report SignatureReport, raw []byte) (SignatureReport, error) {
	var worst *Rejection
	for _, authority := range e.authorities {
		evidence, err := e.verifier.Verify(ctx, raw, e.root.Digest, authority)
		var rejection *Rejection
		switch {
		case errors.As(err, &rejection):
			// Bad outweighs wrong: under the one authority whose key the
			// bundle names, a signature that doesn't match is what it is.
			if worst == nil || worst.Outcome == WrongSigner {
				worst = rejection
			}
			continue
		case err != nil:
			return report, fmt.Errorf("verifying %s under authority %q: %w", report.Digest, authority.Name, err)
		}
		report.Authority, report.KeyID, report.Algorithm = authority.Name, evidence.KeyID, evidence.Algorithm
		return e.read(report, evidence.Statement), nil
	}
	if worst == nil {
		return report.with(WrongSigner, "the rule names nobody"), nil
	}
	outcome := BadSignature
	if errors.Is(worst, ErrWrongSigner) {
		outcome = WrongSigner
	}
	return report.with(outcome, "%s", worst.Reason), nil
}

// read decides what a validly signed payload says about the root.
func (e *examiner) read(report SignatureReport, payload []byte) SignatureReport {
	s, err := parseStatement(payload)
	switch {
	case err != nil:
		return report.with(BadSignature, "signed, but not a statement with one meaning: %v", err)
	case !s.names(e.root.Digest):
		return report.with(BadSignature, "signed, but about another digest")
	}
	report.PredicateType = s.PredicateType
	if s.PredicateType != predicateTypeSign {
		return report.with(NotASignature, "an attestation of type %s, not a signature", s.PredicateType)
	}
	report.Outcome = Verified
	return report
}

// with returns the report with a failing outcome. Who was about to vouch no
// longer does, unless it is for something else than a signature.
func (r SignatureReport) with(outcome Outcome, format string, args ...any) SignatureReport {
	r.Outcome, r.Reason = outcome, fmt.Sprintf(format, args...)
	if outcome != NotASignature {
		r.Authority = ""
	}
	return r
}

// unread reports content that could not be read: missing, damaged or too large
// is the candidate's fault, anything else means that it could not be asked.
func (r SignatureReport) unread(ctx context.Context, err error, what string, damaged Outcome) (SignatureReport, error) {
	switch {
	case ctx.Err() != nil:
		return r, fmt.Errorf("fetching %s of referrer %s: %w", what, r.Digest, err)
	case errors.Is(err, recap.NotFound), errors.Is(err, errdef.ErrNotFound):
		return r.with(damaged, "its %s is listed but missing", what), nil
	case errors.Is(err, recap.Unsafe):
		return r.with(damaged, "its %s is too much to read: %v", what, err), nil
	case errors.Is(err, recap.Integrity),
		errors.Is(err, content.ErrMismatchedDigest), errors.Is(err, content.ErrInvalidDescriptorSize), errors.Is(err, content.ErrTrailingData):
		return r.with(damaged, "its %s is damaged: %v", what, err), nil
	default:
		return r.with(Unreachable, "its %s could not be fetched: %v", what, err), nil
	}
}

func isBundleType(mediaType string) bool { return strings.HasPrefix(mediaType, mediaTypeBundlePrefix) }
