// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package instance

import (
	"bytes"
	"context"
	"errors"

	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	protorekor "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"

	"github.com/recap-oci/recap/pkg/internal/tasks"
	"github.com/recap-oci/recap/pkg/policy"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/sigstore/internal/service"
)

// Witnesses are the logs and timestamp authorities that attest signatures.
type Witnesses struct {
	Caller   *service.Caller
	Services Services
}

// ask has every witness attest a signature, all at the same time.
func (w *Witnesses) ask(ctx context.Context, s Signed) ([]*protorekor.TransparencyLogEntry, [][]byte, error) {
	entries := make([]*protorekor.TransparencyLogEntry, len(w.Services.Logs))
	stamps := make([][]byte, len(w.Services.Timestamps))
	group, ctx := tasks.WithContext(ctx)
	for i, addresses := range w.Services.Logs {
		group.Go(func() (err error) {
			entries[i], err = enter(ctx, w.Caller, addresses, w.Services.LogVersion, s)
			return err
		})
	}
	for i, addresses := range w.Services.Timestamps {
		group.Go(func() (err error) {
			stamps[i], err = stamp(ctx, w.Caller, addresses, s.sig)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, nil, err
	}
	return entries, stamps, nil
}

// Require returns the evidence that signatures will carry, one of each kind
// that there are witnesses of.
func (w *Witnesses) Require() policy.Require {
	var require policy.Require
	if len(w.Services.Logs) > 0 {
		require.TLog = 1
	}
	// Version 1 of the log states a time too, but a key's signature needs none.
	if len(w.Services.Timestamps) > 0 {
		require.Timestamps = 1
	}
	return require
}

// maxResigning is how often a signature is made anew because a log has it
// already, which says that an answer got lost. More often, somebody is lying.
const maxResigning = 3

// Attest signs s, has every witness attest the signature, adds what they say
// to material, and returns the signature. Sign is asked again if a log has the
// signature already and can't give out the entry. A nil w has no witnesses.
func (w *Witnesses) Attest(ctx context.Context, material *protobundle.VerificationMaterial, s Signed, sign func() ([]byte, error)) ([]byte, error) {
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
			return nil, recap.Errorf(recap.Unavailable, "log-conflict", "%w, after each of %d new ones", err, maxResigning).WithHint(service.LaterHint)
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
