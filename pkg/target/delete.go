// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package target

import (
	"context"
	"net/http"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/recap-oci/recap/pkg/recap"
)

// Delete removes a manifest or a blob. A manifest with a subject leaves the
// fallback index too, where the registry keeps no list of its own.
// https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#deleting-manifests
func (r *repository) Delete(ctx context.Context, desc ocispec.Descriptor) error {
	if err := checkDescriptor(desc); err != nil {
		return err
	}
	if !recap.IsManifest(desc.MediaType) {
		return r.remove(ctx, "blobs", desc.Digest.String(), short(desc.Digest))
	}
	got, data, err := r.getManifest(ctx, desc.Digest.String(), []string{desc.MediaType}, false)
	if err != nil {
		return err
	}
	if err := r.remove(ctx, "manifests", desc.Digest.String(), short(desc.Digest)); err != nil {
		return err
	}
	// What can't be read as a manifest is listed nowhere.
	if subject, entry, err := referrerOf(got, data); err == nil && subject != "" {
		return r.changeFallback(ctx, subject, fallbackChange{desc: entry, remove: true})
	}
	return nil
}

// Untag removes a tag.
func (r *repository) Untag(ctx context.Context, reference string) error {
	if err := checkTag(reference); err != nil {
		return err
	}
	return r.remove(ctx, "manifests", reference, "tag "+reference)
}

func (r *repository) remove(ctx context.Context, kind, reference, name string) error {
	op := operation{
		what: "deleting " + name + " from " + r.full(), method: http.MethodDelete, url: r.url(kind, reference),
		scopes: append(r.scopes(), "repository:"+r.name+":delete"),
		// Only 202 is right; some answer otherwise and do it.
		accept: []int{http.StatusAccepted, http.StatusOK, http.StatusNoContent},
	}
	// If the answer was lost, a second attempt would not find it.
	op.landed = func(ctx context.Context) bool {
		resp, err := r.host.do(ctx, operation{
			what: op.what, method: http.MethodHead, url: op.url, header: http.Header{"Accept": accepted}, scopes: r.scopes(),
			accept: []int{http.StatusNotFound}, once: true,
		})
		if err != nil {
			return false
		}
		_ = resp.Body.Close()
		return true
	}
	resp, err := r.host.do(ctx, op)
	if err != nil || resp == nil {
		return err
	}
	_ = resp.Body.Close() // the status has said it
	return nil
}
