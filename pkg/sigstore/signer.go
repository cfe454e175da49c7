// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package sigstore

import (
	"bytes"
	"context"
	"crypto"

	"github.com/secure-systems-lab/go-securesystemslib/dsse"
	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	"github.com/sigstore/sigstore/pkg/signature"
	"github.com/sigstore/sigstore/pkg/signature/options"

	"github.com/recap-oci/recap/pkg/policy"
	"github.com/recap-oci/recap/pkg/sigstore/internal/bundle"
	"github.com/recap-oci/recap/pkg/sigstore/internal/instance"
	"github.com/recap-oci/recap/pkg/trust"
)

// keySigner implements [trust.Signer] with a private key, in memory or in a
// key management service.
type keySigner struct {
	signer    signature.Signer
	public    crypto.PublicKey
	hash      crypto.Hash // that signer makes of a message; 0: none
	keyID     [32]byte
	authority policy.Authority
	witnesses *instance.Witnesses // nil: none
}

var _ trust.Signer = (*keySigner)(nil)

// Sign implements [trust.Signer].
func (s *keySigner) Sign(ctx context.Context, statement []byte) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	sign := func() ([]byte, error) {
		return s.signer.SignMessage(bytes.NewReader(dsse.PAE(bundle.PayloadType, statement)), options.WithContext(ctx))
	}
	material := &protobundle.VerificationMaterial{
		Content: &protobundle.VerificationMaterial_PublicKey{
			PublicKey: &protocommon.PublicKeyIdentifier{Hint: bundle.HintOf(s.keyID)},
		},
	}
	sig, err := s.witnesses.Attest(ctx, material, instance.Signed{Statement: statement, Hash: s.hash, Public: s.public}, sign)
	if err != nil {
		return nil, err
	}
	return bundle.Marshal(material, statement, sig)
}

// Authority implements [trust.Signer].
func (s *keySigner) Authority(context.Context) (policy.Authority, error) { return s.authority, nil }
