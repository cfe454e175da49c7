// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"context"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"
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
	list, err := listReferrers(ctx, src, root)
	if err != nil {
		return Report{}, err
	}
	e := &examiner{src: src, verifier: v, authorities: []Authority{{Name: "anybody", Keyless: &Keyless{}}}, root: root}
	report.Signatures, err = e.all(ctx, list)
	return report, err
}
