// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package trust

import (
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/recap-oci/recap/pkg/recap"
)

// Admitted is a root digest that may be used, and why. Only this package makes
// one; nil and the zero value are refused by [Admitted.Check], which everything
// that takes an *Admitted calls first. It never changes and may be shared.
type Admitted struct {
	root   ocispec.Descriptor
	report Report
}

// OwnSource admits a root that this process built from files the user named:
// there is nobody else whose word it could take.
func OwnSource(root ocispec.Descriptor) *Admitted {
	return admit(root, Report{Digest: root.Digest, Verdict: VerdictOwnSource, Signatures: []SignatureReport{}})
}

// UnverifiedUnsafe admits a root that nobody looked at, because the user spelt
// out that they want it all the same. What uses it must say so.
func UnverifiedUnsafe(root ocispec.Descriptor) *Admitted {
	return admit(root, Report{Digest: root.Digest, Verdict: VerdictUnverified, Signatures: []SignatureReport{}})
}

func admit(root ocispec.Descriptor, report Report) *Admitted {
	// Only what identifies the content: annotations and data of the
	// descriptor came from wherever the root was resolved, and nobody
	// vouched for them.
	return &Admitted{
		root:   ocispec.Descriptor{MediaType: root.MediaType, Digest: root.Digest, Size: root.Size},
		report: report,
	}
}

// Check returns nil when a was made by this package for a root with a valid
// digest, else an error of kind recap.Untrusted with code not-admitted.
func (a *Admitted) Check() error {
	if err := a.Root().Digest.Validate(); err != nil {
		return recap.Errorf(recap.Untrusted, "not-admitted", "using content that nobody admitted: digest %q: %w", a.Root().Digest, err)
	}
	return nil
}

// Root returns the descriptor of what was admitted: media type, digest, size.
// It is empty when a is nil.
func (a *Admitted) Root() ocispec.Descriptor {
	if a == nil {
		return ocispec.Descriptor{}
	}
	return a.root
}

// Report returns what was found. It is empty when a is nil.
func (a *Admitted) Report() Report {
	if a == nil {
		return Report{}
	}
	return a.report.clone()
}

// Verified reports whether signatures satisfied an enforcing rule: false for
// nil, for a rule that only warned, for OwnSource and for UnverifiedUnsafe.
func (a *Admitted) Verified() bool {
	return a.Check() == nil && a.report.Verdict == VerdictVerified
}
