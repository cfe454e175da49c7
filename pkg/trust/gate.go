// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"cmp"
	"context"
	"errors"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"

	"github.com/recap-oci/recap/pkg/internal/tasks"
	"github.com/recap-oci/recap/pkg/policy"
	"github.com/recap-oci/recap/pkg/ratchet"
	"github.com/recap-oci/recap/pkg/recap"
)

// Gate admits digests under a policy. It is safe for concurrent use as long as
// nobody changes the policy.
type Gate struct {
	policy   *policy.Policy
	verifier Verifier
	ratchet  *ratchet.Ratchet
}

// GateOptions are the options of a Gate.
type GateOptions struct {
	// Ratchet remembers what was admitted and refuses what is older. Default:
	// nothing is remembered, and reports say so.
	Ratchet *ratchet.Ratchet
}

// NewGate returns a gate that admits what p allows and v can verify. It
// refuses, with recap.Usage, a policy that makes no sense ([policy.Policy.Check]). A
// policy without rules makes sense: it trusts nobody.
func NewGate(p *policy.Policy, v Verifier, opts GateOptions) (*Gate, error) {
	if p == nil || v == nil {
		return nil, recap.Errorf(recap.Usage, "no-policy", "verifying takes a policy and a verifier")
	}
	if err := p.Check(); err != nil {
		return nil, err
	}
	return &Gate{policy: p, verifier: v, ratchet: opts.Ratchet}, nil
}

// Request is what the user asked for.
type Request struct {
	Name string // host/repository as typed, or oci-layout:path; rules are chosen by it
	Tag  string // as typed; empty when the user wrote the digest
	Root ocispec.Descriptor
}

// Admit examines the referrers of req.Root in src, and the signatures in
// cosign's older form where the policy's rule for req.Name says so, and admits
// the root when the rule is satisfied, or only warns. src must list referrers
// (be a registry.ReferrerLister) and, for the older form, have a method
// LegacySignatures(ctx, root) that returns the descriptor of the image that
// holds them. Fetched are referrer manifests and Sigstore bundles, in two rounds
// after the listing, and beside them what a [ratchet.Ratchet] has to know of a pack: the
// manifest and config of its catalog. Nothing else is, but for a last look, before
// something is refused as unsigned, whether it is signed in the older form.
//
// A refusal is a *[RefusedError] that wraps [ErrNoSignature], [ErrBadSignature],
// [ErrWrongSigner], [ErrThreshold], [ErrNoAttestation] or [policy.ErrNoRule];
// recap.Unavailable when not everything that counts could be asked, or what the
// verifier met when it could not answer; recap.Unsafe when there are more than
// recap.MaxReferrers referrers. A rule that warns turns the first five into an
// [Admitted] with VerdictWarned. What the authorities vouch for and the ratchet
// refuses is a *RefusedError of kind recap.Stale; what was admitted under an
// enforcing rule is remembered when Admit returns, or it fails with recap.Local
// ([ratchet.Ratchet.Advance]). Other errors: the end of ctx, and recap.Usage for a root
// that isn't a manifest with a SHA-256 digest, for a policy with two rules for
// the name and for an authority that makes no sense to the verifier.
func (g *Gate) Admit(ctx context.Context, src content.ReadOnlyGraphStorage, req Request) (*Admitted, error) {
	if err := checkRoot(req.Root); err != nil {
		return nil, err
	}
	report := Report{
		Name: req.Name, Tag: req.Tag, Digest: req.Root.Digest,
		Policy: g.policy.Source, Signatures: []SignatureReport{},
	}
	rule, err := g.policy.RuleFor(req.Name)
	if errors.Is(err, policy.ErrNoRule) {
		return nil, report.refuse(err)
	}
	if err != nil {
		return nil, err
	}
	report.Rule, report.Mode, report.Threshold = rule.Name, cmp.Or(rule.Mode, policy.Enforce), rule.Required()

	sighted := g.startSight(ctx, src, rule, req)
	defer sighted.stop()
	found, err := g.find(ctx, src, req.Root, rule)
	switch {
	case ctx.Err() == nil && (errors.Is(err, recap.Unavailable) || errors.Is(err, recap.Unsafe)):
		return nil, report.refuse(err)
	case err != nil:
		return nil, err
	}
	if err := report.decide(rule, found); err != nil {
		if rule.Mode != policy.Warn || !errors.Is(err, recap.Untrusted) {
			return nil, report.refuse(olderForm(ctx, src, req.Root, rule, err))
		}
		report.explain(err)
		report.Verdict = VerdictWarned
	} else {
		report.Verdict = VerdictVerified
	}
	if err := g.remember(ctx, sighted, rule, req, &report); err != nil {
		return nil, err
	}
	return admit(req.Root, report), nil
}

// find examines everything that may be a signature under the rule's authorities.
func (g *Gate) find(ctx context.Context, src content.ReadOnlyGraphStorage, root ocispec.Descriptor, rule policy.Rule) (findings, error) {
	e, err := newExaminer(src, g.verifier, root, rule.Authorities)
	if err != nil {
		return findings{}, err
	}
	var found, legacy findings
	group, groupCtx := tasks.WithContext(ctx)
	group.Go(func() error {
		list, err := listReferrers(groupCtx, src, root)
		if err == nil {
			found, err = e.all(groupCtx, list)
		}
		return err
	})
	if rule.LegacySignatures {
		group.Go(func() error {
			var err error
			legacy, err = e.legacy(groupCtx)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return findings{}, err
	}
	found.candidates = append(found.candidates, legacy.candidates...)
	found.trouble = legacy.trouble
	found.sort()
	return found, nil
}

// refuse returns the refusal with a finished report.
func (report *Report) refuse(err error) *RefusedError {
	report.explain(err)
	report.Verdict = VerdictRefused
	return &RefusedError{Report: *report, Err: err}
}

func (report *Report) explain(err error) {
	report.Reason = err.Error()
	var e *recap.Error
	if errors.As(err, &e) {
		report.Code = e.Code
	}
}

// checkRoot refuses roots that nobody can have signed.
func checkRoot(root ocispec.Descriptor) error {
	if err := root.Digest.Validate(); err != nil {
		return recap.Errorf(recap.Usage, "bad-digest", "verifying digest %q: %w", root.Digest, err)
	}
	switch {
	case root.Digest.Algorithm() != digest.SHA256:
		return recap.Errorf(recap.Usage, "bad-digest", "verifying %s: only SHA-256 digests are signed", root.Digest)
	case root.MediaType != ocispec.MediaTypeImageManifest && root.MediaType != ocispec.MediaTypeImageIndex:
		return recap.Errorf(recap.Usage, "not-a-manifest", "verifying %s: %q is not a manifest's type", root.Digest, root.MediaType)
	case root.Size <= 0:
		return recap.Errorf(recap.Usage, "bad-size", "verifying %s: a manifest of %d bytes", root.Digest, root.Size)
	}
	return nil
}
