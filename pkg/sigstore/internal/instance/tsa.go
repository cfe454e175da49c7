// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package instance

import (
	"bytes"
	"context"
	"crypto"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"

	"github.com/digitorus/timestamp"

	"github.com/recap-oci/recap/pkg/sigstore/internal/der"
	"github.com/recap-oci/recap/pkg/sigstore/internal/phrase"
	"github.com/recap-oci/recap/pkg/sigstore/internal/service"
)

const tsaService = "the timestamp authority"

// stamp has a timestamp authority attest that sig exists now, and returns its
// answer as it is. https://www.rfc-editor.org/rfc/rfc3161
func stamp(ctx context.Context, c *service.Caller, addresses Choice, sig []byte) ([]byte, error) {
	sum := sha256.Sum256(sig)
	body, err := (&timestamp.Request{HashAlgorithm: crypto.SHA256, HashedMessage: sum[:]}).Marshal()
	if err != nil {
		return nil, err
	}
	got, err := c.Ask(ctx, service.Request{
		Service: tsaService,
		URLs:    addresses,
		Method:  http.MethodPost,
		Header:  map[string]string{"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"},
		Body:    body,
	})
	if err != nil {
		return nil, err
	}
	if err := checkStamp(got.Body, sum[:]); err != nil {
		return nil, service.BadAnswer(tsaService, got.URL, "%w", err)
	}
	return got.Body, nil
}

// checkStamp refuses an answer that is no timestamp of sum. Who made it is for
// a verifier to find out.
func checkStamp(answer, sum []byte) (err error) {
	// The library trusts the structure of what it parses.
	defer func() {
		if p := recover(); p != nil {
			err = errors.New("its answer is no timestamp")
		}
	}()
	if der.Check(answer) != nil {
		return errors.New("its answer is no timestamp, or not in DER")
	}
	parsed, err := timestamp.ParseResponse(answer)
	if err != nil {
		return fmt.Errorf("its answer is no timestamp: %s", phrase.Short(err.Error()))
	}
	if parsed.HashAlgorithm != crypto.SHA256 || !bytes.Equal(parsed.HashedMessage, sum) {
		return errors.New("its timestamp is of something else")
	}
	return nil
}
