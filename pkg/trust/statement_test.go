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
