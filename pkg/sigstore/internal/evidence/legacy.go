// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package evidence

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"

	"github.com/opencontainers/go-digest"
	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	protorekor "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	library "github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/tlog"
	"github.com/sigstore/sigstore/pkg/signature"

	"github.com/recap-oci/recap/pkg/internal/canonical"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/sigstore/internal/bundle"
	"github.com/recap-oci/recap/pkg/sigstore/internal/phrase"
	"github.com/recap-oci/recap/pkg/trust"
)

// ReadLegacy reads a signature of cosign before version 3.
func ReadLegacy(sig trust.LegacySignature) (*Signed, *trust.Rejection) {
	for name, part := range map[string][]byte{
		"payload": sig.Payload, "signature": sig.Signature, "certificate": sig.Certificate, "log entry": sig.LogEntry, "timestamp": sig.Timestamp,
	} {
		if len(part) > recap.MaxSigstoreBundle {
			return nil, trust.Rejectf(trust.BadSignature, "its %s has %d bytes, more than %d", name, len(part), recap.MaxSigstoreBundle)
		}
	}
	if len(sig.Signature) == 0 {
		return nil, trust.Rejectf(trust.BadSignature, "it carries no signature")
	}
	s := &Signed{statement: sig.Payload, version: "v0.1", promised: true}
	var err error
	if len(sig.Certificate) > 0 {
		if s.Certificate, err = onlyCertificate(sig.Certificate); err != nil {
			return nil, trust.Rejectf(trust.BadSignature, "its certificate is none: %v", err)
		}
	}
	sum, hash := sha256.Sum256(sig.Payload), "SHA2_256"
	digestOfPayload := sum[:]
	if len(sig.LogEntry) > 0 {
		entry, err := legacyEntry(sig.LogEntry)
		if err != nil {
			return nil, trust.Rejectf(trust.BadSignature, "its log entry is none: %v", err)
		}
		s.entries = []*tlog.Entry{entry}
		// The entry says under which hash it lists the payload. The hash is
		// computed here, so the entry proves what it has to under any.
		if _, algorithm, ok := entry.GetHashedRekordDigest(); ok {
			hash, digestOfPayload = rehash(algorithm, sig.Payload, hash, digestOfPayload)
		}
	}
	if len(sig.Timestamp) > 0 {
		var stamp struct{ SignedRFC3161Timestamp []byte }
		if err := canonical.Unmarshal(sig.Timestamp, &stamp); err != nil {
			return nil, trust.Rejectf(trust.BadSignature, "its timestamp is none: %v", err)
		}
		s.timestamps = [][]byte{stamp.SignedRFC3161Timestamp}
	}
	s.content = library.NewMessageSignature(digestOfPayload, hash, sig.Signature)
	s.matches = func(verifier signature.Verifier) bool {
		return verifier.VerifySignature(bytes.NewReader(sig.Signature), bytes.NewReader(sig.Payload)) == nil
	}
	s.names = func(_ signature.Verifier, d digest.Digest) error {
		if err := sig.Names(d); err != nil {
			return fmt.Errorf("the signed payload: %w", err)
		}
		return nil
	}
	return s, nil
}

// rehash returns the digest of payload under a named hash, or what was given
// for another.
func rehash(algorithm string, payload []byte, name string, sum []byte) (string, []byte) {
	for spelled, h := range map[string]crypto.Hash{"SHA2_384": crypto.SHA384, "SHA2_512": crypto.SHA512} {
		if strings.EqualFold(algorithm, strings.ReplaceAll(spelled, "SHA2_", "sha")) {
			hasher := h.New()
			hasher.Write(payload)
			return spelled, hasher.Sum(nil)
		}
	}
	return name, sum
}

// legacyEntry reads the annotation that cosign kept a log entry in.
func legacyEntry(raw []byte) (*tlog.Entry, error) {
	var kept struct {
		SignedEntryTimestamp []byte
		Payload              struct {
			Body           []byte `json:"body"`
			IntegratedTime int64  `json:"integratedTime"`
			LogIndex       int64  `json:"logIndex"`
			LogID          string `json:"logID"`
		}
	}
	if err := canonical.Unmarshal(raw, &kept); err != nil {
		return nil, err
	}
	id, err := hex.DecodeString(kept.Payload.LogID)
	if err != nil || len(id) != sha256.Size {
		return nil, fmt.Errorf("%q is no id of a log", kept.Payload.LogID)
	}
	if len(kept.SignedEntryTimestamp) == 0 {
		return nil, errors.New("it carries no promise of the log")
	}
	kind, err := entryKind(kept.Payload.Body)
	if err != nil {
		return nil, err
	}
	entry, err := tlog.ParseTransparencyLogEntry(&protorekor.TransparencyLogEntry{
		LogIndex:          kept.Payload.LogIndex,
		LogId:             &protocommon.LogId{KeyId: id},
		KindVersion:       kind,
		IntegratedTime:    kept.Payload.IntegratedTime,
		InclusionPromise:  &protorekor.InclusionPromise{SignedEntryTimestamp: kept.SignedEntryTimestamp},
		CanonicalizedBody: kept.Payload.Body,
	})
	if err != nil {
		return nil, errors.New(phrase.Plain(err))
	}
	return entry, nil
}

// entryKind reads what kind of entry a log's body is.
func entryKind(body []byte) (*protorekor.KindVersion, error) {
	var head struct {
		Kind       string `json:"kind"`
		APIVersion string `json:"apiVersion"`
	}
	if err := canonical.Unmarshal(body, &head); err != nil {
		return nil, err
	}
	if head.Kind != "hashedrekord" || head.APIVersion != "0.0.1" {
		return nil, fmt.Errorf("an entry of kind %q %q; only hashedrekord 0.0.1 is accepted", head.Kind, head.APIVersion)
	}
	return &protorekor.KindVersion{Kind: head.Kind, Version: head.APIVersion}, nil
}

// onlyCertificate returns the certificate in a PEM file of one. A bare public
// key in its place would skip whatever is asked of a certificate.
func onlyCertificate(raw []byte) (*x509.Certificate, error) {
	block, rest := pem.Decode(raw)
	switch {
	case block == nil:
		return nil, errors.New("not PEM")
	case block.Type != "CERTIFICATE":
		return nil, fmt.Errorf("a PEM block of type %q", block.Type)
	}
	if second, _ := pem.Decode(rest); second != nil {
		return nil, errors.New("several PEM blocks; one is expected")
	}
	return bundle.ParseCertificate(block.Bytes)
}
