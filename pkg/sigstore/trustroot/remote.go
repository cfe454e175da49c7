// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package trustroot

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/recap-oci/recap/pkg/recap"
)

// remoteTimeout bounds one request to a TUF repository, whose files are small.
const remoteTimeout = 30 * time.Second

// remote is a TUF repository's server. What it sends is believed only once its
// signatures are verified, so it needn't be reached over TLS, and may redirect.
type remote struct {
	base   *url.URL
	client *http.Client
}

func newRemote(base *url.URL, transport http.RoundTripper) remote {
	return remote{base: base, client: &http.Client{Transport: transport, Timeout: remoteTimeout}}
}

// fetch gets a file of at most limit bytes, or errNoFile. It asks twice, since
// a network's first answer may be its worst.
func (r remote) fetch(ctx context.Context, name string, limit int64) ([]byte, error) {
	raw, err := r.get(ctx, name, limit)
	if errors.Is(err, recap.Unavailable) && ctx.Err() == nil {
		raw, err = r.get(ctx, name, limit)
	}
	return raw, err
}

func (r remote) get(ctx context.Context, name string, limit int64) ([]byte, error) {
	address := r.base.JoinPath(name).String()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	unavailable := func(cause error) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return recap.Errorf(recap.Unavailable, "tuf-unavailable", "asking for the trusted root: %w", cause).
			WithHint("without a network, name a file: --trusted-root %s", trustedRootFile)
	}
	response, err := r.client.Do(request)
	if err != nil {
		return nil, unavailable(err)
	}
	defer response.Body.Close()
	switch response.StatusCode {
	case http.StatusOK:
	case http.StatusNotFound:
		return nil, errNoFile
	case http.StatusUnauthorized, http.StatusForbidden:
		return nil, recap.Errorf(recap.Denied, "tuf-denied", "asking for the trusted root: %s answered %s", address, response.Status)
	default:
		return nil, recap.Errorf(recap.Unavailable, "tuf-unavailable", "asking for the trusted root: %s answered %s", address, response.Status)
	}
	raw, err := io.ReadAll(io.LimitReader(response.Body, limit+1))
	if err != nil {
		return nil, unavailable(err)
	}
	if int64(len(raw)) > limit {
		return nil, recap.Errorf(recap.Integrity, "bad-tuf", "%s has more than %d bytes", address, limit)
	}
	return raw, nil
}
