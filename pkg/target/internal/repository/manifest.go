// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package repository

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"

	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/target/internal/host"
	"github.com/recap-oci/recap/pkg/target/internal/printable"
)

// The header that states a manifest's digest.
// https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pulling-manifests
const digestHeader = "Docker-Content-Digest"

// FetchReference gets a manifest by tag or digest, in one request.
func (r *Repository) FetchReference(ctx context.Context, reference string) (ocispec.Descriptor, io.ReadCloser, error) {
	desc, data, err := r.getManifest(ctx, reference, accepted, false)
	if err != nil {
		return ocispec.Descriptor{}, nil, err
	}
	return desc, io.NopCloser(bytes.NewReader(data)), nil
}

// fetchManifest gets a manifest that is known.
func (r *Repository) fetchManifest(ctx context.Context, desc ocispec.Descriptor) (io.ReadCloser, error) {
	if desc.Size > recap.MaxManifestSize {
		return nil, host.TooLarge("fetching manifest "+printable.Digest(desc.Digest)+" from "+r.full(), recap.MaxManifestSize)
	}
	got, data, err := r.getManifest(ctx, desc.Digest.String(), []string{desc.MediaType}, true)
	if err != nil {
		return nil, err
	}
	if got.Size != desc.Size {
		return nil, wrongSize("fetching manifest "+printable.Digest(desc.Digest)+" from "+r.full(), got.Size, desc.Size)
	}
	return io.NopCloser(bytes.NewReader(data)), nil
}

// getManifest gets a manifest whose digest is that of its bytes. What the
// registry says about it must agree. One that is known to be there is asked for
// once more if it isn't.
func (r *Repository) getManifest(ctx context.Context, reference string, accept []string, known bool) (ocispec.Descriptor, []byte, error) {
	want, err := checkReference(reference)
	if err != nil {
		return ocispec.Descriptor{}, nil, err
	}
	what := "fetching manifest " + shortReference(reference) + " from " + r.full()
	op := host.Operation{
		What: what, Method: http.MethodGet, URL: r.url("manifests", reference),
		Header: http.Header{"Accept": accept}, Scopes: r.scopes(),
		Accept: []int{http.StatusOK}, Limit: recap.MaxManifestSize, Known: known,
	}
	var spoilt error
	for {
		resp, err := r.host.Do(ctx, op)
		if err != nil {
			return ocispec.Descriptor{}, nil, r.withTags(want, err)
		}
		desc, err := describe(what, resp, want)
		if err == nil {
			r.manifests.add(desc.Digest, desc.MediaType, resp.Data)
			return desc, resp.Data, nil
		}
		if e, ok := errors.AsType[*recap.Error](err); !ok || e.Code != "digest-mismatch" || spoilt != nil {
			return ocispec.Descriptor{}, nil, cmp.Or(spoilt, err)
		}
		// A cache on the way may have spoilt it. It is asked for no more than
		// once again, as it may also be the registry.
		spoilt = err
		r.host.Notices().Retry(r.host.Name(), err.Error()+"; asking once more", 0)
	}
}

// withTags says where to look when a tag was not found.
func (r *Repository) withTags(want digest.Digest, err error) error {
	if e, ok := errors.AsType[*recap.Error](err); ok && want == "" && e.Kind == recap.NotFound && e.Hint == "" {
		return e.WithHint("recap list %s shows the tags there are", r.full())
	}
	return err
}

// describe makes the descriptor of a manifest from its bytes.
func describe(what string, resp *host.Answer, want digest.Digest) (ocispec.Descriptor, error) {
	mediaType, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if err != nil {
		return ocispec.Descriptor{}, recap.Errorf(recap.Integrity, "bad-media-type", "%s: the answer has the Content-Type %s", what, printable.Quote(resp.Header.Get("Content-Type")))
	}
	algorithm := digest.Canonical
	if want != "" {
		algorithm = want.Algorithm()
	}
	got := algorithm.FromBytes(resp.Data)
	if want != "" && got != want {
		return ocispec.Descriptor{}, wrongDigest(what, got, want)
	}
	if stated := resp.Header.Get(digestHeader); stated != "" {
		if !IsDigest(stated) {
			return ocispec.Descriptor{}, recap.Errorf(recap.Integrity, "bad-digest", "%s: the registry states the digest %s", what, printable.Quote(stated))
		}
		if d := digest.Digest(stated); d.Algorithm().FromBytes(resp.Data) != d {
			return ocispec.Descriptor{}, recap.Errorf(recap.Integrity, "digest-mismatch", "%s: the registry states %s and sends %s", what, d, got)
		}
	}
	return ocispec.Descriptor{MediaType: mediaType, Digest: got, Size: int64(len(resp.Data))}, nil
}

// Resolve asks by HEAD, and by GET when the answer says too little.
func (r *Repository) Resolve(ctx context.Context, reference string) (ocispec.Descriptor, error) {
	want, err := checkReference(reference)
	if err != nil {
		return ocispec.Descriptor{}, err
	}
	what := "resolving " + shortReference(reference) + " in " + r.full()
	resp, err := r.host.Do(ctx, host.Operation{
		What: what, Method: http.MethodHead, URL: r.url("manifests", reference),
		Header: http.Header{"Accept": accepted}, Scopes: r.scopes(),
		Accept: []int{http.StatusOK, http.StatusMethodNotAllowed},
	})
	if err != nil {
		return ocispec.Descriptor{}, r.withTags(want, err)
	}
	_ = resp.Body.Close()
	stated := resp.Header.Get(digestHeader)
	mediaType, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if resp.StatusCode != http.StatusOK || stated == "" || resp.ContentLength < 0 || err != nil {
		desc, _, err := r.getManifest(ctx, reference, accepted, false)
		return desc, err
	}
	if !IsDigest(stated) {
		return ocispec.Descriptor{}, recap.Errorf(recap.Integrity, "bad-digest", "%s: the registry states the digest %s", what, printable.Quote(stated))
	}
	if want != "" && digest.Digest(stated) != want {
		return ocispec.Descriptor{}, wrongDigest(what, digest.Digest(stated), want)
	}
	return ocispec.Descriptor{MediaType: mediaType, Digest: digest.Digest(stated), Size: resp.ContentLength}, nil
}

// PushReference stores a manifest under a tag.
func (r *Repository) PushReference(ctx context.Context, desc ocispec.Descriptor, content io.Reader, reference string) error {
	if err := checkDescriptor(desc); err != nil {
		return err
	}
	want, err := checkReference(reference)
	if err != nil {
		return err
	}
	if want != "" && want != desc.Digest {
		return bad("pushing %s as %s: they differ", desc.Digest, want)
	}
	return r.pushManifest(ctx, desc, content, reference)
}

// Tag puts a manifest that is there under a tag.
func (r *Repository) Tag(ctx context.Context, desc ocispec.Descriptor, reference string) error {
	if err := checkDescriptor(desc); err != nil {
		return err
	}
	if err := CheckTag(reference); err != nil {
		return err
	}
	data, ok := r.manifests.get(desc.Digest, desc.MediaType)
	if !ok {
		got, fetched, err := r.getManifest(ctx, desc.Digest.String(), []string{desc.MediaType}, true)
		if err != nil {
			return err
		}
		desc, data = got, fetched
	}
	_, err := r.putManifest(ctx, desc, data, reference)
	return err
}

// pushManifest checks a manifest, stores it, and sees to it that it is found
// from its subject.
func (r *Repository) pushManifest(ctx context.Context, desc ocispec.Descriptor, from io.Reader, reference string) error {
	what := "pushing manifest " + printable.Digest(desc.Digest) + " to " + r.full()
	if desc.Size > recap.MaxManifestSize {
		return recap.Errorf(recap.Unsafe, "too-large", "%s: it is larger than %d bytes", what, recap.MaxManifestSize)
	}
	data, err := content.ReadAll(from, desc)
	switch {
	case errors.Is(err, content.ErrMismatchedDigest):
		return recap.Errorf(recap.Integrity, "digest-mismatch", "%s: its bytes have another digest: %w", what, err)
	case errors.Is(err, content.ErrTrailingData), errors.Is(err, io.ErrUnexpectedEOF):
		return recap.Errorf(recap.Integrity, "size-mismatch", "%s: it has not %d bytes: %w", what, desc.Size, err)
	case err != nil:
		return err
	}
	// What can't be read here is refused once it is stored, unless the registry
	// can read it.
	subject, _, _ := referrerOf(desc, data)
	r.fallback.announce(subject)
	listed, err := r.putManifest(ctx, desc, data, reference)
	if err != nil || listed {
		r.fallback.retract(subject)
	}
	if err != nil {
		return err
	}
	r.manifests.add(desc.Digest, desc.MediaType, data)
	if listed {
		return nil
	}
	return r.enterReferrer(ctx, desc, data)
}

// putManifest makes the one request. It reports whether the registry said that
// it lists the manifest with its subject's referrers.
func (r *Repository) putManifest(ctx context.Context, desc ocispec.Descriptor, data []byte, reference string) (listed bool, err error) {
	what := "pushing manifest " + printable.Digest(desc.Digest) + " to " + r.full()
	if reference != desc.Digest.String() {
		what = "tagging " + printable.Digest(desc.Digest) + " as " + shortReference(reference) + " in " + r.full()
	}
	body, err := host.NewBody(desc, bytes.NewReader(data))
	if err != nil {
		return false, err
	}
	resp, err := r.host.Do(ctx, host.Operation{
		What: what, Method: http.MethodPut, URL: r.url("manifests", reference), Body: body,
		Header: http.Header{"Content-Type": {desc.MediaType}}, Scopes: r.scopes(),
		Accept: []int{http.StatusCreated}, Patient: true,
		Landed: func(ctx context.Context) bool { return r.stands(ctx, reference, desc) },
	})
	if err != nil || resp == nil {
		return false, withTypeHint(err, data)
	}
	defer func() { _ = resp.Body.Close() }()
	if stated := resp.Header.Get(digestHeader); stated != "" && stated != desc.Digest.String() {
		// Another algorithm's digest is no lie; nor is it proof.
		if !IsDigest(stated) || digest.Digest(stated).Algorithm().FromBytes(data) != digest.Digest(stated) {
			return false, recap.Errorf(recap.Integrity, "digest-mismatch", "%s: the registry says it stored %s", what, printable.Quote(stated))
		}
	}
	if unproved(resp.Header) && !r.stands(ctx, reference, desc) {
		return false, notStored(what)
	}
	return resp.Header.Get("OCI-Subject") != "", nil
}

// unproved reports whether an answer says "stored" and nothing of what comes
// with that, where it is and under which digest. Then something in between may
// have given it, and it is worth a look; to look at everything would cost a
// request for each blob.
func unproved(header http.Header) bool {
	return header.Get("Location") == "" && header.Get(digestHeader) == ""
}

func notStored(what string) *recap.Error {
	return recap.Errorf(recap.Unavailable, "not-stored", "%s: the registry says it stored it and does not have it", what).
		WithHint("try again; if it stays so, ask the registry's operator, or whoever runs what is in between")
}

// stands reports whether reference already names desc: the answer to a PUT was
// lost, but not the PUT. It is not worth a retry of its own.
func (r *Repository) stands(ctx context.Context, reference string, desc ocispec.Descriptor) bool {
	resp, err := r.host.Do(ctx, host.Operation{
		What: "looking for " + printable.Digest(desc.Digest), Method: http.MethodHead, URL: r.url("manifests", reference),
		Header: http.Header{"Accept": {desc.MediaType}}, Scopes: r.scopes(), Accept: []int{http.StatusOK}, Once: true,
	})
	if err != nil {
		return false
	}
	_ = resp.Body.Close()
	stated := resp.Header.Get(digestHeader)
	return stated == desc.Digest.String() || stated == "" && reference == desc.Digest.String()
}

// shortReference is a tag, or enough of a digest.
func shortReference(reference string) string {
	if strings.Contains(reference, ":") {
		return printable.Digest(digest.Digest(reference))
	}
	return reference
}
