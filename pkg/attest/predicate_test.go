// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package attest_test

import (
	"errors"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/recap-oci/recap/pkg/attest"
	"github.com/recap-oci/recap/pkg/recap"
)

func TestPredicateType(t *testing.T) {
	for _, tt := range []struct{ name, want string }{
		{"provenance", "https://slsa.dev/provenance/v1"},
		{"slsaprovenance1", "https://slsa.dev/provenance/v1"},
		{"sbom", "https://cyclonedx.org/bom"},
		{"cyclonedx", "https://cyclonedx.org/bom"},
		{"spdxjson", "https://spdx.dev/Document"},
		{"openvex", "https://openvex.dev/ns"},
		{"vuln", "https://cosign.sigstore.dev/attestation/vuln/v1"},
		{"https://example.com/review/v1", "https://example.com/review/v1"},
		{"urn:example:review", "urn:example:review"},
	} {
		got, err := attest.PredicateType(tt.name)
		if err != nil || got != tt.want {
			t.Errorf("%s: %q, %v; want %q", tt.name, got, err, tt.want)
		}
	}
	for _, name := range []string{"", "Provenance", "slsa", "custom", "./file", "/x", "https:", "https://", "https://exa mple.com", "https://example.com/a b", "https://x\n", "https://example.com/\u202e", strings.Repeat("https://x", 200)} {
		_, err := attest.PredicateType(name)
		refused(t, err, recap.Usage, "bad-predicate-type")
	}
}

func TestReadPredicate(t *testing.T) {
	const limit = 11 << 16
	object := func(size int) string { return `{"a":"` + strings.Repeat("x", size-8) + `"}` }
	for _, tt := range []struct{ name, text string }{
		{"empty object", "{}"},
		{"white space around", "\n {\"a\": [1, null]} \n"},
		{"as large as may be", object(limit)},
		{"a predicate with a predicateType", `{"predicateType":"x"}`},
	} {
		p, err := attest.ReadPredicate("https://example.com/x", strings.NewReader(tt.text))
		if err != nil || p.Type != "https://example.com/x" || string(p.JSON) != tt.text {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
	for _, tt := range []struct {
		name, text string
		kind       recap.Kind
		code       string
	}{
		{"nothing", "", recap.Usage, "bad-predicate"},
		{"null", "null", recap.Usage, "bad-predicate"},
		{"a list", "[]", recap.Usage, "bad-predicate"},
		{"text", `"x"`, recap.Usage, "bad-predicate"},
		{"YAML", "a: b", recap.Usage, "bad-predicate"},
		{"two objects", "{}{}", recap.Usage, "bad-predicate"},
		{"a key twice", `{"a":1,"a":2}`, recap.Usage, "bad-predicate"},
		{"keys that differ by case", `{"a":1,"A":2}`, recap.Usage, "bad-predicate"},
		{"not UTF-8", "{\"a\":\"\xff\"}", recap.Usage, "bad-predicate"},
		{"byte order mark", "\ufeff{}", recap.Usage, "bad-predicate"},
		{"deep", strings.Repeat(`{"a":`, 100) + "1" + strings.Repeat("}", 100), recap.Usage, "bad-predicate"},
		{"a whole statement", `{"_type":"https://in-toto.io/Statement/v1","subject":[],"predicateType":"x","predicate":{}}`, recap.Usage, "bad-predicate"},
		{"one byte too many", object(limit + 1), recap.Unsafe, "too-large"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := attest.ReadPredicate("https://example.com/x", strings.NewReader(tt.text))
			refused(t, err, tt.kind, tt.code, "https://example.com/x")
		})
	}
	broken := errors.New("broken")
	if _, err := attest.ReadPredicate("x", iotest.ErrReader(broken)); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}

func FuzzReadPredicate(f *testing.F) {
	f.Add(`{"a":1}`)
	f.Add(`{"_type":"x","predicateType":"y"}`)
	f.Fuzz(func(t *testing.T, text string) {
		p, err := attest.ReadPredicate("x", strings.NewReader(text))
		if err != nil {
			return
		}
		if _, ok := decode(t, p.JSON).(map[string]any); !ok {
			t.Errorf("%q was taken", text)
		}
	})
}
