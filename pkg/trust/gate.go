// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"context"
	"errors"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"
)

// Gate admits digests under a policy. It is safe for concurrent use.
type Gate struct {
	policy   *Policy
	verifier Verifier
}

// NewGate returns a gate that admits what p allows and v can verify. A policy
// without rules is valid and refuses everything with ErrNoRule. It refuses a
// policy that makes no sense with recap.Usage.
func NewGate(p *Policy, v Verifier) (*Gate, error) {
	return &Gate{policy: p, verifier: v}, nil
}

// Request is what the user asked for.
type Request struct {
	Name string // host/repository as typed, or oci-layout:path; rules are chosen by it
	Tag  string // as typed; empty when the user wrote the digest
	Root ocispec.Descriptor
}

// Admit examines the referrers of req.Root in src and admits the root when the
// policy's rule for req.Name is satisfied. src must list referrers (be a
// registry.ReferrerLister). A refusal is a *[RefusedError].
func (g *Gate) Admit(ctx context.Context, src content.ReadOnlyGraphStorage, req Request) (*Admitted, error) {
	return nil, errors.New("not yet")
}
