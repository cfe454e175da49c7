// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package sigstore

import (
	"bytes"
	"context"
	"crypto"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strconv"

	"github.com/secure-systems-lab/go-securesystemslib/dsse"
	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	protodsse "github.com/sigstore/protobuf-specs/gen/pb-go/dsse"
	"github.com/sigstore/sigstore/pkg/signature"
	"github.com/sigstore/sigstore/pkg/signature/options"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/recap-oci/recap/pkg/policy"
	"github.com/recap-oci/recap/pkg/recap"
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
	witnesses *witnesses // nil: none
}

var _ trust.Signer = (*keySigner)(nil)

// Sign implements [trust.Signer].
func (s *keySigner) Sign(ctx context.Context, statement []byte) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	sign := func() ([]byte, error) {
		return s.signer.SignMessage(bytes.NewReader(dsse.PAE(payloadType, statement)), options.WithContext(ctx))
	}
	material := &protobundle.VerificationMaterial{
		Content: &protobundle.VerificationMaterial_PublicKey{
			PublicKey: &protocommon.PublicKeyIdentifier{Hint: hintOf(s.keyID)},
		},
	}
	sig, err := s.witnesses.attest(ctx, material, signedStatement{statement: statement, hash: s.hash, public: s.public}, sign)
	if err != nil {
		return nil, err
	}
	return marshalBundle(material, statement, sig)
}

// Authority implements [trust.Signer].
func (s *keySigner) Authority(context.Context) (policy.Authority, error) { return s.authority, nil }

// maxResigning is how often a signature is made anew because a log has it
// already, which says that an answer got lost. More often, somebody is lying.
const maxResigning = 3

// attest signs s, has every witness attest the signature, adds what they say
// to material, and returns the signature. Sign is asked again if a log has the
// signature already and can't give out the entry. A nil w has no witnesses.
func (w *witnesses) attest(ctx context.Context, material *protobundle.VerificationMaterial, s signedStatement, sign func() ([]byte, error)) ([]byte, error) {
	for attempt := 1; ; attempt++ {
		sig, err := sign()
		if err != nil {
			return nil, err
		}
		if w == nil {
			return sig, nil
		}
		if attempt > 1 && bytes.Equal(sig, s.sig) {
			return nil, recap.Errorf(recap.Denied, "logged-before", "%s has the signature of this statement with this key already, and can't be asked for its entry", rekorService).
				WithHint("the signature may be there already: recap verify REF; or sign with a key on a curve, whose signatures are never the same")
		}
		s.sig = sig
		entries, stamps, err := w.ask(ctx, s)
		if errors.Is(err, errLogged) {
			if attempt < maxResigning {
				continue
			}
			return nil, recap.Errorf(recap.Unavailable, "log-conflict", "%w, after each of %d new ones", err, maxResigning).WithHint(laterHint)
		}
		if err != nil {
			return nil, err
		}
		material.TlogEntries = entries
		if len(stamps) > 0 {
			material.TimestampVerificationData = new(protobundle.TimestampVerificationData)
		}
		for _, stamp := range stamps {
			material.TimestampVerificationData.Rfc3161Timestamps = append(material.TimestampVerificationData.Rfc3161Timestamps,
				&protocommon.RFC3161SignedTimestamp{SignedTimestamp: stamp})
		}
		return sig, nil
	}
}

// marshalBundle returns the bundle of a signed statement as JSON.
func marshalBundle(material *protobundle.VerificationMaterial, statement, sig []byte) ([]byte, error) {
	raw, err := protojson.Marshal(&protobundle.Bundle{
		MediaType:            trust.MediaTypeBundle,
		VerificationMaterial: material,
		Content: &protobundle.Bundle_DsseEnvelope{
			DsseEnvelope: &protodsse.Envelope{
				Payload:     statement,
				PayloadType: payloadType,
				Signatures:  []*protodsse.Signature{{Sig: sig}},
			},
		},
	})
	if err != nil {
		return nil, err
	}
	raw, err = compact(raw)
	if err == nil && len(raw) > recap.MaxSigstoreBundle {
		err = recap.Errorf(recap.Unsafe, "bundle-too-large", "the signed statement has %d bytes, more than the %d that a verifier reads", len(raw), recap.MaxSigstoreBundle)
	}
	return raw, err
}

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
