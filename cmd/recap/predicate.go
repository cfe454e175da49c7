// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/recap-oci/recap/pkg/attest"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/trust"
)

// predicate returns what --attest asks to be stated about made.
func (e *env) predicate(ctx context.Context, wanted string, made *product) (trust.Predicate, error) {
	kind, path, fromFile := strings.Cut(wanted, "=")
	if fromFile {
		return readPredicate(kind, path)
	}
	switch kind {
	case "provenance":
		ci, _ := attest.DetectCI(e.lookup)
		return attest.Provenance(ci, attest.ProvenanceOptions{Inputs: made.inputs, Args: append([]string{"recap"}, os.Args[1:]...), RecapVersion: builtFrom().Version})
	case "sbom":
		return made.bill(ctx)
	}
	if _, err := attest.PredicateType(kind); err != nil {
		return trust.Predicate{}, fmt.Errorf("--attest: %w", err)
	}
	return trust.Predicate{}, recap.Errorf(recap.Usage, "bad-predicate-type", "--attest %s: recap makes provenance and sbom itself; other statements come from a file", wanted).
		WithHint("--attest %s=FILE.json", wanted)
}

// bill returns the bill of materials of a recap, or of a pack with all members.
func (p *product) bill(ctx context.Context) (trust.Predicate, error) {
	opts := attest.BillOptions{Version: p.version, RecapVersion: builtFrom().Version}
	whole := p.graph.Pack()
	if whole == nil {
		return attest.BillOfMaterials(p.graph.Recap(), opts)
	}
	var members []*recap.Recap
	for _, row := range whole.Meta.Members {
		member, err := whole.Open(ctx, p.graph, row.Slug)
		if err != nil {
			return trust.Predicate{}, err
		}
		members = append(members, member.Recap)
	}
	return attest.PackBillOfMaterials(whole.Meta, members, opts)
}

// readPredicate reads what an attestation of that type states.
func readPredicate(kind, path string) (trust.Predicate, error) {
	predicateType, err := attest.PredicateType(kind)
	if err != nil {
		return trust.Predicate{}, err
	}
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return trust.Predicate{}, recap.Errorf(recap.NotFound, "no-predicate", "there is no %s", path).WithHint("it has to hold the JSON object that is stated")
	}
	if err != nil {
		return trust.Predicate{}, recap.Errorf(recap.Local, "io", "reading what is stated: %w", err)
	}
	defer file.Close()
	p, err := attest.ReadPredicate(predicateType, file)
	if err != nil {
		return p, fmt.Errorf("%s: %w", path, err)
	}
	return p, nil
}
