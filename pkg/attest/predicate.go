// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package attest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"

	"github.com/recap-oci/recap/pkg/internal/canonical"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/trust"
)

// The types of the predicates that this package makes.
const (
	TypeProvenance = "https://slsa.dev/provenance/v1"
	TypeBill       = "https://cyclonedx.org/bom"
)

// maxPredicate is how large a predicate may be, in bytes. In base64, with
// certificate, log entries and timestamps around it, it has to fit into a
// Sigstore bundle that anybody reads.
const maxPredicate = recap.MaxSigstoreBundle * 11 / 16

// names are short names of predicate types: recap's own two, and those that
// cosign's users know for types that are current.
var names = [][2]string{
	{"provenance", TypeProvenance},
	{"sbom", TypeBill},
	{"cyclonedx", TypeBill},
	{"openvex", "https://openvex.dev/ns"},
	{"slsaprovenance1", TypeProvenance},
	{"spdxjson", "https://spdx.dev/Document"},
	{"vuln", "https://cosign.sigstore.dev/attestation/vuln/v1"},
}

// PredicateType returns the type that name is short for, or name itself when it
// is a URI. The error is recap.Usage bad-predicate-type.
func PredicateType(name string) (string, error) {
	for _, n := range names {
		if n[0] == name {
			return n[1], nil
		}
	}
	u, err := url.Parse(name)
	if err == nil && u.IsAbs() && (u.Host != "" || u.Opaque != "") && checkText(name) == nil && !strings.Contains(name, " ") {
		return name, nil
	}
	return "", recap.Errorf(recap.Usage, "bad-predicate-type", "%.100q is no type of statement", name).
		WithHint("give a URI, or one of %s", strings.Join(shortNames(), ", "))
}

// shortNames returns the names that PredicateType knows, sorted.
func shortNames() []string {
	var list []string
	for _, n := range names {
		list = append(list, n[0])
	}
	slices.Sort(list)
	return list
}

// ReadPredicate reads a predicate that somebody else made: one JSON object with
// one meaning. What it says is not looked at.
//
// Errors: recap.Usage bad-predicate for anything else, recap.Unsafe too-large
// for more than a signature can carry, and what r returns.
func ReadPredicate(predicateType string, r io.Reader) (trust.Predicate, error) {
	raw, err := io.ReadAll(io.LimitReader(r, maxPredicate+1))
	if err != nil {
		return trust.Predicate{}, fmt.Errorf("reading a statement of type %s: %w", predicateType, err)
	}
	if err := checkSize(predicateType, int64(len(raw))); err != nil {
		return trust.Predicate{}, err
	}
	var object map[string]json.RawMessage
	if err := canonical.Unmarshal(raw, &object); err != nil {
		return trust.Predicate{}, badPredicate(predicateType, err)
	}
	if object == nil {
		return trust.Predicate{}, badPredicate(predicateType, errors.New("it is null"))
	}
	if _, statement := object["predicateType"]; statement && object["_type"] != nil {
		return trust.Predicate{}, badPredicate(predicateType, errors.New("it is a whole in-toto statement")).
			WithHint("give what stands under its predicate alone: jq .predicate FILE")
	}
	return trust.Predicate{Type: predicateType, JSON: raw}, nil
}

func badPredicate(predicateType string, err error) *recap.Error {
	return recap.Errorf(recap.Usage, "bad-predicate", "a statement of type %s can't be read: %w", predicateType, err).
		WithHint("it has to be one JSON object")
}

func checkSize(predicateType string, size int64) error {
	if size <= maxPredicate {
		return nil
	}
	return recap.Errorf(recap.Unsafe, "too-large", "a statement of type %s has %d bytes or more, and a signature carries at most %d", predicateType, size, maxPredicate).
		WithHint("state less, or attach it as an artifact of its own")
}
