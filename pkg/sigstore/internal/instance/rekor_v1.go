// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package instance

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	protorekor "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"

	"github.com/recap-oci/recap/pkg/sigstore/internal/bundle"
	"github.com/recap-oci/recap/pkg/sigstore/internal/phrase"
	"github.com/recap-oci/recap/pkg/sigstore/internal/service"
)

// entryV1 is an entry as version 1 returns it.
// https://github.com/sigstore/rekor/blob/v1.5.3/openapi.yaml
type entryV1 struct {
	Body           []byte `json:"body"`
	IntegratedTime int64  `json:"integratedTime"`
	LogID          string `json:"logID"`
	LogIndex       int64  `json:"logIndex"`
	Verification   struct {
		InclusionProof struct {
			Checkpoint string   `json:"checkpoint"`
			Hashes     []string `json:"hashes"`
			LogIndex   int64    `json:"logIndex"`
			RootHash   string   `json:"rootHash"`
			TreeSize   int64    `json:"treeSize"`
		} `json:"inclusionProof"`
		SignedEntryTimestamp []byte `json:"signedEntryTimestamp"`
	} `json:"verification"`
}

// enterV1 makes an entry of type dsse.
func enterV1(ctx context.Context, c *service.Caller, addresses Choice, s Signed) (*protorekor.TransparencyLogEntry, error) {
	verifier, err := s.verifier()
	if err != nil {
		return nil, err
	}
	envelope, err := json.Marshal(map[string]any{
		"payload":     s.Statement,
		"payloadType": bundle.PayloadType,
		"signatures":  []any{map[string][]byte{"sig": s.sig}},
	})
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(map[string]any{
		"apiVersion": "0.0.1",
		"kind":       "dsse",
		"spec":       map[string]any{"proposedContent": map[string]any{"envelope": string(envelope), "verifiers": [][]byte{verifier}}},
	})
	if err != nil {
		return nil, err
	}
	const path = "/api/v1/log/entries"
	got, err := c.Ask(ctx, rekorRequest(addresses, path, body))
	if err != nil {
		return nil, err
	}
	if got.Status == http.StatusConflict {
		// An answer to this very request got lost: the entry is there.
		id := entryID(got)
		if id == "" {
			return nil, fmt.Errorf("%s at %s: %w", rekorService, service.PlainAddress(got.URL), errLogged)
		}
		got, err = c.Ask(ctx, service.Request{Service: rekorService, URLs: []string{got.URL + "/" + id}, Method: http.MethodGet, Header: service.AcceptJSON()})
		if err != nil {
			return nil, err
		}
	}
	var list map[string]entryV1
	if err := json.Unmarshal(got.Body, &list); err != nil {
		return nil, service.BadAnswer(rekorService, got.URL, "its answer is no log entry: %s", phrase.Short(err.Error()))
	}
	if len(list) != 1 {
		return nil, service.BadAnswer(rekorService, got.URL, "its answer has %d log entries, not one", len(list))
	}
	for _, entry := range list {
		logged, err := entry.proto()
		if err == nil {
			err = checkEntry(logged, s.sig)
		}
		if err != nil {
			return nil, service.BadAnswer(rekorService, got.URL, "%w", err)
		}
		return logged, nil
	}
	return nil, nil
}

// entryID returns the name of the entry that a conflict is with: the last part
// of the address that the log gives. The rest of it is not looked at.
func entryID(got service.Answer) string {
	location := got.Header.Get("Location")
	id := location[strings.LastIndexByte(location, '/')+1:]
	if strings.Trim(id, "0123456789abcdef") != "" {
		return ""
	}
	return id
}

// proto returns the entry in the form that bundles have it in.
func (e entryV1) proto() (*protorekor.TransparencyLogEntry, error) {
	var kind struct {
		Kind    string `json:"kind"`
		Version string `json:"apiVersion"`
	}
	if err := json.Unmarshal(e.Body, &kind); err != nil {
		return nil, errors.New("its log entry doesn't say of what kind it is")
	}
	logID, err := hex.DecodeString(e.LogID)
	if err != nil {
		return nil, errors.New("its log entry has a log id that is none")
	}
	proof := e.Verification.InclusionProof
	rootHash, err := hex.DecodeString(proof.RootHash)
	if err != nil {
		return nil, errors.New("its log entry has a root hash that is none")
	}
	var hashes [][]byte
	for _, text := range proof.Hashes {
		hash, err := hex.DecodeString(text)
		if err != nil {
			return nil, errors.New("its log entry has an inclusion proof that is none")
		}
		hashes = append(hashes, hash)
	}
	return &protorekor.TransparencyLogEntry{
		LogIndex:         e.LogIndex,
		LogId:            &protocommon.LogId{KeyId: logID},
		KindVersion:      &protorekor.KindVersion{Kind: kind.Kind, Version: kind.Version},
		IntegratedTime:   e.IntegratedTime,
		InclusionPromise: &protorekor.InclusionPromise{SignedEntryTimestamp: e.Verification.SignedEntryTimestamp},
		InclusionProof: &protorekor.InclusionProof{
			LogIndex:   proof.LogIndex,
			RootHash:   rootHash,
			TreeSize:   proof.TreeSize,
			Hashes:     hashes,
			Checkpoint: &protorekor.Checkpoint{Envelope: proof.Checkpoint},
		},
		CanonicalizedBody: e.Body,
	}, nil
}
