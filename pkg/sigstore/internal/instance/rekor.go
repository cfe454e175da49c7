// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package instance

import (
	"bytes"
	"context"
	"crypto"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"net/http"
	"strings"

	protorekor "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"

	"github.com/recap-oci/recap/pkg/sigstore/internal/service"
)

const rekorService = "the transparency log"

// errLogged is the refusal of a log that has the very same entry already, and
// can't be asked for it.
var errLogged = errors.New("it has this signature already")

// Signed is a statement with a signature, and what verifies it.
type Signed struct {
	Statement   []byte
	sig         []byte
	Hash        crypto.Hash // of the statement, before it was signed; 0: none
	Certificate *x509.Certificate
	Public      crypto.PublicKey // if there is no certificate
}

// verifier returns the certificate or key in PEM form.
func (s Signed) verifier() ([]byte, error) {
	if s.Certificate != nil {
		return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate.Raw}), nil
	}
	der, err := x509.MarshalPKIXPublicKey(s.Public)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), nil
}

// enter enters s into a transparency log and returns the entry.
func enter(ctx context.Context, c *service.Caller, addresses Choice, version uint32, s Signed) (*protorekor.TransparencyLogEntry, error) {
	if version == 2 {
		return enterV2(ctx, c, addresses, s)
	}
	return enterV1(ctx, c, addresses, s)
}

// checkEntry refuses an entry that isn't about sig, or proves nothing. Whether
// the proof holds is for a verifier to find out.
func checkEntry(entry *protorekor.TransparencyLogEntry, sig []byte) error {
	var body struct {
		Spec struct {
			Signatures []struct { // of kind dsse
				Signature []byte `json:"signature"`
			} `json:"signatures"`
			HashedRekord struct { // of kind hashedrekord
				Signature struct {
					Content []byte `json:"content"`
				} `json:"signature"`
			} `json:"hashedRekordV002"`
		} `json:"spec"`
	}
	if err := json.Unmarshal(entry.GetCanonicalizedBody(), &body); err != nil {
		return errors.New("its log entry can't be read")
	}
	logged := body.Spec.HashedRekord.Signature.Content
	if len(body.Spec.Signatures) == 1 {
		logged = body.Spec.Signatures[0].Signature
	}
	switch {
	case !bytes.Equal(logged, sig):
		return errors.New("its log entry is of something else")
	case entry.GetInclusionProof().GetCheckpoint().GetEnvelope() == "":
		return errors.New("its log entry has no proof of being in the log")
	default:
		return nil
	}
}

func rekorRequest(addresses Choice, path string, body []byte) service.Request {
	r := service.Request{
		Service: rekorService,
		Method:  http.MethodPost,
		Header:  service.AcceptJSON(),
		Body:    body,
		Pass:    []int{http.StatusConflict},
	}
	r.Header["Content-Type"] = "application/json"
	for _, address := range addresses {
		r.URLs = append(r.URLs, strings.TrimSuffix(address, "/")+path)
	}
	return r
}
