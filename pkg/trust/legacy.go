// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/errdef"

	"github.com/recap-oci/recap/pkg/artifact"
	"github.com/recap-oci/recap/pkg/internal/tasks"
	"github.com/recap-oci/recap/pkg/policy"
	"github.com/recap-oci/recap/pkg/recap"
)

// Where cosign before version 3 kept signatures: in the layers of an image under
// a tag made of the signed digest, each with its evidence in annotations.
// https://github.com/sigstore/cosign/blob/v2.6.2/specs/SIGNATURE_SPEC.md
const (
	mediaTypeSimpleSigning = "application/vnd.dev.cosign.simplesigning.v1+json"

	annotationLegacySignature   = "dev.cosignproject.cosign/signature"
	annotationLegacyCertificate = "dev.sigstore.cosign/certificate"
	annotationLegacyChain       = "dev.sigstore.cosign/chain"
	annotationLegacyLogEntry    = "dev.sigstore.cosign/bundle"
	annotationLegacyTimestamp   = "dev.sigstore.cosign/rfc3161timestamp"
)

const (
	// maxLegacyManifest bounds the image, which holds certificates and
	// timestamps of all its signatures in annotations.
	maxLegacyManifest = 1 << 20 // bytes

	// maxLegacyPayload bounds what was signed, a digest and a name.
	maxLegacyPayload = 64 << 10 // bytes
)

// legacySource is a source that can look up signatures in the form of cosign
// before version 3. It answers recap.NotFound when there are none.
type legacySource interface {
	LegacySignatures(ctx context.Context, root ocispec.Descriptor) (ocispec.Descriptor, error)
}

// olderForm returns err, the refusal of a root, with a better hint where it is of
// something unsigned that has signatures in cosign's older form, which the rule
// doesn't ask for. Nobody else waits for that question.
func olderForm(ctx context.Context, src any, root ocispec.Descriptor, rule policy.Rule, err error) error {
	source, ok := src.(legacySource)
	var refused *recap.Error
	if !ok || rule.LegacySignatures || !errors.Is(err, ErrNoSignature) || !errors.As(err, &refused) {
		return err
	}
	if _, none := source.LegacySignatures(ctx, root); none != nil {
		return err
	}
	where := "in the rule"
	if strings.HasPrefix(rule.Name, "--") {
		where = "in the rule of a policy"
	}
	return refused.WithHint("there is a signature in cosign's older form, which nobody looked at: legacySignatures: true %s reads it", where)
}

// legacy examines the signatures in cosign's older form. What can't be asked is
// trouble; the error is about the question.
func (e *examiner) legacy(ctx context.Context) (findings, error) {
	src, ok := e.src.(legacySource)
	if !ok {
		return findings{trouble: recap.Errorf(recap.Unavailable, "referrers-unavailable", "looking for signatures of cosign before version 3: %T can't look them up", e.src)}, nil
	}
	desc, err := src.LegacySignatures(ctx, e.root)
	switch {
	case ctx.Err() != nil:
		return findings{}, fmt.Errorf("looking for signatures of cosign before version 3: %w", ctx.Err())
	case errors.Is(err, recap.NotFound), errors.Is(err, errdef.ErrNotFound):
		return findings{}, nil
	case errors.Is(err, recap.Integrity), errors.Is(err, recap.Unsafe):
		return findings{trouble: fmt.Errorf("looking for signatures of cosign before version 3: %w", err)}, nil
	case err != nil:
		return findings{trouble: recap.Errorf(recap.Unavailable, "referrers-unavailable", "looking for signatures of cosign before version 3: %w", err).
			WithHint("whether it is signed could not be found out; try again")}, nil
	}
	report := SignatureReport{Digest: desc.Digest, ArtifactType: mediaTypeSimpleSigning, Legacy: true}
	switch {
	case desc.MediaType != ocispec.MediaTypeImageManifest:
		return findings{candidates: []candidate{{report: report.with(BadSignature, "under the tag for signatures lies %q, not an image manifest", desc.MediaType)}}}, nil
	case desc.Size > maxLegacyManifest:
		return findings{candidates: []candidate{{report: report.with(BadSignature, "the manifest of signatures has %d bytes, more than %d", desc.Size, maxLegacyManifest)}}}, nil
	}
	node, err := artifact.FetchNode(ctx, e.src, ocispec.Descriptor{MediaType: desc.MediaType, Digest: desc.Digest, Size: desc.Size})
	if err != nil {
		c, err := unread(ctx, report, err, "manifest", BadSignature)
		return findings{candidates: []candidate{c}}, err
	}
	layers := node.Manifest.Layers
	if len(layers) > recap.MaxReferrers {
		return findings{trouble: tooManyReferrers(e.root, "%d signatures of cosign before version 3", len(layers))}, nil
	}
	return e.legacyLayers(ctx, report, layers)
}

// legacyLayers examines the layers, side by side. Signatures of one text are
// layers of one digest, which is fetched once.
func (e *examiner) legacyLayers(ctx context.Context, report SignatureReport, layers []ocispec.Descriptor) (findings, error) {
	found := findings{candidates: make([]candidate, len(layers))}
	same := make(map[digest.Digest][]int)
	for i, layer := range layers {
		same[layer.Digest] = append(same[layer.Digest], i)
	}
	group, ctx := tasks.WithContext(ctx)
	group.SetLimit(maxExamined)
	for _, indexes := range same {
		group.Go(func() error {
			var payload []byte
			for _, i := range indexes {
				if layers[i].MediaType != mediaTypeSimpleSigning {
					found.candidates[i] = candidate{report: report.with(NotASignature, "a layer of type %q", layers[i].MediaType)}
					continue
				}
				if payload == nil {
					var err error
					bare := ocispec.Descriptor{MediaType: layers[i].MediaType, Digest: layers[i].Digest, Size: layers[i].Size}
					if payload, err = artifact.ReadBlob(ctx, e.src, bare, maxLegacyPayload); err != nil {
						if found.candidates[i], err = unread(ctx, report, err, "payload", BadSignature); err != nil {
							return err
						}
						continue
					}
				}
				var err error
				if found.candidates[i], err = e.legacyLayer(ctx, report, layers[i].Annotations, payload); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return findings{}, err
	}
	return found, nil
}

// legacyLayer examines one signature.
func (e *examiner) legacyLayer(ctx context.Context, report SignatureReport, annotations map[string]string, payload []byte) (candidate, error) {
	signature, bad := base64.StdEncoding.DecodeString(annotations[annotationLegacySignature])
	switch {
	case bad != nil:
		return candidate{report: report.with(BadSignature, "its signature is not base64: %v", bad)}, nil
	case len(signature) == 0:
		return candidate{report: report.with(BadSignature, "its layer holds no signature")}, nil
	}
	c, err := e.judge(ctx, report, func(a policy.Authority) (Evidence, error) {
		return e.verifier.VerifyLegacy(ctx, LegacySignature{
			Payload:     payload,
			Signature:   signature,
			Certificate: []byte(annotations[annotationLegacyCertificate]),
			Chain:       []byte(annotations[annotationLegacyChain]),
			LogEntry:    []byte(annotations[annotationLegacyLogEntry]),
			Timestamp:   []byte(annotations[annotationLegacyTimestamp]),
		}, e.root.Digest, a)
	})
	if err != nil || !c.signed() {
		return c, err
	}
	if err := (LegacySignature{Payload: c.payload}).Names(e.root.Digest); err != nil {
		return c.refuse("statement", "signed, but %v", err), nil
	}
	if len(c.vouching) > 0 {
		c.report.Outcome = Verified
	}
	return c, nil
}
