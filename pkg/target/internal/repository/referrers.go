// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package repository

import (
	"context"
	"errors"
	"mime"
	"net/http"
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/errdef"

	"github.com/recap-oci/recap/pkg/internal/canonical"
	"github.com/recap-oci/recap/pkg/internal/tasks"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/target/internal/host"
	"github.com/recap-oci/recap/pkg/target/internal/printable"
)

// Predecessors returns the referrers: a registry does not know which indexes
// list a manifest.
func (r *Repository) Predecessors(ctx context.Context, desc ocispec.Descriptor) ([]ocispec.Descriptor, error) {
	var all []ocispec.Descriptor
	err := r.Referrers(ctx, desc, "", func(page []ocispec.Descriptor) error {
		all = append(all, page...)
		return nil
	})
	return all, err
}

// Referrers asks the API and the fallback tag side by side. Both count: a
// client that does not know of the API has written to the tag, and where the
// API came later, what was tagged before is only there.
//
// The registry is not asked to filter: filters were wrong in several, and the
// fallback tag has none.
func (r *Repository) Referrers(ctx context.Context, desc ocispec.Descriptor, artifactType string, fn func([]ocispec.Descriptor) error) error {
	if err := checkDescriptor(desc); err != nil {
		return err
	}
	all, err := r.listReferrers(ctx, desc.Digest)
	if err != nil {
		return err
	}
	if artifactType != "" {
		all = slices.DeleteFunc(all, func(d ocispec.Descriptor) bool { return d.ArtifactType != artifactType })
	}
	if len(all) > recap.MaxReferrers {
		return r.tooManyReferrers(desc.Digest)
	}
	if len(all) == 0 {
		return nil
	}
	return fn(all)
}

func (r *Repository) tooManyReferrers(subject digest.Digest) error {
	return recap.Errorf(recap.Unsafe, "too-many-referrers", "listing the referrers of %s in %s: there are more than %d, or they come on more than %d pages",
		printable.Digest(subject), r.full(), recap.MaxReferrers, recap.MaxReferrerPages)
}

// believed is how often in a row a registry has to say that it has no referrers
// API. What is said while that is being asked counts once: a gateway that answers
// for the registry answers a whole crowd of requests.
const believed = 2

// withoutAPI reports whether the registry is known to have no referrers API.
func (r *Repository) withoutAPI() bool { return r.noReferrersAPI.Load() >= believed }

// listReferrers returns the union, each once.
func (r *Repository) listReferrers(ctx context.Context, subject digest.Digest) ([]ocispec.Descriptor, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	type list struct {
		descs []ocispec.Descriptor
		err   error
	}
	tagged := tasks.Start(func() list {
		descs, err := r.taggedReferrers(ctx, subject)
		if err != nil {
			cancel()
		}
		return list{descs, err}
	})
	var api list
	there := false // the API
	if !r.withoutAPI() {
		if api.descs, there, api.err = r.apiReferrers(ctx, subject); api.err != nil {
			cancel()
		}
	}
	tag := tagged.Wait()
	// The first failure cancels the other; that one is not the reason.
	for _, err := range []error{api.err, tag.err} {
		if err != nil && !errors.Is(err, context.Canceled) {
			return nil, unasked(err)
		}
	}
	if err := errors.Join(api.err, tag.err); err != nil {
		return nil, err
	}
	// Neither an API nor a tag: a copy would leave signatures behind. A gateway may
	// have answered for the registry; once is not enough to believe it. With a tag it
	// is: registries without the API have one, and a pull pays for no more.
	for said := 1; !there && tag.descs == nil && said < believed && !r.withoutAPI(); said++ {
		if api.descs, there, api.err = r.apiReferrers(ctx, subject); api.err != nil {
			return nil, unasked(api.err)
		}
	}
	if !there && tag.descs == nil {
		if tag.descs, tag.err = r.taggedReferrers(ctx, subject); tag.err != nil {
			return nil, unasked(tag.err)
		}
	}
	if !there {
		r.host.Notices().Detail(r.host.Name(), "%s has no referrers API; what refers to %s is what the tag %s lists", r.full(), printable.Digest(subject), fallbackTag(subject))
	}
	seen := map[digest.Digest]bool{}
	return slices.DeleteFunc(append(api.descs, tag.descs...), func(d ocispec.Descriptor) bool {
		known := seen[d.Digest]
		seen[d.Digest] = true
		return known
	}), nil
}

// unasked makes sure that a list that could not be had is never taken for an
// empty one, nor for a thing that is not there.
func unasked(err error) error {
	for _, kind := range []recap.Kind{recap.Denied, recap.Integrity, recap.Unsafe} {
		if errors.Is(err, kind) {
			return err
		}
	}
	hint := "try again"
	var inner *recap.Error
	if errors.As(err, &inner) && inner.Hint != "" {
		hint = inner.Hint
	}
	return recap.Errorf(recap.Unavailable, "referrers-unavailable", "%w", err).WithHint("%s", hint)
}

// apiReferrers asks the API, and reports whether there is one.
// https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#listing-referrers
func (r *Repository) apiReferrers(ctx context.Context, subject digest.Digest) (_ []ocispec.Descriptor, there bool, _ error) {
	heard := r.noReferrersAPI.Load()
	what := "listing the referrers of " + printable.Digest(subject) + " in " + r.full()
	at := r.url("referrers", subject.String())
	var all []ocispec.Descriptor
	for page := 1; ; page++ {
		if page > recap.MaxReferrerPages {
			return nil, false, r.tooManyReferrers(subject)
		}
		resp, err := r.host.Do(ctx, host.Operation{
			What: what, Method: http.MethodGet, URL: at, Scopes: r.scopes(), Limit: maxPageSize, Stay: true,
			Header: http.Header{"Accept": {ocispec.MediaTypeImageIndex}},
			// What registries without the API were seen to answer; one of them
			// sends a redirect to its web site.
			Accept: []int{
				http.StatusOK, http.StatusNotFound, http.StatusBadRequest, http.StatusMethodNotAllowed, http.StatusNotAcceptable,
				http.StatusGone, http.StatusUnsupportedMediaType, http.StatusNotImplemented,
				http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect,
			},
		})
		if err != nil {
			return nil, false, err
		}
		mediaType, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
		if resp.StatusCode != http.StatusOK || err != nil || mediaType != ocispec.MediaTypeImageIndex {
			if page > 1 {
				return nil, false, recap.Errorf(recap.Unavailable, "bad-answer", "%s: page %d is answered %s", what, page, printable.Line(resp.Status))
			}
			r.noReferrersAPI.CompareAndSwap(heard, heard+1) // else others heard it meanwhile
			return nil, false, nil
		}
		descs, err := parseReferrers(what, resp.Data)
		if err != nil {
			return nil, false, err
		}
		all = append(all, descs...)
		r.noReferrersAPI.Store(0)
		next, err := nextPage(what, at, resp.Header)
		if err != nil {
			return nil, false, err
		}
		if next == nil {
			return all, true, nil
		}
		at = next
	}
}

// taggedReferrers reads the index under the fallback tag; an empty one when
// there is no such tag.
// https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#referrers-tag-schema
func (r *Repository) taggedReferrers(ctx context.Context, subject digest.Digest) ([]ocispec.Descriptor, error) {
	desc, data, err := r.getManifest(ctx, fallbackTag(subject), []string{ocispec.MediaTypeImageIndex}, false)
	if errors.Is(err, errdef.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	what := "reading the referrers of " + printable.Digest(subject) + " in " + r.full()
	if desc.MediaType != ocispec.MediaTypeImageIndex {
		return nil, recap.Errorf(recap.Integrity, "bad-referrers", "%s: under their tag lies %s", what, printable.Quote(desc.MediaType))
	}
	return parseReferrers(what, data)
}

// parseReferrers reads a list strictly: whoever hides a signature behind a key
// in capital letters gets an error.
func parseReferrers(what string, data []byte) ([]ocispec.Descriptor, error) {
	var index ocispec.Index
	if err := canonical.Unmarshal(data, &index); err != nil {
		return nil, recap.Errorf(recap.Unavailable, "bad-answer", "%s: the answer is not an index: %w", what, err)
	}
	if index.MediaType != "" && index.MediaType != ocispec.MediaTypeImageIndex {
		return nil, recap.Errorf(recap.Integrity, "bad-referrers", "%s: the index calls itself %s", what, printable.Quote(index.MediaType))
	}
	for _, d := range index.Manifests {
		if err := checkDescriptor(d); err != nil {
			return nil, err
		}
	}
	return index.Manifests, nil
}

// fallbackTag is where clients list the referrers of a subject if the registry
// doesn't.
func fallbackTag(subject digest.Digest) string {
	algorithm, hex, _ := strings.Cut(subject.String(), ":")
	return algorithm[:min(len(algorithm), 32)] + "-" + hex[:min(len(hex), 64)]
}
