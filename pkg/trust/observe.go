// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"context"
	"fmt"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"

	"github.com/recap-oci/recap/pkg/policy"
)

// Observe examines the referrers of root in src and reports who signed it by
// certificate, whoever that is: what a user is shown before a rule for them is
// written. It decides nothing, so the verdict is [VerdictObserved] and nobody
// is an authority. Signatures that v finds genuine have the outcome [Verified],
// with their certificate; signatures by bare keys, which say nothing about
// whose they are, are [WrongSigner].
//
// Errors are those of [Gate.Admit] about not having been able to ask; that
// nobody signed is none.
func Observe(ctx context.Context, src content.ReadOnlyGraphStorage, root ocispec.Descriptor, v Verifier) (Report, error) {
	report := Report{Digest: root.Digest, Verdict: VerdictObserved, Signatures: []SignatureReport{}}
	if err := checkRoot(root); err != nil {
		return Report{}, err
	}
	e, err := newExaminer(src, v, root, []policy.Authority{{Name: "anybody", Keyless: &policy.Keyless{}}})
	if err != nil {
		return Report{}, err
	}
	e.anybody = true
	list, err := listReferrers(ctx, src, root)
	if err != nil {
		return Report{}, err
	}
	found, err := e.all(ctx, list)
	if err != nil {
		return Report{}, err
	}
	for _, c := range found.candidates {
		if c.trouble != nil {
			return Report{}, fmt.Errorf("%s: signature %s could not be verified: %w", root.Digest, c.report.Digest, c.trouble)
		}
	}
	report.Signatures = found.reports()
	return report, nil
}
