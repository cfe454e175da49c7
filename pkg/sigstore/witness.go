// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package sigstore

import (
	"context"

	protorekor "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"

	"github.com/recap-oci/recap/pkg/internal/tasks"
	"github.com/recap-oci/recap/pkg/policy"
)

// witnesses are the logs and timestamp authorities that attest signatures.
type witnesses struct {
	caller   *caller
	services services
}

// ask has every witness attest a signature, all at the same time.
func (w *witnesses) ask(ctx context.Context, s signedStatement) ([]*protorekor.TransparencyLogEntry, [][]byte, error) {
	entries := make([]*protorekor.TransparencyLogEntry, len(w.services.logs))
	stamps := make([][]byte, len(w.services.timestamps))
	group, ctx := tasks.WithContext(ctx)
	for i, addresses := range w.services.logs {
		group.Go(func() (err error) {
			entries[i], err = enter(ctx, w.caller, addresses, w.services.logVersion, s)
			return err
		})
	}
	for i, addresses := range w.services.timestamps {
		group.Go(func() (err error) {
			stamps[i], err = stamp(ctx, w.caller, addresses, s.sig)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, nil, err
	}
	return entries, stamps, nil
}

// require returns the evidence that signatures will carry, one of each kind
// that there are witnesses of.
func (w *witnesses) require() policy.Require {
	var require policy.Require
	if len(w.services.logs) > 0 {
		require.TLog = 1
	}
	// Version 1 of the log states a time too, but a key's signature needs none.
	if len(w.services.timestamps) > 0 {
		require.Timestamps = 1
	}
	return require
}
