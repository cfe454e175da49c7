// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
)

func TestStatementSubjectLimit(t *testing.T) {
	d := digest.FromString("x")
	for _, n := range []int{maxSubjects, maxSubjects + 1} {
		subject := `{"digest":{"sha256":"` + d.Encoded() + `"}}`
		raw := fmt.Sprintf(`{"_type":%q,"predicateType":"x","subject":[%s]}`, statementV1, strings.Repeat(subject+",", n-1)+subject)
		if s, err := parseStatement([]byte(raw)); (err == nil) != (n == maxSubjects) || (err == nil) != s.names(d) {
			t.Errorf("%d subjects: got error %v", n, err)
		}
	}
}

// FuzzStatement holds that a statement that names a digest says so in the one
// reading that every JSON parser has, too.
func FuzzStatement(f *testing.F) {
	d := digest.FromString("x")
	good, err := newStatement(d, SignPredicate())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte(strings.Replace(string(good), statementV1, statementV01, 1)))
	f.Add([]byte(strings.Replace(string(good), `"subject"`, `"Subject"`, 1)))
	f.Add([]byte(strings.Replace(string(good), `"predicate":{}`, `"predicate":{},"subject":[]`, 1)))
	f.Add([]byte(`{"_type":"https://in-toto.io/Statement/v1","subject":[null],"predicateType":"x"}`))
	f.Add([]byte(`{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":null}],"predicateType":"x"}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		s, err := parseStatement(raw)
		if err != nil || !s.names(d) {
			return
		}
		var other map[string]any
		if err := json.Unmarshal(raw, &other); err != nil {
			t.Fatalf("accepted what isn't JSON: %v", err)
		}
		if other["_type"] != s.Type || other["predicateType"] != s.PredicateType || !strings.Contains(fmt.Sprint(other["subject"]), d.Encoded()) {
			t.Errorf("two readings of %s", raw)
		}
	})
}

// FuzzSimpleSigning holds the same of the payload that cosign signed before
// version 3.
func FuzzSimpleSigning(f *testing.F) {
	d := digest.FromString("x")
	good := `{"critical":{"identity":{"docker-reference":"x"},"image":{"docker-manifest-digest":"` + d.String() + `"},"type":"cosign container image signature"},"optional":null}`
	if err := (LegacySignature{Payload: []byte(good)}).Names(d); err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(good))
	f.Add([]byte(strings.Replace(good, `"critical"`, `"Critical"`, 1)))
	f.Add([]byte(strings.Replace(good, `"type"`, `"type":"x","type"`, 1)))
	f.Add([]byte(strings.Replace(good, `"optional":null`, `"critical":{}`, 1)))
	f.Add([]byte(`{"critical":null}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if (LegacySignature{Payload: raw}).Names(d) != nil {
			return
		}
		var other map[string]any
		if err := json.Unmarshal(raw, &other); err != nil {
			t.Fatalf("accepted what isn't JSON: %v", err)
		}
		critical, _ := other["critical"].(map[string]any)
		image, _ := critical["image"].(map[string]any)
		if image["docker-manifest-digest"] != d.String() || critical["type"] != simpleSigning {
			t.Errorf("two readings of %s", raw)
		}
	})
}
