// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package repository

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"sync/atomic"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/target/internal/host"
	"github.com/recap-oci/recap/pkg/target/internal/printable"
)

// Repository is one repository of a host: all of oras's interfaces that a
// registry can serve.
type Repository struct {
	host  *host.Host
	name  string // without the host
	write bool

	manifests recent    // bytes that may be wanted again, to be tagged
	fallback  fallbacks // referrers that wait to be entered into a fallback index

	noReferrersAPI atomic.Int32 // how often in a row the registry said so
}

// New returns the repository of this name at h. Nothing is asked for. With write,
// a login is for pull and push at once.
func New(h *host.Host, name string, write bool) *Repository {
	return &Repository{host: h, name: name, write: write}
}

// full is the repository as the user knows it.
func (r *Repository) full() string { return r.host.Name() + "/" + r.name }

// url returns the address of part of the repository.
func (r *Repository) url(elem ...string) *url.URL {
	return r.host.Base().JoinPath(append([]string{"v2", r.name}, elem...)...)
}

// scopes is what a token is asked for: all that will be needed, at once.
func (r *Repository) scopes() []string {
	actions := "pull"
	if r.write {
		actions = "pull,push"
	}
	return []string{"repository:" + r.name + ":" + actions}
}

// Commit has nothing to do: a registry shows what it has got.
func (r *Repository) Commit(context.Context) error { return nil }

// Close has nothing to give back; connections belong to the Client.
func (r *Repository) Close() error { return nil }

// Fetch opens a blob, or a manifest, which is read at once.
func (r *Repository) Fetch(ctx context.Context, desc ocispec.Descriptor) (io.ReadCloser, error) {
	if err := checkDescriptor(desc); err != nil {
		return nil, err
	}
	if recap.IsManifest(desc.MediaType) {
		return r.fetchManifest(ctx, desc)
	}
	return r.fetchBlob(ctx, desc)
}

// Push stores a blob, or a manifest under its digest.
func (r *Repository) Push(ctx context.Context, desc ocispec.Descriptor, content io.Reader) error {
	if err := checkDescriptor(desc); err != nil {
		return err
	}
	if recap.IsManifest(desc.MediaType) {
		return r.pushManifest(ctx, desc, content, desc.Digest.String())
	}
	return r.pushBlob(ctx, desc, content)
}

// Exists asks by HEAD.
func (r *Repository) Exists(ctx context.Context, desc ocispec.Descriptor) (bool, error) {
	if err := checkDescriptor(desc); err != nil {
		return false, err
	}
	kind, header := "blobs", http.Header(nil)
	if recap.IsManifest(desc.MediaType) {
		kind, header = "manifests", http.Header{"Accept": {desc.MediaType}}
	}
	what := "looking for " + printable.Digest(desc.Digest) + " in " + r.full()
	resp, err := r.host.Do(ctx, host.Operation{
		What: what, Method: http.MethodHead, URL: r.url(kind, desc.Digest.String()),
		Header: header, Scopes: r.scopes(), Accept: []int{http.StatusOK, http.StatusNotFound},
	})
	if err != nil {
		return false, err
	}
	_ = resp.Body.Close()
	if resp.StatusCode == http.StatusNotFound {
		return false, nil
	}
	if resp.ContentLength >= 0 && resp.ContentLength != desc.Size {
		return false, wrongSize(what, resp.ContentLength, desc.Size)
	}
	return true, nil
}

// checkDescriptor refuses what must not become part of an address: a digest is
// only letters, digits and one colon.
func checkDescriptor(desc ocispec.Descriptor) error {
	if !IsDigest(desc.Digest.String()) {
		return recap.Errorf(recap.Integrity, "bad-digest", "%s is not a digest", printable.Quote(desc.Digest.String()))
	}
	if desc.Size < 0 {
		return recap.Errorf(recap.Integrity, "bad-size", "descriptor of %s has the size %d", printable.Digest(desc.Digest), desc.Size)
	}
	return nil
}

// accepted is asked for by reference; whoever reads it decides what it will do.
var accepted = []string{
	ocispec.MediaTypeImageManifest,
	ocispec.MediaTypeImageIndex,
	recap.MediaTypeDockerManifest,
	recap.MediaTypeDockerManifestList,
	recap.MediaTypeArtifactManifest,
}

func wrongSize(what string, got, want int64) error {
	return recap.Errorf(recap.Integrity, "size-mismatch", "%s: it has %d bytes, not %d", what, got, want)
}

func wrongDigest(what string, got, want digest.Digest) error {
	return recap.Errorf(recap.Integrity, "digest-mismatch", "%s: got %s, not %s", what, got, want)
}
