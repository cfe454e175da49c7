// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package repository

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/recap-oci/recap/pkg/internal/tasks"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/target/internal/host"
	"github.com/recap-oci/recap/pkg/target/internal/printable"
	"github.com/recap-oci/recap/pkg/target/internal/transport"
)

// askFirst is from which size on it is asked whether a blob is there. Below, a
// round trip for every blob of a fresh push costs more than sending one that
// was there. The question goes out beside the POST, so it costs a request but
// no time.
const askFirst = 8 << 20

// maxSessions is how often an upload is started. A token that expires in the
// middle of a long one, or a session that the registry forgot, is no reason to
// give up at once.
const maxSessions = host.MaxAttempts

// pushBlob uploads a blob: POST, then PUT.
// https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pushing-a-blob-monolithically
func (r *Repository) pushBlob(ctx context.Context, desc ocispec.Descriptor, content io.Reader) error {
	body, err := host.NewBody(desc, content)
	if err != nil {
		return err
	}
	if desc.Size <= askFirst {
		location, err := r.startUpload(ctx, desc, nil)
		if err != nil {
			return err
		}
		return r.upload(ctx, desc, body, location)
	}
	type presence struct {
		there bool
		err   error
	}
	asked := tasks.Start(func() presence {
		there, err := r.Exists(ctx, desc)
		return presence{there, err}
	})
	location, err := r.startUpload(ctx, desc, nil)
	// A registry that can't say whether it has the blob can still take it.
	if p := asked.Wait(); p.there && p.err == nil {
		return nil
	}
	if err != nil {
		return err
	}
	return r.upload(ctx, desc, body, location)
}

// startUpload opens a session and returns where to send the bytes to. With
// query it asks for a mount, and the location is nil when that was done.
func (r *Repository) startUpload(ctx context.Context, desc ocispec.Descriptor, query url.Values) (*url.URL, error) {
	what := "pushing " + printable.Digest(desc.Digest) + " to " + r.full()
	at := r.url("blobs", "uploads/")
	at.RawQuery = query.Encode()
	op := host.Operation{
		What: what, Method: http.MethodPost, URL: at, Scopes: r.scopes(), Accept: []int{http.StatusAccepted},
	}
	if query != nil {
		op.Accept = append(op.Accept, http.StatusCreated)
		op.Scopes = append(op.Scopes, "repository:"+query.Get("from")+":pull")
	}
	resp, err := r.host.Do(ctx, op)
	if err != nil {
		return nil, err
	}
	_ = resp.Body.Close()
	if resp.StatusCode == http.StatusCreated {
		if !unproved(resp.Header) {
			return nil, nil
		}
		if there, err := r.Exists(ctx, desc); err != nil || there {
			return nil, err
		}
		return r.startUpload(ctx, desc, nil)
	}
	return r.location(what, resp.Request.URL, resp.Header.Get("Location"))
}

// location is where the registry wants the bytes: on its own host only, since
// the credentials go along.
func (r *Repository) location(what string, asked *url.URL, location string) (*url.URL, error) {
	reject := func(why string) error {
		return recap.Errorf(recap.Unavailable, "upload-location-rejected", "%s: the registry wants the bytes at %s, which is %s", what, printable.Quote(location), why)
	}
	if location == "" {
		return nil, reject("nowhere")
	}
	ref, err := url.Parse(location)
	if err != nil {
		return nil, reject("not an address")
	}
	at := asked.ResolveReference(ref)
	base := r.host.Base()
	switch {
	case at.User != nil:
		return nil, reject("an address with a user name")
	case at.Scheme != base.Scheme:
		return nil, reject("not " + base.Scheme)
	case at.Hostname() != base.Hostname(), transport.HostPort(at) != transport.HostPort(base) && at.Port() != "":
		return nil, reject("another host")
	}
	// Some registries leave an explicit port out.
	at.Host = base.Host
	at.Fragment = ""
	return at, nil
}

// upload sends the bytes, and starts again where that may help: the session is
// bound to what was sent, so a broken PUT is not repeated alone.
func (r *Repository) upload(ctx context.Context, desc ocispec.Descriptor, body *host.Body, location *url.URL) error {
	what := "pushing " + printable.Digest(desc.Digest) + " to " + r.full()
	for session := 1; ; session++ {
		at := *location
		query := at.Query()
		query.Set("digest", desc.Digest.String())
		at.RawQuery = query.Encode()
		op := host.Operation{
			What: what, Method: http.MethodPut, URL: &at, Body: body, Scopes: r.scopes(), Accept: []int{http.StatusCreated}, Once: true,
			Header:  http.Header{"Content-Type": {"application/octet-stream"}},
			Patient: true, // a large blob may be copied into place before the answer
		}
		resp, err := r.host.Try(ctx, op)
		if err == nil {
			_ = resp.Body.Close()
			if stated := resp.Header.Get(digestHeader); stated != "" && stated != desc.Digest.String() {
				return recap.Errorf(recap.Integrity, "digest-mismatch", "%s: the registry says it stored %s", what, printable.Quote(stated))
			}
			if !unproved(resp.Header) {
				return nil
			}
			if there, err := r.Exists(ctx, desc); err != nil || there {
				return err
			}
			err = notStored(what)
		}
		fault := r.host.Diagnose(ctx, op, err)
		if e, ok := errors.AsType[*recap.Error](err); ok && e.Code == "not-stored" {
			fault.Again = true // a session more may end where it should
		}
		var refused *host.Refusal
		if errors.As(err, &refused) {
			switch refused.Status {
			case http.StatusUnauthorized:
				// The POST was allowed, so the token ended in between.
				fault.Again = session <= 2
			case http.StatusNotFound, http.StatusRequestedRangeNotSatisfiable:
				fault.Again = true // the session is gone
			}
		}
		if !fault.Again || !body.Replays() || session >= maxSessions {
			if fault.Unsure {
				if there, err := r.Exists(ctx, desc); err == nil && there {
					return nil
				}
			}
			return fault.Final(op, session)
		}
		if err := r.host.Backoff(ctx, op, fault, session); err != nil {
			return err
		}
		if fault.Unsure {
			if there, err := r.Exists(ctx, desc); err == nil && there {
				return nil
			}
		}
		if location, err = r.startUpload(ctx, desc, nil); err != nil {
			return err
		}
	}
}

// Mount takes a blob over from a repository of the same registry.
// https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#mounting-a-blob-from-another-repository
func (r *Repository) Mount(ctx context.Context, desc ocispec.Descriptor, fromRepo string, getContent func() (io.ReadCloser, error)) error {
	if err := checkDescriptor(desc); err != nil {
		return err
	}
	if !IsName(fromRepo) {
		return bad("%s is not a repository", printable.Quote(fromRepo))
	}
	location, err := r.startUpload(ctx, desc, url.Values{"mount": {desc.Digest.String()}, "from": {fromRepo}})
	if err != nil || location == nil {
		return err
	}
	if getContent == nil {
		getContent = func() (io.ReadCloser, error) {
			return New(r.host, fromRepo, false).fetchBlob(ctx, desc)
		}
	}
	content, err := getContent()
	if err != nil {
		return err // the session is swept away by the registry, as any that nobody ends
	}
	defer func() { _ = content.Close() }()
	body, err := host.NewBody(desc, content)
	if err != nil {
		return err
	}
	return r.upload(ctx, desc, body, location)
}
