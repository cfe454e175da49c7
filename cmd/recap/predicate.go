// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/recap-oci/recap/pkg/artifact"
	"github.com/recap-oci/recap/pkg/attest"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/trust"
)

// predicate returns what --attest asks to be stated about graph.
func (e *env) predicate(wanted string, graph *artifact.Graph, version string) (trust.Predicate, error) {
	kind, path, fromFile := strings.Cut(wanted, "=")
	if fromFile {
		return readPredicate(kind, path)
	}
	switch kind {
	case "provenance":
		ci, _ := attest.DetectCI(e.lookup)
		return attest.Provenance(ci, attest.ProvenanceOptions{RecapVersion: builtFrom().Version})
	case "sbom":
		return attest.BillOfMaterials(graph.Recap(), attest.BillOptions{Version: version, RecapVersion: builtFrom().Version})
	}
	return trust.Predicate{}, recap.Errorf(recap.Usage, "bad-predicate-type", "--attest %s: recap makes provenance and sbom itself; other statements come from a file", wanted).
		WithHint("--attest %s=FILE.json", wanted)
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
