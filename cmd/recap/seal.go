// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"

	"github.com/spf13/pflag"

	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/transfer"
	"github.com/recap-oci/recap/pkg/trust"
)

// sealFlags say what a push adds to the content before any tag moves.
type sealFlags struct {
	signFlags
	sign    bool
	attests []string
}

func (f *sealFlags) register(flags *pflag.FlagSet) {
	flags.BoolVar(&f.sign, "sign", false, "sign what is pushed, before any tag moves")
	flags.StringArrayVar(&f.attests, "attest", nil, "attest to it too: provenance, sbom, or `TYPE=FILE`")
	f.signFlags.register(flags)
}

// check refuses what makes no sense before anything is built.
func (f *sealFlags) check() error {
	given := f.given()
	if len(f.attests) > 0 {
		given = "--attest"
	}
	if given != "" && !f.sign {
		return recap.Errorf(recap.Usage, "usage", "%s without --sign", given).WithHint("add --sign")
	}
	return nil
}

// sealer returns the seal of a push: a signature and attestations, or none,
// which is said aloud because consumers will be refused.
func (f *sealFlags) sealer(ctx context.Context, e *env, made *product) (transfer.Sealer, error) {
	if !f.sign {
		return transfer.Unsigned{}, nil
	}
	predicates := []trust.Predicate{trust.SignPredicate()}
	for _, wanted := range f.attests {
		predicate, err := e.predicate(ctx, wanted, made)
		if err != nil {
			return nil, err
		}
		predicates = append(predicates, predicate)
	}
	return f.signFlags.sealer(ctx, e, predicates...)
}
