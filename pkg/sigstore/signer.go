// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package sigstore

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"strconv"

	"github.com/secure-systems-lab/go-securesystemslib/dsse"
	"github.com/sigstore/sigstore/pkg/signature"
	"github.com/sigstore/sigstore/pkg/signature/options"

	"github.com/recap-oci/recap/pkg/trust"
)

// keySigner implements [trust.Signer] with a private key in memory.
type keySigner struct {
	signer    signature.Signer
	keyID     [32]byte
	authority trust.Authority
}

var _ trust.Signer = (*keySigner)(nil)

// Sign implements [trust.Signer].
func (s *keySigner) Sign(ctx context.Context, statement []byte) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	sig, err := s.signer.SignMessage(bytes.NewReader(dsse.PAE(payloadType, statement)), options.WithContext(ctx))
	if err != nil {
		return nil, err
	}
	return newBundle(statement, sig, s.keyID)
}

// Authority implements [trust.Signer].
func (s *keySigner) Authority(context.Context) (trust.Authority, error) { return s.authority, nil }

// compact takes out the white space that protojson puts in at random, so that
// what is signed twice with a deterministic algorithm is stored once.
func compact(raw []byte) ([]byte, error) {
	var out bytes.Buffer
	if err := json.Compact(&out, raw); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// keyName returns the fingerprint in a bundle's key hint as reports spell it,
// or the hint quoted when it is none.
func keyName(hint string) string {
	if sum, err := base64.StdEncoding.DecodeString(hint); err == nil && len(sum) == 32 {
		return hex.EncodeToString(sum)
	}
	return strconv.QuoteToASCII(hint)
}
