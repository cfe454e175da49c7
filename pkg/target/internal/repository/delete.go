// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package repository

import (
	"context"
	"net/http"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/target/internal/host"
	"github.com/recap-oci/recap/pkg/target/internal/printable"
)

// Delete removes a manifest or a blob. A manifest with a subject leaves the
// fallback index too, where the registry keeps no list of its own.
// https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#deleting-manifests
func (r *Repository) Delete(ctx context.Context, desc ocispec.Descriptor) error {
	if err := checkDescriptor(desc); err != nil {
		return err
	}
	if !recap.IsManifest(desc.MediaType) {
		return r.remove(ctx, "blobs", desc.Digest.String(), printable.Digest(desc.Digest))
	}
	got, data, err := r.getManifest(ctx, desc.Digest.String(), []string{desc.MediaType}, false)
	if err != nil {
		return err
	}
	if err := r.remove(ctx, "manifests", desc.Digest.String(), printable.Digest(desc.Digest)); err != nil {
		return err
	}
	// What can't be read as a manifest is listed nowhere.
	if subject, entry, err := referrerOf(got, data); err == nil && subject != "" {
		return r.changeFallback(ctx, subject, fallbackChange{desc: entry, remove: true})
	}
	return nil
}

// Untag removes a tag.
func (r *Repository) Untag(ctx context.Context, reference string) error {
	if err := CheckTag(reference); err != nil {
		return err
	}
	return r.remove(ctx, "manifests", reference, "tag "+reference)
}

func (r *Repository) remove(ctx context.Context, kind, reference, name string) error {
	op := host.Operation{
		What: "deleting " + name + " from " + r.full(), Method: http.MethodDelete, URL: r.url(kind, reference),
		Scopes: append(r.scopes(), "repository:"+r.name+":delete"),
		// Only 202 is right; some answer otherwise and do it.
		Accept: []int{http.StatusAccepted, http.StatusOK, http.StatusNoContent},
	}
	// If the answer was lost, a second attempt would not find it.
	op.Landed = func(ctx context.Context) bool {
		resp, err := r.host.Do(ctx, host.Operation{
			What: op.What, Method: http.MethodHead, URL: op.URL, Header: http.Header{"Accept": accepted}, Scopes: r.scopes(),
			Accept: []int{http.StatusNotFound}, Once: true,
		})
		if err != nil {
			return false
		}
		_ = resp.Body.Close()
		return true
	}
	resp, err := r.host.Do(ctx, op)
	if err != nil || resp == nil {
		return err
	}
	_ = resp.Body.Close() // the status has said it
	return nil
}
