// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/opencontainers/go-digest"

	"github.com/recap-oci/recap/pkg/internal/canonical"
)

// The versions of in-toto's statement. cosign signs with the first and attests
// with the second.
// https://github.com/in-toto/attestation/blob/v1.1.2/spec/v1/statement.md
const (
	statementV1  = "https://in-toto.io/Statement/v1"
	statementV01 = "https://in-toto.io/Statement/v0.1"
)

// maxSubjects bounds the subjects of one statement: each is compared with the
// digest, and a bundle of 1 MiB could name thousands.
const maxSubjects = 1024

// statement is the part of an in-toto statement that a decision needs.
type statement struct {
	Type          string          `json:"_type"`
	Subject       []subject       `json:"subject"`
	PredicateType string          `json:"predicateType"`
	Predicate     json.RawMessage `json:"predicate"`
}

type subject struct {
	Digest      map[string]string `json:"digest"`
	Annotations map[string]any    `json:"annotations"`
}

// newStatement returns the statement that says p about d, in the shape of those
// that cosign v3 signs: the subject has annotations and no name.
func newStatement(d digest.Digest, p Predicate) ([]byte, error) {
	var object map[string]any
	if err := canonical.Unmarshal(p.JSON, &object); err != nil {
		return nil, err
	}
	if object == nil {
		return nil, errors.New("a predicate is a JSON object, not null")
	}
	return canonical.Marshal(statement{
		Type:          statementV1,
		Subject:       []subject{{Digest: map[string]string{string(d.Algorithm()): d.Encoded()}, Annotations: map[string]any{}}},
		PredicateType: p.Type,
		Predicate:     p.JSON,
	})
}

// parseStatement parses a signed payload. JSON with two readings, such as a
// subject given twice, is refused: a signature over it has two meanings.
func parseStatement(raw []byte) (statement, error) {
	var s statement
	if err := canonical.Unmarshal(raw, &s); err != nil {
		return statement{}, err
	}
	switch {
	case s.Type != statementV1 && s.Type != statementV01:
		return statement{}, fmt.Errorf("a statement of type %q, not in-toto's v1 or v0.1", s.Type)
	case s.PredicateType == "":
		return statement{}, fmt.Errorf("a statement without a predicate type")
	case len(s.Subject) == 0:
		return statement{}, fmt.Errorf("a statement about nothing: it has no subject")
	case len(s.Subject) > maxSubjects:
		return statement{}, fmt.Errorf("a statement about %d subjects, more than %d", len(s.Subject), maxSubjects)
	}
	return s, nil
}

// CheckStatement returns why a signed payload is no in-toto statement about d, or
// nil when it is one. A [Verifier] asks it of what was signed.
func CheckStatement(payload []byte, d digest.Digest) error {
	s, err := parseStatement(payload)
	if err == nil && !s.names(d) {
		err = errors.New("the statement is about another digest, or spells it in another way")
	}
	return err
}

// names reports whether d is one of the statement's subjects. Digests are
// compared as spelt, and only under their own algorithm: another spelling of
// the same digest isn't one anybody signs.
func (s statement) names(d digest.Digest) bool {
	for _, subject := range s.Subject {
		if subject.Digest[string(d.Algorithm())] == d.Encoded() {
			return true
		}
	}
	return false
}
