// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package sigstore

import (
	"bytes"
	"context"
	"crypto"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"

	"github.com/digitorus/timestamp"
)

const tsaService = "the timestamp authority"

// stamp has a timestamp authority attest that sig exists now, and returns its
// answer as it is. https://www.rfc-editor.org/rfc/rfc3161
func stamp(ctx context.Context, c *caller, addresses choice, sig []byte) ([]byte, error) {
	sum := sha256.Sum256(sig)
	body, err := (&timestamp.Request{HashAlgorithm: crypto.SHA256, HashedMessage: sum[:]}).Marshal()
	if err != nil {
		return nil, err
	}
	got, err := c.ask(ctx, request{
		service: tsaService,
		urls:    addresses,
		method:  http.MethodPost,
		header:  map[string]string{"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"},
		body:    body,
	})
	if err != nil {
		return nil, err
	}
	if err := checkStamp(got.body, sum[:]); err != nil {
		return nil, badAnswer(tsaService, got.url, "%w", err)
	}
	return got.body, nil
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
	if checkDER(answer) != nil {
		return errors.New("its answer is no timestamp, or not in DER")
	}
	parsed, err := timestamp.ParseResponse(answer)
	if err != nil {
		return fmt.Errorf("its answer is no timestamp: %s", short(err.Error()))
	}
	if parsed.HashAlgorithm != crypto.SHA256 || !bytes.Equal(parsed.HashedMessage, sum) {
		return errors.New("its timestamp is of something else")
	}
	return nil
}
