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
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/errdef"

	"github.com/recap-oci/recap/pkg/artifact"
	"github.com/recap-oci/recap/pkg/internal/tasks"
	"github.com/recap-oci/recap/pkg/policy"
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

// examiner examines what may be signatures of one root under some authorities.
type examiner struct {
	src         content.ReadOnlyGraphStorage
	verifier    Verifier
	authorities []policy.Authority
	matchers    []policy.Matcher // of the authorities
	anybody     bool             // every identity is the one authority's
	root        ocispec.Descriptor
}

// newExaminer refuses, with recap.Usage, authorities that make no sense.
func newExaminer(src content.ReadOnlyGraphStorage, v Verifier, root ocispec.Descriptor, authorities []policy.Authority) (*examiner, error) {
	e := &examiner{src: src, verifier: v, root: root, authorities: authorities}
	for _, a := range authorities {
		m, err := policy.NewMatcher(a)
		if err != nil {
			return nil, err
		}
		e.matchers = append(e.matchers, m)
	}
	return e, nil
}

// candidate is something that may be a signature, and what examining it found.
type candidate struct {
	report SignatureReport

	vouching  []int     // authorities that signed it, by index
	signer    string    // who that is; see signerOf
	payload   []byte    // what was signed, by them or by others; nil if that isn't established
	statement statement // that is the payload; none in a legacy signature

	fault fault // why it is bad, where it is

	// trouble is why nobody could say whether it is an authority's.
	trouble error
}

// findings is everything that was found about a root.
type findings struct {
	candidates []candidate // in order of digest

	// trouble is why there may be candidates that weren't found.
	trouble error
}

// reports returns what is said of each candidate.
func (f findings) reports() []SignatureReport {
	list := make([]SignatureReport, 0, len(f.candidates))
	for _, c := range f.candidates {
		list = append(list, c.report)
	}
	return list
}

// all examines every listed referrer, side by side. The error is about the
// question (ctx, an authority that makes no sense), never about a candidate.
func (e *examiner) all(ctx context.Context, list []ocispec.Descriptor) (findings, error) {
	found := findings{candidates: make([]candidate, len(list))}
	group, ctx := tasks.WithContext(ctx)
	group.SetLimit(maxExamined)
	for i, desc := range list {
		group.Go(func() error {
			var err error
			found.candidates[i], err = e.one(ctx, desc)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return findings{}, err
	}
	found.sort()
	return found, nil
}

func (f findings) sort() {
	slices.SortStableFunc(f.candidates, func(a, b candidate) int { return cmp.Compare(a.report.Digest, b.report.Digest) })
}

// one examines a listed referrer. Nothing of the listing is believed but the
// digest, under which the manifest is fetched.
func (e *examiner) one(ctx context.Context, desc ocispec.Descriptor) (candidate, error) {
	report := SignatureReport{
		Digest:        desc.Digest,
		ArtifactType:  desc.ArtifactType,
		PredicateType: desc.Annotations[annotationPredicateType],
	}
	if desc.MediaType != ocispec.MediaTypeImageManifest {
		return candidate{report: report.with(NotASignature, "a referrer of type %q, not an image manifest", desc.MediaType)}, nil
	}
	// What can't be looked into is judged by what the listing calls it.
	unreadable := NotASignature
	if desc.ArtifactType == "" || isBundleType(desc.ArtifactType) {
		unreadable = BadSignature
	}
	if desc.Size > maxCandidateManifest {
		return candidate{report: report.with(unreadable, "its manifest has %d bytes, and a signature's has at most %d", desc.Size, maxCandidateManifest)}, nil
	}
	bare := ocispec.Descriptor{MediaType: desc.MediaType, Digest: desc.Digest, Size: desc.Size}
	node, err := artifact.FetchNode(ctx, e.src, bare)
	if err != nil {
		return unread(ctx, report, err, "manifest", unreadable)
	}
	manifest := node.Manifest
	report.ArtifactType = cmp.Or(manifest.ArtifactType, manifest.Config.MediaType)
	report.PredicateType = manifest.Annotations[annotationPredicateType]
	layer, report := e.bundleLayer(report, manifest)
	if report.Outcome != "" {
		c := candidate{report: report}
		if manifest.Subject == nil || !content.Equal(*manifest.Subject, e.root) {
			c.fault = mislisted
		}
		return c, nil
	}
	raw, err := artifact.ReadBlob(ctx, e.src, layer, recap.MaxSigstoreBundle)
	if err != nil {
		return unread(ctx, report, err, "Sigstore bundle", BadSignature)
	}
	c, err := e.judge(ctx, report, func(a policy.Authority) (Evidence, error) {
		return e.verifier.Verify(ctx, raw, e.root.Digest, a)
	})
	if err != nil || !c.signed() {
		return c, err
	}
	return e.read(c), nil
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
		return ocispec.Descriptor{}, report.with(BadSignature, "its manifest refers to %s of %d bytes (%.100q), not to this digest, though it was listed",
			manifest.Subject.Digest, manifest.Subject.Size, manifest.Subject.MediaType)
	case len(manifest.Layers) != 1:
		return ocispec.Descriptor{}, report.with(BadSignature, "its manifest has %d layers; a signature has exactly one", len(manifest.Layers))
	case !isBundleType(manifest.Layers[0].MediaType):
		return ocispec.Descriptor{}, report.with(BadSignature, "its layer is of type %q, not a Sigstore bundle", manifest.Layers[0].MediaType)
	}
	return manifest.Layers[0], report
}

// read decides what a validly signed statement says about the root.
func (e *examiner) read(c candidate) candidate {
	s, err := parseStatement(c.payload)
	switch {
	case err != nil:
		return c.refuse("statement", "signed, but not a statement with one meaning: %v", err)
	case !s.names(e.root.Digest):
		return c.refuse("statement", "signed, but about another digest")
	}
	c.statement, c.report.PredicateType = s, s.PredicateType
	c.report.Checks = append(c.report.Checks, Check{Name: "predicate", Passed: true, Detail: s.PredicateType})
	switch {
	case len(c.vouching) == 0:
		// Whatever it says, nobody who counts says it.
	case s.PredicateType != policy.SignatureType:
		c.report = c.report.with(Attestation, "an attestation of type %s, not a signature", s.PredicateType)
	default:
		c.report.Outcome = Verified
	}
	return c
}

// with returns the report with a failing outcome. Who was about to vouch no
// longer does, unless it is for something else than a signature.
func (r SignatureReport) with(outcome Outcome, format string, args ...any) SignatureReport {
	r.Outcome, r.Reason = outcome, fmt.Sprintf(format, args...)
	if outcome != Attestation {
		r.Authority = ""
	}
	return r
}

// unread reports content that could not be read: missing, damaged or too large
// is the candidate's fault, anything else means that it could not be asked.
func unread(ctx context.Context, r SignatureReport, err error, what string, damaged Outcome) (candidate, error) {
	why := attached
	switch {
	case ctx.Err() != nil:
		return candidate{}, fmt.Errorf("fetching %s of referrer %s: %w", what, r.Digest, err)
	case errors.Is(err, recap.NotFound), errors.Is(err, errdef.ErrNotFound):
		r, why = r.with(damaged, "its %s is listed but missing", what), absent
	case isAltered(err):
		r, why = r.with(damaged, "its %s isn't what it should be: %v", what, err), altered
	case errors.Is(err, recap.Unsafe):
		r = r.with(damaged, "its %s is too much to read: %v", what, err)
	case errors.Is(err, recap.Integrity):
		r = r.with(damaged, "its %s can't be read: %v", what, err)
	default:
		r = r.with(Unreachable, "its %s could not be fetched: %v", what, err)
	}
	return candidate{report: r, fault: why}, nil
}

func isBundleType(mediaType string) bool { return strings.HasPrefix(mediaType, mediaTypeBundlePrefix) }
