// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package policy_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/recap-oci/recap/pkg/policy"
	"github.com/recap-oci/recap/pkg/recap"
)

// TestParseManyProblems holds that a hostile file makes no endless list.
func TestParseManyProblems(t *testing.T) {
	text := head + ci
	for i := range 5000 {
		text += fmt.Sprintf("x%d: 1\n", i)
	}
	believed, problems := policy.Parse(policyPath, []byte(text), nil)
	if believed != nil || len(problems) != 100 {
		t.Errorf("%d problems, want 100", len(problems))
	}
	// Rules that all might collide are given up on, not compared for hours.
	text = "apiVersion: recap/v1\nkind: TrustPolicy\npolicies:\n"
	for i := range 900 {
		text += fmt.Sprintf("- {name: r%d, scopes: ['**%sx%d'], authorities: [{name: a, key: {kms: 'k://k'}}]}\n", i, strings.Repeat("a*", 200), i)
	}
	believed, problems = policy.Parse(policyPath, []byte(text), nil)
	if believed != nil || !strings.Contains(problems[len(problems)-1].Message, "too many scopes begin with") {
		t.Errorf("got %d problems, the last: %v", len(problems), problems[len(problems)-1])
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"", head + ci + security + dana, head + subjects(".*") + second, head + ci + "  mirrorOf: registry.example.org/team/**\n" + second,
		head + ci + "trustedRoot: {tuf: {mirror: https://tuf.example.com, root: r.json}}\n", head + subjects("((a{3}|b)*c)+"), head + "  - ci\n" + require(ci, "tlog: x") + "  threshold: [1]\n  attestations: [1, {authorities: [2, ci]}]\n", "{apiVersion: recap/v1, policies: [{}]}",
		head + "  - {name: s, key: {data: \"-----BEGIN PUBLIC KEY-----\\nAAAA\\n-----END PUBLIC KEY-----\\n\", validFrom: 2026-01-01}}\n",
	} {
		f.Add([]byte(seed))
	}
	keys := newPEMs(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		believed, problems := policy.Parse(policyPath, data, keys.read)
		failed := false
		for _, p := range problems {
			failed = failed || p.Severity == recap.SeverityError
			if strings.Contains(p.Mend, "bug") || p.Line < 1 || p.Col < 1 || p.Message == "" {
				t.Errorf("a problem without place or words, or a bug: %+v", p)
			}
		}
		if failed != (believed == nil) {
			t.Fatalf("a policy: %v, errors: %v", believed != nil, problems)
		}
		if believed == nil {
			return
		}
		if err := believed.Check(); err != nil {
			t.Errorf("what was loaded doesn't pass: %v", err)
		}
		if _, _, err := believed.Match("registry.example.com/team/x"); err != nil && !errors.Is(err, policy.ErrNoRule) {
			t.Errorf("what was loaded has no answer: %v", err)
		}
		for _, r := range believed.Rules {
			if len(r.Plain()) == 0 {
				t.Errorf("no words for %+v", r)
			}
		}
	})
}
