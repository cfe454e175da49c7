// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package target

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"sync/atomic"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/recap-oci/recap/pkg/recap"
)

// repository is one repository of a host.
type repository struct {
	host  *host
	name  string // without the host
	write bool

	manifests recent    // bytes that may be wanted again, to be tagged
	fallback  fallbacks // referrers that wait to be entered into a fallback index

	noReferrersAPI atomic.Int32 // how often the registry said so; believed the second time
}

func newRepository(h *host, name string, write bool) *repository {
	return &repository{host: h, name: name, write: write}
}

// full is the repository as the user knows it.
func (r *repository) full() string { return r.host.name + "/" + r.name }

// url returns the address of part of the repository.
func (r *repository) url(elem ...string) *url.URL {
	return r.host.base.JoinPath(append([]string{"v2", r.name}, elem...)...)
}

// scopes is what a token is asked for: all that will be needed, at once.
func (r *repository) scopes() []string {
	actions := "pull"
	if r.write {
		actions = "pull,push"
	}
	return []string{"repository:" + r.name + ":" + actions}
}

// Commit has nothing to do: a registry shows what it has got.
func (r *repository) Commit(context.Context) error { return nil }

// Close has nothing to give back; connections belong to the Client.
func (r *repository) Close() error { return nil }

// Fetch opens a blob, or a manifest, which is read at once.
func (r *repository) Fetch(ctx context.Context, desc ocispec.Descriptor) (io.ReadCloser, error) {
	if err := checkDescriptor(desc); err != nil {
		return nil, err
	}
	if recap.IsManifest(desc.MediaType) {
		return r.fetchManifest(ctx, desc)
	}
	return r.fetchBlob(ctx, desc)
}

// Push stores a blob, or a manifest under its digest.
func (r *repository) Push(ctx context.Context, desc ocispec.Descriptor, content io.Reader) error {
	if err := checkDescriptor(desc); err != nil {
		return err
	}
	if recap.IsManifest(desc.MediaType) {
		return r.pushManifest(ctx, desc, content, desc.Digest.String())
	}
	return r.pushBlob(ctx, desc, content)
}

// Exists asks by HEAD.
func (r *repository) Exists(ctx context.Context, desc ocispec.Descriptor) (bool, error) {
	if err := checkDescriptor(desc); err != nil {
		return false, err
	}
	kind, header := "blobs", http.Header(nil)
	if recap.IsManifest(desc.MediaType) {
		kind, header = "manifests", http.Header{"Accept": {desc.MediaType}}
	}
	what := "looking for " + short(desc.Digest) + " in " + r.full()
	resp, err := r.host.do(ctx, operation{
		what: what, method: http.MethodHead, url: r.url(kind, desc.Digest.String()),
		header: header, scopes: r.scopes(), accept: []int{http.StatusOK, http.StatusNotFound},
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
	if !digestPattern().MatchString(desc.Digest.String()) {
		return recap.Errorf(recap.Integrity, "bad-digest", "%s is not a digest", quote(desc.Digest.String()))
	}
	if desc.Size < 0 {
		return recap.Errorf(recap.Integrity, "bad-size", "descriptor of %s has the size %d", short(desc.Digest), desc.Size)
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

// short is enough of a digest to find it by.
func short(d digest.Digest) string {
	s := d.String()
	if digestPattern().MatchString(s) {
		return s[:len("sha256:")+12]
	}
	return quote(s)
}

func wrongSize(what string, got, want int64) error {
	return recap.Errorf(recap.Integrity, "size-mismatch", "%s: it has %d bytes, not %d", what, got, want)
}

func wrongDigest(what string, got, want digest.Digest) error {
	return recap.Errorf(recap.Integrity, "digest-mismatch", "%s: got %s, not %s", what, got, want)
}
